"""Calls mint_live_token over plain HTTP, as an app without Firebase's SDK would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from live_tokens_operations.defaults import USER_AGENT

_CALL_SECONDS = 60.0


class UnexpectedAnswerError(Exception):
    """A token instead of a refusal, or the reverse."""


class FunctionUnreachableError(Exception):
    """There was no answer at all. The text says why, and repeats nothing that was sent."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer without a token.

    Attributes:
        reason: `details.reason`.
        message: words for the developer, or the operator's for the user.
        retry_after_seconds: `details.retryAfterSeconds`, if there.
        request_id: `details.requestId`, if there.
    """

    status: int
    reason: str
    message: str
    retry_after_seconds: int | None
    request_id: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Show the fields that an app uses."""
        wait = "" if self.retry_after_seconds is None else f", retryAfterSeconds {self.retry_after_seconds}"
        return f"{self.status} {self.reason}{wait}"


@dataclass(frozen=True, slots=True)
class Answer:
    """Whatever came back, be it from the function or from something before it.

    Attributes:
        headers: the response's, looked up in any case.
        body: the JSON object it holds, or None if it holds none.
        called_at: aware UTC time before the call, by this machine's clock.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: dict[str, Any] | None = field(repr=False)
    called_at: datetime
    answered_at: datetime

    @property
    def result(self) -> dict[str, Any] | None:
        """`result` of a success in the callable protocol, or None if this is none."""
        result = (self.body or {}).get("result") if self.status == requests.codes.ok else None
        return result if isinstance(result, dict) else None

    @property
    def refusal(self) -> Refusal | None:
        """The refusal, if this is one of mint_live_token."""
        match self.body:
            case {"error": {"message": str(message), "details": {"reason": str(reason), **details}}}:
                wait, request_id = details.get("retryAfterSeconds"), details.get("requestId")
                return Refusal(
                    self.status,
                    reason,
                    message,
                    wait if isinstance(wait, int) else None,
                    request_id if isinstance(request_id, str) else None,
                )
        return None


@dataclass(frozen=True, slots=True)
class MintClient:
    """Calls the function.

    Attributes:
        seconds: limits the connection, and each wait for more of the answer. The whole has no limit of time or size.
    """

    function_url: str
    seconds: float = _CALL_SECONDS

    def call(self, id_token: str | None, data: Mapping[str, str], app_check_token: str | None = None) -> Answer:
        """Call it once, and return whatever comes back. Redirects are not followed: they would take the token along.

        Args:
            id_token: Firebase ID token, or None to call without one.
            app_check_token: App Check token, or None.

        Raises:
            FunctionUnreachableError: nothing came back.
        """
        headers = {"User-Agent": USER_AGENT}
        if id_token is not None:
            headers["Authorization"] = f"Bearer {id_token}"
        if app_check_token is not None:
            headers["X-Firebase-AppCheck"] = app_check_token
        called_at = datetime.now(UTC)
        try:
            response = requests.post(
                self.function_url,
                json={"data": dict(data)},
                headers=headers,
                timeout=self.seconds,
                allow_redirects=False,
            )
        except requests.Timeout as error:
            raise FunctionUnreachableError(f"it did not answer within {self.seconds:g} s") from error
        except requests.exceptions.SSLError as error:
            raise FunctionUnreachableError("its TLS certificate is not good for this name") from error
        except requests.RequestException as error:
            raise FunctionUnreachableError(f"no connection ({type(error).__name__})") from error
        return Answer(response.status_code, response.headers, _object(response), called_at, datetime.now(UTC))

    def token(self, id_token: str, data: Mapping[str, str]) -> dict[str, Any]:
        """Return the live token.

        Raises:
            UnexpectedAnswerError: there was none.
            FunctionUnreachableError: nothing came back.
        """
        answer = self.call(id_token, data)
        if answer.result is None:
            raise UnexpectedAnswerError(f"The function answered {answer.status}: {answer.refusal or 'without a token'}")
        return answer.result

    def refusal(self, id_token: str | None, data: Mapping[str, str]) -> Refusal:
        """Return why there was no token.

        Raises:
            UnexpectedAnswerError: there was one, or no reason.
            FunctionUnreachableError: nothing came back.
        """
        answer = self.call(id_token, data)
        if answer.refusal is None:
            raise UnexpectedAnswerError(f"The function answered {answer.status}, where a refusal with a reason is due")
        return answer.refusal


def _object(response: requests.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
