"""Calls mint_live_token over plain HTTP, as an app without Firebase's SDK would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from demo.narrator import NotAsToldError
from firebase_sign_in import SignedInUser

_CALL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer without a token.

    Attributes:
        status: HTTP status code.
        reason: `details.reason`.
        message: words for the developer, or the operator's for the user.
        retry_after_seconds: `details.retryAfterSeconds`, if there.
    """

    status: int
    reason: str
    message: str
    retry_after_seconds: int | None

    def __str__(self) -> str:
        """Show the parts an app decides by."""
        wait = "" if self.retry_after_seconds is None else f", retryAfterSeconds {self.retry_after_seconds}"
        return f"{self.status} {self.reason}{wait}"


@dataclass(frozen=True, slots=True)
class MintClient:
    """Calls the function.

    Attributes:
        function_url: where it answers.
    """

    function_url: str

    def token(self, user: SignedInUser, data: Mapping[str, str]) -> dict[str, Any]:
        """Return the live token.

        Raises:
            NotAsToldError: there was none.
        """
        status, body = self._call(user, data)
        if status != requests.codes.ok:
            raise NotAsToldError(f"The function answered {status}: {body}")
        result: dict[str, Any] = body["result"]
        return result

    def refusal(self, user: SignedInUser | None, data: Mapping[str, str]) -> Refusal:
        """Return why there was no token.

        Raises:
            NotAsToldError: there was one.
        """
        status, body = self._call(user, data)
        if "error" not in body:
            raise NotAsToldError("The function issued a token that it should have refused")
        details = body["error"]["details"]
        return Refusal(status, details["reason"], body["error"]["message"], details.get("retryAfterSeconds"))

    def _call(self, user: SignedInUser | None, data: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {user.id_token}"} if user else {}
        response = requests.post(self.function_url, json={"data": data}, headers=headers, timeout=_CALL_SECONDS)
        return response.status_code, response.json()
