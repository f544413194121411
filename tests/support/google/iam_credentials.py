"""Stands in for IAM Credentials, where a service account signs without anybody having its key.

Source: https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt
"""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, refusal
from support.google_hosts.ledger import Ledger
from support.production.id_tokens import SigningKey, encode

HOST = "iamcredentials.googleapis.com"
_LONGEST_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class SigningAccount:
    """The one service account for which others may sign.

    Attributes:
        ledger: told of every token that is signed.
    """

    email: str
    ledger: Ledger
    key: SigningKey = field(default_factory=lambda: SigningKey.generate("5e7f1ce4cc07"))

    def sign(self, payload: dict[str, Any]) -> str:
        """Return a JWT."""
        token = encode({"alg": "RS256", "kid": self.key.kid, "typ": "JWT"}, payload, self.key.sign)
        self.ledger.secret("custom token", token, *token.split(".")[1:])
        return token

    def payload(self, token: str, audience: str) -> dict[str, Any] | None:
        """Return what is in a custom token if it is good: the signature, who made it, for whom, and for how long."""
        signed, _, signature = token.rpartition(".")
        public_key = x509.load_pem_x509_certificate(self.key.certificate.encode()).public_key()
        assert isinstance(public_key, rsa.RSAPublicKey)
        try:
            public_key.verify(
                base64.urlsafe_b64decode(signature + "=="), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return None
        payload: dict[str, Any] = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
        lifetime = payload["exp"] - payload["iat"]
        good = (payload["iss"], payload["sub"], payload["aud"]) == (self.email, self.email, audience)
        return payload if good and 0 < lifetime <= _LONGEST_SECONDS and payload["exp"] > time.time() else None


def create_credentials_app(access: ApiAccess, account: SigningAccount) -> Starlette:
    """Return an app that signs for this account, and is refused for every other."""

    async def sign(request: Request) -> Response:
        if request.path_params["email"] != account.email:
            message = "Permission 'iam.serviceAccounts.signJwt' denied on resource."
            return refusal(403, "PERMISSION_DENIED", message, "IAM_PERMISSION_DENIED")
        body = await request.json()
        if body.keys() - {"delegates", "payload"} or not isinstance(body["payload"], str):
            return refusal(400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
        return JSONResponse({"keyId": account.key.kid, "signedJwt": account.sign(json.loads(body["payload"]))})

    return behind(access, HOST, [("POST", "/v1/projects/-/serviceAccounts/{email}:signJwt", sign)])
