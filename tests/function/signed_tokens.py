"""A key that signs as Firebase does, and the public half of it in the forms in which Firebase publishes it."""

import base64
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from function.made_up import APP_ID, PROJECT

KEY_ID = "0a1b2c3d4e5f"


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate() -> str:
    """Return a self-signed X.509 certificate in PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "securetoken.system.gserviceaccount.com")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private_key().public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
    )
    return builder.sign(private_key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def jwk(key_id: str = KEY_ID) -> dict[str, str]:
    """Return the public key as a JSON Web Key."""
    algorithm = jwt.algorithms.RSAAlgorithm
    fields: dict[str, str] = json.loads(algorithm.to_jwk(private_key().public_key()))
    return {name: fields[name] for name in ("kty", "n", "e")} | {"kid": key_id, "alg": "RS256", "use": "sig"}


def id_token(header: Mapping[str, object] | None = None, **changed: object) -> str:
    """Return a signed ID token of our project; a keyword changes a claim, and None takes it out."""
    now = int(time.time())
    usual = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": "user-1",
        "iat": now - 60,
        "exp": now + 3540,
        "auth_time": now - 60,
        "firebase": {"sign_in_provider": "password"},
    }
    return signed(usual | changed, header)


def app_check_token(header: Mapping[str, object] | None = None, **changed: object) -> str:
    """Return a signed App Check token of our project; a keyword changes a claim, and None takes it out."""
    now = int(time.time())
    usual = {
        "iss": "https://firebaseappcheck.googleapis.com/1234",
        "aud": ["projects/1234", f"projects/{PROJECT}"],
        "sub": APP_ID,
        "iat": now - 60,
        "exp": now + 3540,
    }
    return signed(usual | changed, header)


def signed(claims: Mapping[str, object], header: Mapping[str, object] | None = None) -> str:
    present = {name: value for name, value in claims.items() if value is not None}
    return sign_text(
        json.dumps({"alg": "RS256", "typ": "JWT", "kid": KEY_ID} | dict(header or {})), json.dumps(present)
    )


def sign_text(header: str, payload: str) -> str:
    """Return a token of any two texts, signed."""
    message = f"{_base64url(header.encode())}.{_base64url(payload.encode())}"
    signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(message.encode(), private_key())
    return f"{message}.{_base64url(signature)}"


def other_spellings(token: str) -> list[str]:
    """Return texts that careless decoders read as the same token."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(token[-1])  # of 256 bytes, the last character has four bits that mean nothing
    same_bytes = [token[:-1] + alphabet[last & ~15 | bits] for bits in range(16) if bits != last & 15]
    standard_alphabet = token.replace("_", "/")  # one signature in two hundred has no "_": the same text then
    spellings = [f"{token}==", f"{token}=", f"{token}\n", f" {token}", standard_alphabet, *same_bytes]
    return [spelling for spelling in spellings if spelling != token]


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
