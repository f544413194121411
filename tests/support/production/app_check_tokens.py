"""App Check tokens, good and bad, signed as Google signs them."""

import base64
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from support.production.id_tokens import Claims, encode

PROJECT_NUMBER = "123456789012"
APP_ID = f"1:{PROJECT_NUMBER}:android:0a1b2c3d4e5f6a7b8c9d0e"

_LIFETIME_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class AppCheckKey:
    """One of the keys that App Check signs with.

    Attributes:
        kid: its name in the header of a token, and in the list of keys.
    """

    kid: str
    _private_key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def generate(cls, kid: str) -> "AppCheckKey":
        """Make a new key."""
        return cls(kid, rsa.generate_private_key(public_exponent=65537, key_size=2048))

    def sign(self, message: bytes) -> bytes:
        """Return the RS256 signature."""
        return self._private_key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    @property
    def jwk(self) -> dict[str, str]:
        """The public half, as App Check publishes it."""
        numbers = self._private_key.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": _base64url(numbers.n),
            "e": _base64url(numbers.e),
        }


@dataclass(frozen=True, slots=True)
class AppCheckTokens:
    """Makes the App Check tokens of one Firebase project."""

    project_id: str
    key: AppCheckKey

    def good(self, app_id: str = APP_ID, /, **changes: object) -> str:
        """Return a signed token, as good for one call as any; a keyword changes that claim, None takes it out."""
        return encode(self.header(), self.claims(app_id, **changes), self.key.sign)

    def header(self, **changes: object) -> Claims:
        """Return the header of a good token, with these changes."""
        return _changed({"kid": self.key.kid, "typ": "JWT", "alg": "RS256"}, changes)

    def claims(self, app_id: str = APP_ID, **changes: object) -> Claims:
        """Return the payload of a good token, with these changes.

        Source: https://firebase.google.com/docs/app-check/custom-resource-backend
        """
        now = int(time.time())
        usual = {
            "sub": app_id,
            "aud": [f"projects/{PROJECT_NUMBER}", f"projects/{self.project_id}"],
            "provider": "custom",
            "iss": f"https://firebaseappcheck.googleapis.com/{PROJECT_NUMBER}",
            "iat": now,
            "exp": now + _LIFETIME_SECONDS,
            "jti": secrets.token_urlsafe(24),
        }
        return _changed(usual, changes)


def _changed(usual: dict[str, object], changes: Mapping[str, object]) -> Claims:
    return {name: value for name, value in (usual | dict(changes)).items() if value is not None}


def _base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
