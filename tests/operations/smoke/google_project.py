"""A Firebase project at Google, on this machine: the real function behind Google's names, and what signs users in."""

import base64
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gemini_live_stand_in.serving import serve
from support.google.access import ApiAccess, refusal
from support.google.identity_config import IDENTITY, create_identity_app
from support.google_hosts.ledger import Ledger
from support.google_hosts.upstream import Upstream
from support.production.function_process import run_function
from support.production.google_stand_ins import User, create_accounts_app, create_app_check_app
from support.production.id_tokens import SigningKey, encode
from support.production.local_google import PROJECT, SECRET, LocalGoogle
from support.smoke_program import Outcome, smoke

HOST = f"europe-west1-{PROJECT}.cloudfunctions.net"
URL = f"https://{HOST}/mint-live-token"
SERVICE_ACCOUNT = f"live-tokens@{PROJECT}.iam.gserviceaccount.com"
APP_ID = "1:123456789012:android:0a1b2c3d4e5f6a7b8c9d0e"

_CUSTOM_TOKEN_AUDIENCE = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"
_APP_CHECK_AUDIENCE = "https://firebaseappcheck.googleapis.com/google.firebase.appcheck.v1.TokenExchangeService"
_LONGEST_SECONDS = 3600
_SHORTEST_PASSWORD = 6

Json = dict[str, Any]


def google_error(code: int, message: str, status: str = "INVALID_ARGUMENT", reason: str | None = None) -> JSONResponse:
    """Return an error of the kind that Identity Toolkit has most."""
    return refusal(code, status, message, reason or "")


@dataclass
class GoogleProject:
    """The project, and everything that was asked of it.

    Attributes:
        google: the services that the function uses.
        iam: answers for IAM Credentials.
        faults: method of Identity Toolkit → what answers in its place.
        signed_in: payloads of the custom tokens that were exchanged.
        signed_up: addresses of those who signed up with a password.
        app_check_tokens: how many App Check tokens were given out.
    """

    google: LocalGoogle
    api_key: str = field(default_factory=lambda: "AIzaSy" + secrets.token_urlsafe(25))
    faults: dict[str, Response] = field(default_factory=dict)
    signed_in: list[Json] = field(default_factory=list)
    signed_up: list[str] = field(default_factory=list)
    app_check_tokens: int = 0
    _key: SigningKey = field(default_factory=lambda: SigningKey.generate("5e7f1ce4cc07"))

    def __post_init__(self) -> None:
        self.google.ledger.secret("web API key", self.api_key)
        self.iam = Upstream(
            "iamcredentials.googleapis.com", Starlette(routes=[Route(_SIGN, self._sign, methods=["POST"])])
        )

    @property
    def identity_toolkit(self) -> ASGIApp:
        """Identity Toolkit with all that the function, the app and the operator call."""
        access = ApiAccess(self.google.users.access_token, services={IDENTITY})
        config = create_identity_app(access, {PROJECT: self.api_key})
        return Starlette(
            routes=[
                Route("/v1/accounts:signInWithCustomToken", self._sign_in, methods=["POST"]),
                Route("/v1/accounts:signUp", self._sign_up, methods=["POST"]),
                Route("/v1/accounts:lookup", self._look_up, methods=["POST"]),
                Route("/v1/accounts:delete", self._delete, methods=["POST"]),
                Route(f"/admin/v2/projects/{PROJECT}/config", _UnlessFaulty(self.faults, "config", config)),
                Mount("/", create_accounts_app(self.google.users, PROJECT)),
            ]
        )

    @property
    def app_check(self) -> ASGIApp:
        """App Check with the exchange of custom tokens."""
        exchange = f"/v1/projects/{PROJECT}/apps/{APP_ID}:exchangeCustomToken"
        return Starlette(
            routes=[
                Route(exchange, self._exchange, methods=["POST"]),
                Mount("/", create_app_check_app(self.google.app_check_service)),
            ]
        )

    def smoke(self, *arguments: str, url: str = URL, **environment: str) -> Outcome:
        """Run the smoke test as Cloud Build does: as the account of a metadata server. It must leak nothing."""
        outcome = smoke(url, "--timeout", "10", *arguments, environment=self.environment(environment))
        self.google.ledger.heard("the smoke test", outcome.out + outcome.err)
        return outcome

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a program in this project."""
        return {**self.google.environment, **self.google.metadata_server, "FIREBASE_PROJECT_ID": PROJECT, **more}

    async def _sign(self, request: Request) -> Response:
        """Source: https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt"""
        if not self._authorised(request):
            return google_error(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED")
        if request.path_params["email"] != SERVICE_ACCOUNT:
            return google_error(
                403,
                "Permission 'iam.serviceAccounts.signJwt' denied on resource.",
                "PERMISSION_DENIED",
                "IAM_PERMISSION_DENIED",
            )
        body = await request.json()
        if body.keys() - {"delegates", "payload"} or not isinstance(body["payload"], str):
            return google_error(400, "Invalid JSON payload received.")
        token = encode(
            {"alg": "RS256", "kid": self._key.kid, "typ": "JWT"}, json.loads(body["payload"]), self._key.sign
        )
        self.google.ledger.secret("custom token", token, *token.split(".")[1:])
        return JSONResponse({"keyId": self._key.kid, "signedJwt": token})

    async def _sign_in(self, request: Request) -> Response:
        """Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signInWithCustomToken"""
        if (refused := self._refusal(request, "signInWithCustomToken")) is not None:
            return refused
        body = await request.json()
        payload = self._payload(body["token"], _CUSTOM_TOKEN_AUDIENCE)
        if payload is None or not 1 <= len(payload["uid"]) <= 128:
            return google_error(400, "INVALID_CUSTOM_TOKEN : The token is not good.")
        self.signed_in.append(payload)
        uid = payload["uid"]
        self.google.users.users[uid] = User(uid)
        profile = {"name": None, "email": None, "email_verified": None}
        firebase = {"identities": {}, "sign_in_provider": "custom"}
        token = self.google.id_tokens.good(uid, firebase=firebase, **profile, **payload.get("claims", {}))
        self.google.ledger.id_token(token)
        return JSONResponse({"idToken": token, "refreshToken": "r", "expiresIn": "3600", "isNewUser": True})

    async def _sign_up(self, request: Request) -> Response:
        """Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signUp"""
        if (refused := self._refusal(request, "signUp")) is not None:
            return refused
        body = await request.json()
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", body["email"]):
            return google_error(400, "INVALID_EMAIL")
        if len(body["password"]) < _SHORTEST_PASSWORD:
            return google_error(400, "WEAK_PASSWORD : Password should be at least 6 characters")
        self.google.ledger.secret("password", body["password"])
        self.signed_up.append(body["email"])
        uid = secrets.token_hex(14)
        self.google.users.users[uid] = User(uid)
        token = self.google.id_tokens.good(uid, email=body["email"], email_verified=False)
        self.google.ledger.id_token(token)
        return JSONResponse({"idToken": token, "refreshToken": "r", "expiresIn": "3600", "localId": uid})

    async def _look_up(self, request: Request) -> Response:
        """Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/lookup"""
        if (refused := self._refusal(request, "lookup")) is not None:
            return refused
        user = self.google.users.users[_uid((await request.json())["idToken"])]
        return JSONResponse({"kind": "identitytoolkit#GetAccountInfoResponse", "users": [asdict(user)]})

    async def _delete(self, request: Request) -> Response:
        """Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/delete"""
        if (refused := self._refusal(request, "delete")) is not None:
            return refused
        if self.google.users.users.pop(_uid((await request.json())["idToken"]), None) is None:
            return google_error(400, "USER_NOT_FOUND")
        return JSONResponse({"kind": "identitytoolkit#DeleteAccountResponse"})

    async def _exchange(self, request: Request) -> Response:
        """Source: https://firebase.google.com/docs/reference/appcheck/rest/v1/projects.apps/exchangeCustomToken"""
        if not self._authorised(request):
            return google_error(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED")
        body = await request.json()
        payload = self._payload(body["customToken"], _APP_CHECK_AUDIENCE)
        if body.keys() - {"customToken", "limitedUse"} or payload is None or payload["app_id"] != APP_ID:
            return google_error(403, "App attestation failed.", "PERMISSION_DENIED")
        self.app_check_tokens += 1
        token = self.google.app_check_tokens.good(APP_ID)
        self.google.ledger.app_check_token(token)
        return JSONResponse({"token": token, "ttl": "300s"})

    def _refusal(self, request: Request, method: str) -> Response | None:
        if method in self.faults:
            return self.faults[method]
        if request.headers.get("X-Goog-Api-Key") != self.api_key:
            return google_error(400, "API key not valid. Please pass a valid API key.", reason="API_KEY_INVALID")
        return None

    def _authorised(self, request: Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.google.users.access_token}"

    def _payload(self, token: str, audience: str) -> Json | None:
        """Verify a custom token as Google does: the signature of a service account of this project, and its claims."""
        signed, _, signature = token.rpartition(".")
        public_key = x509.load_pem_x509_certificate(self._key.certificate.encode()).public_key()
        assert isinstance(public_key, rsa.RSAPublicKey)
        try:
            public_key.verify(
                base64.urlsafe_b64decode(signature + "=="), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return None
        payload: Json = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
        lifetime = payload["exp"] - payload["iat"]
        good = (payload["iss"], payload["sub"], payload["aud"]) == (SERVICE_ACCOUNT, SERVICE_ACCOUNT, audience)
        return payload if good and 0 < lifetime <= _LONGEST_SECONDS and payload["exp"] > time.time() else None


def _uid(id_token: str) -> str:
    uid: str = json.loads(base64.urlsafe_b64decode(id_token.split(".")[1] + "=="))["sub"]
    return uid


class _UnlessFaulty:
    """Answers with the fault of a method, if it has one, and lets an app answer otherwise."""

    def __init__(self, faults: Mapping[str, Response], method: str, app: ASGIApp) -> None:
        self._faults, self._method, self._app = faults, method, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._faults.get(self._method, self._app)(scope, receive, send)


_SIGN = "/v1/projects/-/serviceAccounts/{email}:signJwt"


@contextmanager
def run_google_project(google: LocalGoogle) -> Iterator[GoogleProject]:
    """Serve it until the end of the `with` block."""
    project = GoogleProject(google)
    google.users.users.clear()
    with ExitStack() as stack:
        google.proxy.route(project.iam.host, stack.enter_context(serve(project.iam)))
        stack.enter_context(google.accounts.answering(project.identity_toolkit))
        stack.enter_context(google.app_check.answering(project.app_check))
        yield project


@contextmanager
def run_deployed_function(google: LocalGoogle, folder: Path, host: str, **settings: str) -> Iterator[None]:
    """Run the unmodified function behind `host`, as Cloud Run does."""
    environment = {
        **google.environment,
        **google.key_file,
        "FIREBASE_PROJECT_ID": PROJECT,
        "GEMINI_API_KEY_SECRET": f"{SECRET}/versions/latest",
        "QUOTA_STORE": "memory",
        **settings,
    }
    ledger: Ledger = google.ledger
    with run_function(environment, folder, ledger) as function:
        google.proxy.route(host, function.url.removeprefix("http://"))
        yield
