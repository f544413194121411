"""ID tokens that a function must refuse, made from one that it accepts."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_ANOTHER_PROJECT = "another-project-of-the-smoke-test"
_ANOTHER_USER = "another-user-of-the-smoke-test"


class NoIdTokenError(Exception):
    """The text is not a JSON Web Token."""


@dataclass(frozen=True, slots=True)
class IdToken:
    """An unverified Firebase ID token."""

    text: str = field(repr=False)
    header: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, text: str) -> IdToken:
        """Return the token.

        Raises:
            NoIdTokenError: the text is not a JSON Web Token.
        """
        parts = text.split(".")
        try:
            header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in parts[:2])
        except ValueError as error:
            raise NoIdTokenError from error
        if len(parts) != 3 or not isinstance(header, dict) or not isinstance(claims, dict):
            raise NoIdTokenError
        return cls(text, header, claims)

    @property
    def unsigned(self) -> bool:
        """Whether it comes from the Auth emulator, which signs nothing."""
        return self.header.get("alg") == "none"

    def unfit_to_stand_for_another_project(self, own: IdToken) -> str | None:
        """Return why this token cannot test the audience check, or None.

        Args:
            own: an ID token of the project.
        """
        if self.claims.get("aud") == own.claims.get("aud"):
            return "it is for the same project"
        if self.unsigned and not own.unsigned:
            return "it comes from the Auth emulator and has no signature"
        expires = self.claims.get("exp")
        if not isinstance(expires, int) or expires <= time.time():
            return "it has expired"
        return None

    def of_another_project(self) -> str:
        """Return the same token for another project: unsigned as this one, or signed with a new key.

        Only the emulator, which verifies no signatures, refuses it because of its project.
        """
        claims = {**self.claims, "aud": _ANOTHER_PROJECT, "iss": f"https://securetoken.google.com/{_ANOTHER_PROJECT}"}
        return _encode(self.header, claims, (lambda _: b"") if self.unsigned else _signature)

    def forged(self) -> str:
        """Return the same token for another user, with the id of Google's key and the signature of a new key."""
        return _encode(self.header, {**self.claims, "sub": _ANOTHER_USER, "user_id": _ANOTHER_USER}, _signature)


def unsigned_token(claims: Mapping[str, object]) -> str:
    """Return a JSON Web Token without a signature, which only emulators accept."""
    return _encode({"alg": "none", "typ": "JWT"}, claims, lambda _: b"")


def _signature(message: bytes) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def _encode(header: Mapping[str, object], claims: Mapping[str, object], sign: Callable[[bytes], bytes]) -> str:
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{_base64url(sign(signed.encode()))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
