"""Verifies Firebase ID tokens with Google's certificates.

Source of the rules: https://firebase.google.com/docs/auth/admin/verify-id-tokens, "using a third-party JWT library"
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import InvalidVersion, load_pem_x509_certificate

from live_tokens.deadline import Deadline
from live_tokens.errors import IdentityUnavailable, IdTokenExpired, IdTokenInvalid
from live_tokens.firebase_jwt import (
    CLOCK_SKEW_SECONDS,
    BadTokenError,
    ExpiredTokenError,
    key_id_in,
    unverified_claims,
    verified_claims,
)
from live_tokens.public_keys import Keys, PublicKeys, UnknownKeyError
from live_tokens.upstream_errors import UpstreamError

CERTIFICATES_URL = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"
CERTIFICATES_SECONDS = 2.0

# What apps send in place of an ID token of Firebase, by issuer. Sources:
# https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
# https://developer.apple.com/documentation/signinwithapple/authenticating-users-with-sign-in-with-apple
# https://firebase.google.com/docs/auth/admin/manage-cookies, https://firebase.google.com/docs/app-check/custom-resource-backend
_OTHER_ISSUERS = (
    (re.compile(r"(https://)?accounts\.google\.com"), "Google's own ID token: sign in to Firebase with it"),
    (re.compile(r"https://appleid\.apple\.com"), "Apple's own ID token: sign in to Firebase with it"),
    (re.compile(r"https://session\.firebase\.google\.com/.*"), "a session cookie"),
    (re.compile(r"https://firebaseappcheck\.googleapis\.com/.*"), "an App Check token"),
    (re.compile(r"https://securetoken\.google\.com/.*"), "an ID token of another Firebase project"),
)
# Source: https://firebase.google.com/docs/auth/admin/create-custom-tokens#create_custom_tokens_using_a_third-party_jwt_library
_IDENTITY_TOOLKIT = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"
_UNSIGNED = re.compile(r"eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.")

_LONGEST_UID = 128
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # half a character, which JSON can hold and UTF-8 cannot


class IdTokens(Protocol):
    """Verifies ID tokens."""

    def claims_of(self, id_token: str, deadline: Deadline) -> Mapping[str, Any]:
        """Return the verified claims; `sub` is the user's id.

        Raises:
            IdTokenInvalid, IdTokenExpired: it proves nothing.
            IdentityUnavailable: the certificates could not be fetched or read.
        """


class SignedIdTokens:
    """`IdTokens` of one Firebase project."""

    def __init__(self, project_id: str, certificates: PublicKeys) -> None:
        self._project_id = project_id
        self._certificates = certificates

    def claims_of(self, id_token: str, deadline: Deadline) -> Mapping[str, Any]:
        """Fetch the key, then verify. A failed fetch is an outage; a failed verification means a bad token."""
        try:
            key = self._certificates.find(key_id_in(id_token), deadline)
            claims = verified_claims(
                id_token, key, self._project_id, ("aud", "exp", "iat", "iss", "sub"), only_audience=True
            )
        except UpstreamError as error:
            raise IdentityUnavailable(f"certificates: {error}", error.retry_after) from error
        except UnknownKeyError as error:
            raise self._invalid(id_token, "unknown key id") from error
        except ExpiredTokenError as error:
            raise IdTokenExpired from error
        except BadTokenError as error:
            raise self._invalid(id_token, str(error)) from error
        fault = _fault_in(claims, self._project_id)
        if fault:
            raise self._invalid(id_token, fault)
        return claims

    def _invalid(self, id_token: str, fault: str) -> IdTokenInvalid:
        return IdTokenInvalid(_with_kind(fault, id_token, self._project_id))


def _with_kind(fault: str, id_token: str, project_id: str) -> str:
    """Return a fault, with what the token seems to be. Nothing of that is verified, and nothing depends on it."""
    kind = _seems_to_be(id_token, project_id)
    return f"{fault}; {kind}" if kind else fault


def _seems_to_be(id_token: str, project_id: str) -> str | None:
    if id_token.startswith("ya29."):
        return "an access token of Google: sign in to Firebase with it"
    if _UNSIGNED.fullmatch(id_token):
        return "an unsigned token, as the Auth emulator makes them"
    claims = unverified_claims(id_token)
    issuer = claims.get("iss")
    if claims.get("aud") == _IDENTITY_TOOLKIT:
        return "a custom token: sign in to Firebase with it"
    if not isinstance(issuer, str) or issuer == f"https://securetoken.google.com/{project_id}":
        return None
    return next((kind for form, kind in _OTHER_ISSUERS if form.fullmatch(issuer)), None)


def _fault_in(claims: Mapping[str, Any], project_id: str) -> str | None:
    """Return which claim is not as Firebase makes it."""
    times = [claims["exp"], claims["iat"], claims.get("auth_time", 0)]
    if not all(type(seconds) is int for seconds in times):
        return "a time is not a whole number"
    if times[-1] > time.time() + CLOCK_SKEW_SECONDS:
        return "auth_time in the future"
    if claims["iss"] != f"https://securetoken.google.com/{project_id}":
        return "another issuer"
    if not 0 < len(claims["sub"]) <= _LONGEST_UID or _SURROGATE.search(claims["sub"]):
        return "no user id"
    return None


def read_certificates(answer: Mapping[str, object]) -> Keys:
    """Return key id → public key from X.509 certificates in PEM.

    Raises:
        ValueError: it is no such answer.
    """
    return {key_id: _public_key(certificate) for key_id, certificate in answer.items()}


def _public_key(certificate: object) -> RSAPublicKey | None:
    if not isinstance(certificate, str):
        return None
    try:
        key = load_pem_x509_certificate(certificate.encode()).public_key()
    except (ValueError, InvalidVersion, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None
