"""App Check tokens for a service that enforces them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

from live_tokens_operations.google.look import Found
from live_tokens_operations.smoke.signers import ServiceAccountSigner

_AUDIENCE = "https://firebaseappcheck.googleapis.com/google.firebase.appcheck.v1.TokenExchangeService"
_LIFETIME_SECONDS = 300


class AppCheckError(Exception):
    """No App Check token is available. The message says why, and what to do."""


class AppCheckTokens(Protocol):
    """The source of the App Check tokens of the calls."""

    def next(self) -> str | None:
        """Return a token for one call, or None to call without.

        Raises:
            AppCheckError: no token is available.
            SigningError: no service account signs the custom token for it.
        """


@dataclass(frozen=True, slots=True)
class GivenAppCheckToken:
    """The same token for every call, or none."""

    token: str | None = field(repr=False)

    def next(self) -> str | None:
        return self.token


@dataclass(frozen=True, slots=True)
class ExchangedAppCheckTokens:
    """A new limited-use token for every call, so that replay protection does not refuse the second call.

    The exchange: https://firebase.google.com/docs/reference/appcheck/rest/v1/projects.apps/exchangeCustomToken
    The claims of the custom token are documented only by what firebase-admin for Node signs:
    https://github.com/firebase/firebase-admin-node/blob/main/src/app-check/token-generator.ts
    """

    signer: ServiceAccountSigner
    project: str
    app_id: str

    def next(self) -> str:
        now = int(time.time())
        email = self.signer.email
        custom_token = self.signer.sign(
            {
                "iss": email,
                "sub": email,
                "app_id": self.app_id,
                "aud": _AUDIENCE,
                "iat": now,
                "exp": now + _LIFETIME_SECONDS,
            }
        )
        app = f"projects/{self.project}/apps/{quote(self.app_id, safe=':')}"
        url = f"https://firebaseappcheck.googleapis.com/v1/{app}:exchangeCustomToken"
        exchange = {"customToken": custom_token, "limitedUse": True}
        match self.signer.api.post(url, "roles/firebaseappcheck.admin", exchange):
            case Found({"token": str(token)}):
                return token
            case Found():
                raise AppCheckError("App Check answered without a token. Try again.")
            case refused:
                raise AppCheckError(
                    f"App Check did not exchange the custom token ({refused.codes}). Check that "
                    f"{self.app_id} is an app of {self.project} and that firebaseappcheck.googleapis.com is on. "
                    f"Alternatively, set APP_CHECK_TOKEN to the token of a device."
                )
