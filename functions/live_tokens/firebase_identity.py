"""Verifies Firebase ID tokens with firebase-admin, and looks their users up.

Source: https://firebase.google.com/docs/auth/admin/verify-id-tokens
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import firebase_admin
import requests
from firebase_admin import auth
from firebase_admin.exceptions import FirebaseError
from google.auth import jwt
from google.auth.exceptions import GoogleAuthError

from live_tokens.errors import (
    IdentityUnavailable,
    IdTokenExpired,
    IdTokenInvalid,
    IdTokenRevoked,
    UserDisabled,
    UserNotAllowed,
)
from live_tokens.firebase_backend import REQUEST_SECONDS, BackendError, FirebaseBackend, Uncredentialed
from live_tokens.issuing import Caller

# How far our clock and that of Firebase may differ. The library's default of 0 refuses tokens that are a second old.
CLOCK_SKEW_SECONDS = 10
# Longer than any ID token with its 1000 bytes of custom claims.
_LONGEST_ID_TOKEN = 8_192

# The third part is empty in the unsigned tokens of the Auth emulator.
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

_IDENTITY_TOOLKIT = "identitytoolkit.googleapis.com"

# What firebase-admin and google-auth raise when a request fails, or when what they read is not as documented.
_UNEXPECTED = (
    FirebaseError,
    GoogleAuthError,
    requests.RequestException,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
)


class FirebaseIdentity:
    """An `Identity` that accepts the ID tokens of one Firebase project.

    Args:
        project_id: the Firebase project.
        check_revoked: also ask Firebase, for every call, if the user was deleted, disabled or signed out everywhere.
        emulator_host: `host:port` of the Auth emulator, the same as in FIREBASE_AUTH_EMULATOR_HOST, or None.
            firebase-admin reads that variable by itself, and then accepts unsigned tokens.
    """

    def __init__(self, project_id: str, *, check_revoked: bool, emulator_host: str | None = None) -> None:
        self._check_revoked = check_revoked
        # An App of our own, unregistered: initialize_app() would claim a name for the whole process.
        app = firebase_admin.App(
            "live-tokens", Uncredentialed(), {"projectId": project_id, "httpTimeout": REQUEST_SECONDS}
        )
        self._verifier = auth.Client(app)
        self._backend = FirebaseBackend(emulated=emulator_host is not None)
        host = f"http://{emulator_host}/{_IDENTITY_TOOLKIT}" if emulator_host else f"https://{_IDENTITY_TOOLKIT}"
        self._look_up_url = f"{host}/v1/projects/{project_id}/accounts:lookup"

    def verify(self, id_token: str) -> Caller:
        """See `Identity.verify`."""
        if len(id_token) > _LONGEST_ID_TOKEN or not _JWT.fullmatch(id_token):
            raise IdTokenInvalid("not a JWT")
        claims = _verified_claims(self._verifier, id_token)
        firebase = claims.get("firebase", {})
        if "tenant" in firebase:
            raise UserNotAllowed("Users of an Identity Platform tenant are not accepted.", "user of a tenant")
        if self._check_revoked:
            self._refuse_ended_sign_in(claims)
        return Caller(
            uid=claims["uid"],
            sign_in_provider=firebase.get("sign_in_provider", "unknown"),
            email_verified=claims.get("email_verified") is True,
            claims=claims,
        )

    def _refuse_ended_sign_in(self, claims: Mapping[str, Any]) -> None:
        """Look the user up.

        Source: https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/lookup
        """
        uid = claims["uid"]
        try:
            users = self._backend.post(self._look_up_url, {"localId": [uid]}).get("users", [])
            standing = _standing(users[0], uid) if users else None
        except BackendError as error:
            raise IdentityUnavailable(f"user look-up: {error}") from error
        except _UNEXPECTED as error:
            raise IdentityUnavailable(f"user look-up: {type(error).__name__}") from error
        if standing is None:
            raise IdTokenRevoked("user deleted")
        if standing.disabled:
            raise UserDisabled
        if claims["iat"] < standing.valid_since:
            raise IdTokenRevoked


@dataclass(frozen=True, slots=True)
class _Standing:
    """Whether a user may go on. `valid_since` is in seconds since the epoch; older sign-ins have ended."""

    disabled: bool
    valid_since: int


def _standing(user: Mapping[str, Any], uid: str) -> _Standing:
    if user["localId"] != uid:
        raise LookupError("another user")
    return _Standing(disabled=bool(user.get("disabled")), valid_since=int(user.get("validSince") or 0))


def _verified_claims(verifier: auth.Client, id_token: str) -> Mapping[str, Any]:
    try:
        claims: Mapping[str, Any] = verifier.verify_id_token(id_token, clock_skew_seconds=CLOCK_SKEW_SECONDS)
    except auth.ExpiredIdTokenError as error:
        raise IdTokenExpired from error
    except RecursionError as error:  # JSON nested too deep to read, in the parts that are read before the signature
        raise IdTokenInvalid(type(error).__name__) from error
    except auth.InvalidIdTokenError as error:
        if _certificates_were_unreadable(error.cause):
            raise IdentityUnavailable(f"certificates: {type(error.cause).__name__}") from error
        raise IdTokenInvalid(type(error.cause or error).__name__) from error
    except _UNEXPECTED as error:
        # firebase-admin also stumbles over some legacy custom tokens. They name no key, so no certificate was read.
        header = jwt.decode_header(id_token)  # type: ignore[no-untyped-call]  # google-auth leaves it untyped
        if not header.get("kid"):
            raise IdTokenInvalid(type(error).__name__) from error
        raise IdentityUnavailable(f"certificates: {type(error).__name__}") from error
    return claims


def _certificates_were_unreadable(cause: Exception | None) -> bool:
    """Tell an outage from a bad token where firebase-admin does not.

    Faults of the token are raised as google-auth's own errors, or by its base64; any other ValueError came from
    reading the certificates, and firebase-admin reports it as an invalid token all the same.
    """
    return isinstance(cause, ValueError) and not isinstance(cause, GoogleAuthError | binascii.Error)
