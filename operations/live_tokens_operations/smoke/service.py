"""The service under test, as a caller of one profile sees it. It counts tokens and cacheable answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from live_tokens_operations.client.mint_client import Answer, MintClient
from live_tokens_operations.smoke.app_check import AppCheckTokens
from live_tokens_operations.smoke.contract import LiveToken, read_live_token
from live_tokens_operations.smoke.report import Report

DEFAULT_PROFILE = "default"


class NoTokenError(Exception):
    """The function issued no live token."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.refusal or answer.status)
        self.answer = answer


@dataclass(slots=True)
class Service:
    """Calls the function. A profile may allow one session at a time, so a new one ends the one before.

    Args:
        app_check: source of the App Check tokens.
        project: id of the project, or None if it is not known.

    Attributes:
        seconds_granted: of the leases that were taken.
        cacheable: number of answers that a cache may keep.
    """

    client: MintClient
    app_check: AppCheckTokens
    profile: str
    project: str | None
    report: Report
    tokens_taken: int = 0
    seconds_granted: int = 0
    cacheable: int = 0
    _named: dict[str, str] = field(init=False)
    _open: str | None = field(init=False, default=None)
    _leased_until: object = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._named = {} if self.profile == DEFAULT_PROFILE else {"profile": self.profile}

    @property
    def url(self) -> str:
        """URL of the function."""
        return self.client.function_url

    def call(self, id_token: str | None, *, resumption_handle: str | None = None, goes_on: bool = False) -> Answer:
        """Call it once.

        Args:
            goes_on: name the session that is open, if the profile has sessions. Otherwise that one is ended first.

        Raises:
            FunctionUnreachableError: there was no answer.
            AppCheckError: no App Check token is available.
            SigningError: no service account signs for an App Check token.
        """
        if not goes_on and id_token is not None:
            self.end(id_token)
        named = {"resumptionHandle": resumption_handle, "session": self._open if goes_on else None}
        answer = self._call(id_token, self._named | {name: value for name, value in named.items() if value})
        if answer.result is not None and isinstance(token := answer.result.get("token"), str):
            self.tokens_taken += 1
            self.report.hide(token, token.removeprefix("auth_tokens/"))
            self._note_lease(answer.result)
        return answer

    def live_token(self, id_token: str, *, resumption_handle: str | None = None, goes_on: bool = False) -> LiveToken:
        """Take a live token.

        Raises:
            NoTokenError: the function issued none.
            ContractError: the answer breaks the contract.
        """
        answer = self.call(id_token, resumption_handle=resumption_handle, goes_on=goes_on)
        if answer.result is None:
            raise NoTokenError(answer)
        return read_live_token(answer.result, self.profile)

    @property
    def session(self) -> str | None:
        """Id of the session that is open."""
        return self._open

    def end(self, id_token: str) -> Answer | None:
        """End the session that is open, and return the function's answer; None if none is open."""
        session, self._open = self._open, None
        return None if session is None else self._call(id_token, {"end": session})

    def _call(self, id_token: str | None, data: dict[str, str]) -> Answer:
        # A call without a sign-in is refused before App Check is checked, so it needs no App Check token.
        app_check_token = None if id_token is None else self.app_check.next()
        self.report.hide(app_check_token or "")
        answer = self.client.call(id_token, data, app_check_token)
        if "no-store" not in answer.headers.get("Cache-Control", ""):
            self.cacheable += 1
        return answer

    def _note_lease(self, result: Mapping[str, object]) -> None:
        """A reconnect has the end of the lease before, which was granted already."""
        match result:
            case {"session": {"id": str(session), "leaseSeconds": int(seconds)}, "expireTime": until}:
                if (session, until) != (self._open, self._leased_until):
                    self.seconds_granted += seconds
                self._open, self._leased_until = session, until
