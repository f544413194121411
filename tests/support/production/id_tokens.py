"""Firebase ID tokens, good and bad, signed as Google signs them."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_LIFETIME_SECONDS = 3600

Claims = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One of the keys that securetoken@system.gserviceaccount.com signs with.

    Attributes:
        kid: its name in the header of a token, and in the list of certificates.
        certificate: self-signed X.509 certificate in PEM.
    """

    kid: str
    certificate: str
    _private_key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def generate(cls, kid: str) -> "SigningKey":
        """Make a new key."""
        private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "securetoken.system.gserviceaccount.com")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(private_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=14))
            .sign(private_key, hashes.SHA256())
        )
        return cls(kid, certificate.public_bytes(serialization.Encoding.PEM).decode(), private_key)

    def sign(self, message: bytes) -> bytes:
        """Return the RS256 signature."""
        return self._private_key.sign(message, padding.PKCS1v15(), hashes.SHA256())


@dataclass(frozen=True, slots=True)
class IdTokens:
    """Makes the ID tokens of one Firebase project.

    Attributes:
        key: a key whose certificate is published.
    """

    project_id: str
    key: SigningKey

    def good(self, uid: str, **changes: object) -> str:
        """Return a signed token; a keyword changes that claim, and None takes it out."""
        return encode(self.header(), self.claims(uid, **changes), self.key.sign)

    def header(self, **changes: object) -> Claims:
        """Return the header of a good token, with these changes."""
        return _changed({"alg": "RS256", "kid": self.key.kid, "typ": "JWT"}, changes)

    def claims(self, uid: str, **changes: object) -> Claims:
        """Return the payload of a good token, with these changes."""
        now = int(time.time())
        usual = {
            "iss": f"https://securetoken.google.com/{self.project_id}",
            "aud": self.project_id,
            "auth_time": now - 60,
            "iat": now - 60,
            "exp": now - 60 + _LIFETIME_SECONDS,
            "sub": uid,
            "user_id": uid,
            "name": "Ada Lovelace",
            "email": "ada@sample.example",
            "email_verified": True,
            "firebase": {"identities": {"email": ["ada@sample.example"]}, "sign_in_provider": "password"},
        }
        return _changed(usual, changes)


def encode(header: Claims, claims: Claims, sign: Callable[[bytes], bytes]) -> str:
    """Return a JWT of any header and payload, with whatever `sign` makes of them as its signature."""
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{_base64url(sign(signed.encode()))}"


def encode_json(header: str, payload: str) -> str:
    """Return an unsigned JWT of any two texts, be they JSON or not."""
    return f"{_base64url(header.encode())}.{_base64url(payload.encode())}.{_base64url(b'unsigned')}"


def _changed(usual: dict[str, object], changes: Claims) -> Claims:
    return {name: value for name, value in (usual | dict(changes)).items() if value is not None}


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
