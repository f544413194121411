"""Verifies tokens that Firebase signs, with a key that was fetched before: a failure here means a bad token.

Every option is written out, those that are PyJWT's defaults too: they are the verification that is meant.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import jwt

from live_tokens.strict_json import read_json

ALGORITHM = "RS256"
# How far our clock and that of Firebase may differ.
CLOCK_SKEW_SECONDS = 10
# Longer than any ID token with its 1000 bytes of custom claims, and than any App Check token.
_LONGEST_TOKEN = 8_192

# Strict: a token has one spelling, so that one that was spent cannot come back with padding behind it.
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

# What PyJWT raises: its own errors, and these when a part holds other JSON than it expects.
UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


class BadTokenError(Exception):
    """The token proves nothing. The text says why, without a part of it."""


class ExpiredTokenError(BadTokenError):
    """The signature is valid, but the token has expired."""


def _looks_like_jwt(token: str) -> bool:
    """Whether a text has the form of a signed token, in its one spelling.

    The last character of a signature has unused bits. Changing them would let a spent token pass as a new one.
    """
    if len(token) > _LONGEST_TOKEN or not _JWT.fullmatch(token):
        return False
    signature = token.rpartition(".")[2]
    try:
        spelt = base64.urlsafe_b64encode(_decoded(signature))
    except ValueError:
        return False
    return spelt.rstrip(b"=").decode() == signature


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def key_id_in(token: str, *, typ: str | None = None) -> str:
    """Return the id of the key that the token says it is signed with. Nothing of it is verified yet.

    Args:
        typ: what its header must say it is, or None for anything.

    Raises:
        BadTokenError: it is no JWT, or one that is signed otherwise.
    """
    if not _looks_like_jwt(token):
        raise BadTokenError("not a JWT")
    try:
        # Not with PyJWT, which reads the whole token for it, as it does again in `verified_claims`: a 50th of a call.
        header = read_json(_decoded(token.partition(".")[0]))
    except UNREADABLE as error:
        raise BadTokenError(type(error).__name__) from error
    if not isinstance(header, dict):
        raise BadTokenError("no header")
    if header.get("alg") != ALGORITHM:
        raise BadTokenError("another algorithm")
    if typ is not None and header.get("typ") != typ:
        raise BadTokenError("another type")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise BadTokenError("no key id")
    return key_id


def unverified_claims(token: str) -> Mapping[str, Any]:
    """Return what a token says of itself, be it true or not; nothing for what is no JWT.

    This is for naming a mistake, and never for a decision.
    """
    if not _looks_like_jwt(token):
        return {}
    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, *UNREADABLE):
        return {}
    return claims


def verified_claims(
    token: str, key: Any, audience: str, required: tuple[str, ...], *, only_audience: bool
) -> Mapping[str, Any]:
    """Return the claims of a valid, unexpired token for this audience.

    Args:
        only_audience: whether `aud` must be exactly this one, as a text and not a list.

    Raises:
        ExpiredTokenError: the signature is valid, but the token has expired. The other claims are not checked.
        BadTokenError: the token is not valid.
    """
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=audience,
            leeway=CLOCK_SKEW_SECONDS,
            options={
                "require": list(required),
                "verify_signature": True,
                "verify_exp": True,
                "verify_iat": True,
                "verify_nbf": True,
                "verify_aud": True,
                "strict_aud": only_audience,
                "verify_sub": True,
            },
        )
    except jwt.ExpiredSignatureError as error:
        raise ExpiredTokenError("expired") from error
    except UNREADABLE as error:
        raise BadTokenError(type(error).__name__) from error
    return claims
