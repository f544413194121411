"""All ports of `issuing` in one object that writes down, in order, what it is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from function.made_up import CALLER, KEY, LIVE_TOKEN, NEW_KEY, OFF, PROFILE
from live_tokens.choices import Choice
from live_tokens.deadline import Deadline
from live_tokens.issuing import (
    ApiKey,
    Attestation,
    Caller,
    Grant,
    Lease,
    LiveToken,
    Profile,
    QuotaState,
    SessionCall,
    TokenIssuer,
)
from live_tokens.profile_access import AllowRules, QuotaRules
from live_tokens.profiles import LoadedProfiles, ProfileFile

Noun = TypeVar("Noun")


@dataclass
class FakePorts:
    """Ports whose outcomes are chosen beforehand: a noun, or an error to raise.

    Attributes:
        caller: outcome of `Identity.verify`.
        attestation: outcome of `AppCheck.attest`.
        profile: the one profile there is, for everybody but anonymous users; or outcome of `for_caller`.
        choices: what the profile offers.
        quota, lease: outcome of `spend`.
        key: outcome of `current`.
        replacement: outcome of `replacement_for`.
        mints: outcomes of `mint`, one after the other.
        calls: what was asked, in order.
        deadlines: until when, in the same order, but for finding the profile, which asks nobody.
        verified: the ID tokens that came.
        attested: the App Check tokens that came.
        found: the arguments of each `for_caller`.
        spent: the arguments of each `spend`.
        refused: the keys that a replacement was asked for.
        minted: the arguments of each `mint`.
        session_calls: what each `spend` was told of its session.
        leases: the lease of each `mint`.
        ended: the arguments of each `end`.
    """

    caller: Caller | Exception = CALLER
    attestation: Attestation | Exception = OFF
    profile: Profile | Exception = PROFILE
    choices: Mapping[str, Choice] = field(default_factory=dict)
    quota: QuotaState | Exception | None = None
    lease: Lease | None = None
    key: ApiKey | Exception = KEY
    replacement: ApiKey | Exception = NEW_KEY
    mints: tuple[LiveToken | Exception, ...] = (LIVE_TOKEN,)
    calls: list[str] = field(default_factory=list)
    deadlines: list[Deadline] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    attested: list[str | None] = field(default_factory=list)
    found: list[tuple[str, Caller]] = field(default_factory=list)
    spent: list[tuple[Caller, Profile]] = field(default_factory=list)
    refused: list[ApiKey] = field(default_factory=list)
    minted: list[tuple[ApiKey, Profile, str | None]] = field(default_factory=list)
    session_calls: list[SessionCall] = field(default_factory=list)
    leases: list[Lease | None] = field(default_factory=list)
    ended: list[tuple[Caller, str]] = field(default_factory=list)

    def issuer(self) -> TokenIssuer:
        return TokenIssuer(identity=self, app_check=self, profiles=self, quota_store=self, api_keys=self, minter=self)

    def _called(self, port: str, deadline: Deadline) -> None:
        self.calls.append(port)
        self.deadlines.append(deadline)

    def verify(self, id_token: str, deadline: Deadline) -> Caller:
        self._called("verify", deadline)
        self.verified.append(id_token)
        return _come_to(self.caller)

    def attest(self, token: str | None, deadline: Deadline) -> Attestation:
        self._called("attest", deadline)
        self.attested.append(token)
        return _come_to(self.attestation)

    def for_caller(self, name: str, caller: Caller, choices: object) -> Profile:
        self.calls.append("find profile")
        self.found.append((name, caller))
        profile = _come_to(self.profile)
        file = ProfileFile(profile, AllowRules(), QuotaRules(profile.quota), self.choices)
        return LoadedProfiles({profile.name: file}).for_caller(name, caller, choices)

    def spend(self, caller: Caller, profile: Profile, call: SessionCall, deadline: Deadline) -> Grant:
        self._called("spend", deadline)
        self.spent.append((caller, profile))
        self.session_calls.append(call)
        return Grant(_come_to(self.quota), self.lease)

    def end(self, caller: Caller, session: str, deadline: Deadline) -> None:
        self._called("end", deadline)
        self.ended.append((caller, session))

    def current(self, deadline: Deadline) -> ApiKey:
        self._called("read key", deadline)
        return _come_to(self.key)

    def replacement_for(self, refused: ApiKey, deadline: Deadline) -> ApiKey:
        self._called("read key again", deadline)
        self.refused.append(refused)
        return _come_to(self.replacement)

    def mint(
        self, key: ApiKey, profile: Profile, resumption_handle: str | None, lease: Lease | None, deadline: Deadline
    ) -> LiveToken:
        self._called("mint", deadline)
        self.leases.append(lease)
        self.minted.append((key, profile, resumption_handle))
        return _come_to(self.mints[len(self.minted) - 1])


def _come_to(outcome: Noun | Exception) -> Noun:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
