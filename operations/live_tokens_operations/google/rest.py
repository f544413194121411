"""Calls of Google's REST APIs, with a deadline, and errors that quote nothing but Google's own codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError

from live_tokens_operations.google.error_reason import reason_in

_SECONDS = 20.0
_CODE = re.compile(r"[A-Z][A-Z0-9_]+")


class GoogleApiError(Exception):
    """Google did not do it.

    Attributes:
        status: HTTP status code, or None if there was no answer.
        code: the word by which Google names the cause, such as `CONFIGURATION_NOT_FOUND`, or an empty string.
        reason: `reason` of google.rpc.ErrorInfo, such as `SERVICE_DISABLED`, or an empty string.
    """

    def __init__(self, status: int | None, code: str = "", reason: str = "") -> None:
        super().__init__(" ".join(str(part) for part in (status or "no answer", code, reason) if part))
        self.status = status
        self.code = code
        self.reason = reason


def ask(
    session: requests.Session,
    method: str,
    url: str,
    body: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Call an API and return its answer.

    Args:
        session: authorised or not.
        method: HTTP method.
        url: without any credential in it: errors of the HTTP library quote URLs.
        body: sent as JSON.
        headers: more headers.

    Raises:
        GoogleApiError: there was no good answer.
    """
    try:
        response = session.request(
            method,
            url,
            json=None if body is None else dict(body),
            headers=dict(headers or {}),
            timeout=_SECONDS,
            allow_redirects=False,
        )
    except (requests.RequestException, GoogleAuthError) as error:
        raise GoogleApiError(None, type(error).__name__) from error
    try:
        answer = response.json()
    except ValueError as error:
        raise GoogleApiError(response.status_code) from error
    if response.status_code != requests.codes.ok or not isinstance(answer, dict):
        raise _refusal(response.status_code, answer)
    return answer


def _refusal(status: int, answer: object) -> GoogleApiError:
    """Read both forms: Identity Toolkit puts its code at the beginning of `message`, all others into `status`.

    Source: https://cloud.google.com/apis/design/errors#http_mapping
    """
    match answer:
        case {"error": {"message": str(message), **error}}:
            first = message.split(" ")[0]
            code = first if _CODE.fullmatch(first) else str(error.get("status", ""))
            return GoogleApiError(status, code, reason_in(answer))
    return GoogleApiError(status)
