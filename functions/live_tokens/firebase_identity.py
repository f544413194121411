"""Verifies Firebase ID tokens with firebase-admin.

Source: https://firebase.google.com/docs/auth/admin/verify-id-tokens
"""

from __future__ import annotations

import binascii
import re
import threading
from collections.abc import Mapping
from typing import Any

import firebase_admin
import requests
from firebase_admin import auth, credentials
from firebase_admin.exceptions import FirebaseError
from google.auth import jwt
from google.auth.exceptions import GoogleAuthError

from live_tokens.deadline import Deadline
from live_tokens.errors import (
    IdentityUnavailable,
    IdTokenExpired,
    IdTokenInvalid,
    IdTokenRevoked,
    UserDisabled,
    UserNotAllowed,
)
from live_tokens.issuing import Caller

# How far our clock and that of Firebase may differ. The library's default of 0 refuses tokens that are a second old.
CLOCK_SKEW_SECONDS = 10
# For each request to Firebase: the certificates, and the look-up of the user. The library's default is 120 s.
REQUEST_SECONDS = 4
# For all of it, retries included.
VERIFICATION_SECONDS = 10
_THREADS = 64
# Longer than any ID token with its 1000 bytes of custom claims.
_LONGEST_ID_TOKEN = 8_192

# The third part is empty in the unsigned tokens of the Auth emulator.
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


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

    With FIREBASE_AUTH_EMULATOR_HOST in the environment firebase-admin accepts unsigned tokens; `Settings` refuses
    that variable on Cloud Run.

    Args:
        project_id: the Firebase project.
        check_revoked: also ask Firebase, for every call, if the user was deleted, disabled or signed out everywhere.
    """

    def __init__(self, project_id: str, *, check_revoked: bool) -> None:
        self._check_revoked = check_revoked
        # An App of our own, unregistered: initialize_app() would claim a name for the whole process.
        self._app = firebase_admin.App(
            "live-tokens",
            credentials.ApplicationDefault(),
            {"projectId": project_id, "httpTimeout": REQUEST_SECONDS},
        )
        self._deadline = Deadline(VERIFICATION_SECONDS, _THREADS)
        self._connecting = threading.Lock()
        self._connected: auth.Client | None = None

    def verify(self, id_token: str) -> Caller:
        """See `Identity.verify`."""
        if len(id_token) > _LONGEST_ID_TOKEN or not _JWT.fullmatch(id_token):
            raise IdTokenInvalid("not a JWT")
        try:
            return self._deadline.run(lambda: self._verify(id_token))
        except TimeoutError as error:
            raise IdentityUnavailable("deadline") from error

    def _verify(self, id_token: str) -> Caller:
        client = self._client()
        claims = _verified_claims(client, id_token)
        firebase = claims.get("firebase", {})
        if "tenant" in firebase:
            raise UserNotAllowed("user of a tenant")
        if self._check_revoked:
            _refuse_ended_sign_in(client, claims)
        return Caller(uid=claims["uid"], sign_in_provider=firebase.get("sign_in_provider", "unknown"))

    def _client(self) -> auth.Client:
        """Connect on first use: the constructor looks for credentials, which only a worker may do."""
        with self._connecting:
            if self._connected is None:
                try:
                    self._connected = auth.Client(self._app)
                except _UNEXPECTED as error:
                    raise IdentityUnavailable(f"credentials: {type(error).__name__}") from error
            return self._connected


def _verified_claims(client: auth.Client, id_token: str) -> Mapping[str, Any]:
    try:
        claims: Mapping[str, Any] = client.verify_id_token(id_token, clock_skew_seconds=CLOCK_SKEW_SECONDS)
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


def _refuse_ended_sign_in(client: auth.Client, claims: Mapping[str, Any]) -> None:
    """Look the user up. The library's own check_revoked does the same, but cannot come after the look at the tenant."""
    try:
        user = client.get_user(claims["uid"])
        disabled, valid_after = user.disabled, user.tokens_valid_after_timestamp
    except auth.UserNotFoundError as error:
        raise IdTokenRevoked("user deleted") from error
    except _UNEXPECTED as error:
        raise IdentityUnavailable(f"user look-up: {type(error).__name__}") from error
    if disabled:
        raise UserDisabled
    if claims["iat"] * 1000 < valid_after:
        raise IdTokenRevoked
