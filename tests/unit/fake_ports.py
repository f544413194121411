"""All three ports of `issuing` in one object that writes down, in order, what it is asked."""

from dataclasses import dataclass, field
from typing import TypeVar

from live_tokens.issuing import ApiKey, Caller, LiveToken, Profile, TokenIssuer
from unit.made_up import CALLER, KEY, LIVE_TOKEN, NEW_KEY, PROFILE

Noun = TypeVar("Noun")


@dataclass
class FakePorts:
    """An `Identity`, `ApiKeys` and `Minter` whose outcomes are chosen beforehand: a noun, or an error to raise.

    Attributes:
        caller: outcome of `verify`.
        key: outcome of `current`.
        replacement: outcome of `replacement_for`.
        mints: outcomes of `mint`, one after the other.
        calls: what was asked, in order.
        verified: the ID tokens that came.
        refused: the keys that a replacement was asked for.
        minted: the arguments of each `mint`.
    """

    caller: Caller | Exception = CALLER
    key: ApiKey | Exception = KEY
    replacement: ApiKey | Exception = NEW_KEY
    mints: tuple[LiveToken | Exception, ...] = (LIVE_TOKEN,)
    calls: list[str] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    refused: list[ApiKey] = field(default_factory=list)
    minted: list[tuple[ApiKey, Profile, str | None]] = field(default_factory=list)

    def issuer(self) -> TokenIssuer:
        return TokenIssuer(identity=self, profiles={PROFILE.name: PROFILE}, api_keys=self, minter=self)

    def verify(self, id_token: str) -> Caller:
        self.calls.append("verify")
        self.verified.append(id_token)
        return _come_to(self.caller)

    def current(self) -> ApiKey:
        self.calls.append("read key")
        return _come_to(self.key)

    def replacement_for(self, refused: ApiKey) -> ApiKey:
        self.calls.append("read key again")
        self.refused.append(refused)
        return _come_to(self.replacement)

    def mint(self, key: ApiKey, profile: Profile, resumption_handle: str | None) -> LiveToken:
        self.calls.append("mint")
        self.minted.append((key, profile, resumption_handle))
        return _come_to(self.mints[len(self.minted) - 1])


def _come_to(outcome: Noun | Exception) -> Noun:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
