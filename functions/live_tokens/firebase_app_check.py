"""Verifies App Check tokens, and spends them.

Source: https://firebase.google.com/docs/app-check/custom-resource-backend
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from live_tokens.deadline import Deadline
from live_tokens.errors import (
    AppCheckFault,
    AppCheckInvalid,
    AppCheckMissing,
    AppCheckReplayed,
    AppCheckUnavailable,
)
from live_tokens.firebase_jwt import ALGORITHM, UNREADABLE, BadTokenError, key_id_in, verified_claims
from live_tokens.issuing import AppCheck, Attestation
from live_tokens.public_keys import Keys, PublicKeys, UnknownKeyError
from live_tokens.upstream import Upstream
from live_tokens.upstream_errors import UpstreamError

KEYS_URL = "https://firebaseappcheck.googleapis.com/v1/jwks"
KEYS_SECONDS = 1.5
CONSUMPTION_SECONDS = 1.5

_CONSUMPTION_URL = "https://firebaseappcheck.googleapis.com/v1beta/projects/{project_id}:verifyAppCheckToken"
_ISSUER = "https://firebaseappcheck.googleapis.com/"
# Source: https://firebase.google.com/docs/app-check/web/debug-provider
_DEBUG_TOKEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# What the native SDKs send if they got no token: {"error":"UNKNOWN_ERROR"} in Base64. Source: kDummyFACTokenValue in
# https://github.com/firebase/firebase-ios-sdk/blob/main/FirebaseAppCheck/Sources/Core/FIRAppCheck.m
_PLACEHOLDER = "eyJlcnJvciI6IlVOS05PV05fRVJST1IifQ"


class AppCheckOff:
    """App Check off: verifies nothing."""

    def attest(self, token: str | None, deadline: Deadline) -> Attestation:  # noqa: ARG002  # as the port has it
        return Attestation("off")


class FirebaseAppCheck:
    """An `AppCheck` that accepts the App Check tokens of one Firebase project.

    Args:
        consumption: spends limited-use tokens, so that a token is good for one call; None to not spend them.
        allowed_app_ids: Firebase app ids, or empty for all apps of the project.
    """

    def __init__(
        self, project_id: str, keys: PublicKeys, consumption: Upstream | None, allowed_app_ids: frozenset[str]
    ) -> None:
        self._audience = f"projects/{project_id}"
        self._keys = keys
        self._consumption = consumption
        self._allowed_app_ids = allowed_app_ids
        self._consumption_url = _CONSUMPTION_URL.format(project_id=project_id)

    def attest(self, token: str | None, deadline: Deadline) -> Attestation:
        if token is None:
            raise AppCheckMissing
        app_id = self._verified_app_id(token, deadline)
        if self._allowed_app_ids and app_id not in self._allowed_app_ids:
            raise AppCheckInvalid("app not in APP_CHECK_ALLOWED_APP_IDS")
        if self._consumption is not None and self._was_consumed(self._consumption, token, deadline):
            raise AppCheckReplayed
        return Attestation("valid", app_id)

    def _verified_app_id(self, token: str, deadline: Deadline) -> str:
        """Fetch the key, then verify. A failed fetch is an outage; a failed verification means a bad token."""
        try:
            key = self._keys.find(key_id_in(token, typ="JWT"), deadline)
            claims = verified_claims(token, key, self._audience, ("aud", "exp", "iss", "sub"), only_audience=False)
        except UpstreamError as error:
            raise AppCheckUnavailable(f"keys: {error}", error.retry_after) from error
        except UnknownKeyError as error:
            raise AppCheckInvalid("unknown key id") from error
        except BadTokenError as error:
            raise AppCheckInvalid(_mistake_in(token) or str(error)) from error
        fault = _fault_in(claims)
        if fault:
            raise AppCheckInvalid(fault)
        app_id: str = claims["sub"]
        return app_id

    def _was_consumed(self, consumption: Upstream, token: str, deadline: Deadline) -> bool:
        """Spend a token, in one attempt, and return whether it was spent before.

        firebase-admin's own way retries, and a second attempt finds spent what the first one spent.

        Source: https://firebase.google.com/docs/reference/appcheck/rest/v1beta/projects/verifyAppCheckToken
        """
        try:
            body = {"app_check_token": token}
            answer = consumption.ask("POST", self._consumption_url, deadline, body=body).json_object()
            if not answer.keys() <= {"alreadyConsumed"} or not isinstance(answer.get("alreadyConsumed", False), bool):
                raise UpstreamError("an answer of another form")
        except UpstreamError as error:
            raise AppCheckUnavailable(f"consumption: {error}", error.retry_after) from error
        return answer.get("alreadyConsumed") is True


def _mistake_in(token: str) -> str | None:
    """Return what a text is that is no JWT, if that can be told."""
    if _DEBUG_TOKEN.fullmatch(token):
        return "a debug token, which the debug provider of the SDK exchanges for an App Check token"
    if token.rstrip("=") == _PLACEHOLDER:
        return "the SDK's placeholder: the app could not get an App Check token"
    return None


def _fault_in(claims: Mapping[str, Any]) -> str | None:
    """Return which claim is not as App Check makes it."""
    if not isinstance(claims["aud"], list):
        return "an audience that is no list"
    if not isinstance(claims["iss"], str) or not claims["iss"].startswith(_ISSUER):
        return "another issuer"
    if not claims["sub"]:
        return "no app"
    return None


def read_keys(answer: Mapping[str, object]) -> Keys:
    """Return key id → public key from a JWK set.

    Raises:
        ValueError: the answer is not a JWK set.
    """
    keys = answer.get("keys")
    if not isinstance(keys, list):
        raise ValueError("no keys")  # noqa: TRY004  # the answer has another form, whatever type its parts are of
    return {key["kid"]: _public_key(key) for key in keys if isinstance(key, dict) and isinstance(key.get("kid"), str)}


def _public_key(key: Mapping[str, Any]) -> RSAPublicKey | None:
    try:
        public = jwt.PyJWK(dict(key), ALGORITHM).key
    except (UnsupportedAlgorithm, *UNREADABLE):
        return None
    return public if isinstance(public, RSAPublicKey) else None


class MonitoredAppCheck:
    """Monitor mode: records the result of another `AppCheck`, refuses no call."""

    def __init__(self, app_check: AppCheck) -> None:
        self._app_check = app_check

    def attest(self, token: str | None, deadline: Deadline) -> Attestation:
        try:
            return self._app_check.attest(token, deadline)
        except AppCheckFault as error:
            return Attestation(error.state)
