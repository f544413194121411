"""The service under test, as a caller of one profile sees it. It counts tokens and cacheable answers."""

from __future__ import annotations

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
    """Calls the function.

    Args:
        app_check: source of the App Check tokens.
        project: id of the project, or None if it is not known.

    Attributes:
        cacheable: number of answers that a cache may keep.
    """

    client: MintClient
    app_check: AppCheckTokens
    profile: str
    project: str | None
    report: Report
    tokens_taken: int = 0
    cacheable: int = 0
    _named: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._named = {} if self.profile == DEFAULT_PROFILE else {"profile": self.profile}

    @property
    def url(self) -> str:
        """URL of the function."""
        return self.client.function_url

    def call(self, id_token: str | None, *, resumption_handle: str | None = None) -> Answer:
        """Call it once.

        Raises:
            FunctionUnreachableError: there was no answer.
            AppCheckError: no App Check token is available.
            SigningError: no service account signs for an App Check token.
        """
        # A call without a sign-in is refused before App Check is checked, so it needs no App Check token.
        app_check_token = None if id_token is None else self.app_check.next()
        self.report.hide(app_check_token or "")
        data = self._named | ({"resumptionHandle": resumption_handle} if resumption_handle else {})
        answer = self.client.call(id_token, data, app_check_token)
        if answer.result is not None and isinstance(token := answer.result.get("token"), str):
            self.tokens_taken += 1
            self.report.hide(token, token.removeprefix("auth_tokens/"))
        if "no-store" not in answer.headers.get("Cache-Control", ""):
            self.cacheable += 1
        self._give_slot_back(id_token, answer)
        return answer

    def _give_slot_back(self, id_token: str | None, answer: Answer) -> None:
        """End the session of a token, so that the next call gets one too. The token stays good until its lease ends."""
        match answer.result:
            case {"session": {"id": str(session)}}:
                self.client.call(id_token, {"end": session}, None if id_token is None else self.app_check.next())

    def live_token(self, id_token: str, *, resumption_handle: str | None = None) -> LiveToken:
        """Take a live token.

        Raises:
            NoTokenError: the function issued none.
            ContractError: the answer breaks the contract.
        """
        answer = self.call(id_token, resumption_handle=resumption_handle)
        if answer.result is None:
            raise NoTokenError(answer)
        return read_live_token(answer.result, self.profile)
