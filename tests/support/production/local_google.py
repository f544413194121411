"""All of Google that the function needs, on this machine, under Google's own host names."""

import base64
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import google_crc32c
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from gemini_live_stand_in import GeminiStandIn, StandInConfig
from gemini_live_stand_in import create_app as create_gemini_app
from gemini_live_stand_in.serving import serve
from secret_manager_stand_in import StandInSecret
from secret_manager_stand_in import create_app as create_secret_manager_app
from support.google import (
    access_tokens,
    app_check,
    certificates,
    firebase_apps,
    iam_credentials,
    identity_toolkit,
    metadata_server,
)
from support.google.access import ApiAccess
from support.google.app_check import AppCheck
from support.google_hosts.hosts import run_google_hosts
from support.google_hosts.ledger import Ledger
from support.google_hosts.tls_proxy import TlsProxy
from support.google_hosts.upstream import Upstream
from support.production.app_check_tokens import APP_ID, AppCheckKey, AppCheckTokens
from support.production.id_tokens import IdTokens, SigningKey
from support.production.service_account import ServiceAccount

_SECRET_MANAGER = "secretmanager.googleapis.com"
_GEMINI = "generativelanguage.googleapis.com"

PROJECT = "sample-app-1a2b"
SECRET = f"projects/{PROJECT}/secrets/gemini-api-key"
SIGNER = f"live-tokens@{PROJECT}.iam.gserviceaccount.com"
"""The service account for which others may sign."""
NO_SECRET = f"projects/{PROJECT}/secrets/not-there/versions/latest"
_NEVER_KEPT_SECONDS = 1
"""google-auth refreshes an access token minutes before its end, so one of a second is fetched for every request."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How many requests Google has seen: what a caller has caused, and what it has cost."""

    look_ups: int
    secret_reads: int
    mints: int


@dataclass(frozen=True, slots=True)
class LocalGoogle:
    """The services, the data in them, and the way to them."""

    proxy: TlsProxy
    certificates: Upstream
    accounts: Upstream
    app_check: Upstream
    access_tokens: Upstream
    iam: Upstream
    secret_manager: Upstream
    gemini: Upstream
    metadata: Upstream

    signing_key: SigningKey
    id_tokens: IdTokens
    identity: identity_toolkit.IdentityToolkit
    app_check_tokens: AppCheckTokens
    app_check_service: AppCheck
    secret: StandInSecret
    gemini_stand_in: GeminiStandIn

    ledger: Ledger
    environment: Mapping[str, str]
    """Environment variables that lead a process here, and trust what it finds."""
    key_file: Mapping[str, str]
    """Environment variable with Application Default Credentials from a file."""
    metadata_server: Mapping[str, str]
    """Environment variables with Application Default Credentials as on Cloud Run."""

    @property
    def traffic(self) -> Traffic:
        """The requests so far."""
        return Traffic(self.accounts.requests, self.secret_manager.requests, self.gemini.requests)

    @contextmanager
    def holding_back(self) -> Iterator[None]:
        """Give nothing that a start fetches ahead: certificates, keys, credentials of Cloud Run."""
        kept = (self.certificates.host, self.app_check.host, self.secret_manager.host)
        with ExitStack() as faults:
            for host in kept:
                faults.enter_context(self.proxy.refusing(host))
            faults.enter_context(self.metadata.answering(Response(status_code=500)))
            yield

    def sign_up(self, *, disabled: bool = False, valid_since: int = 0) -> str:
        """Add a user, and return the uid."""
        uid = secrets.token_hex(14)
        self.identity.users[uid] = identity_toolkit.User(uid, str(valid_since), disabled)
        return uid

    def sign_in(self) -> str:
        """Return a good ID token of a new user."""
        return self.id_tokens.good(self.sign_up())

    def new_api_key(self) -> str:
        """Return an API key that Gemini has never seen."""
        key = "AIzaSy" + secrets.token_urlsafe(25)
        self.ledger.secret("API key", key)
        return key

    def secret_payload(self, payload: bytes, crc32c: int | None = None) -> JSONResponse:
        """Return Secret Manager's answer with any payload, and its own checksum or another."""
        checksum = google_crc32c.value(payload) if crc32c is None else crc32c
        data = base64.b64encode(payload).decode()
        return JSONResponse({"name": f"{SECRET}/versions/1", "payload": {"data": data, "dataCrc32c": str(checksum)}})


@contextmanager
def run_local_google(folder: Path, ledger: Ledger) -> Iterator[LocalGoogle]:
    """Serve all of it until the end of the `with` block.

    Args:
        folder: for certificates and credentials.
        ledger: told of every credential.
    """
    service_account = ServiceAccount.create(PROJECT, folder / "service-account.json")
    signing_key = SigningKey.generate("0a1b2c3d4e5f")
    access_token = "ya29." + secrets.token_urlsafe(40)
    access = ApiAccess(access_token, services={app_check.HOST, iam_credentials.HOST, identity_toolkit.HOST})
    signer = iam_credentials.SigningAccount(SIGNER, ledger)
    web_api_key = "AIzaSy" + secrets.token_urlsafe(25)
    identity = identity_toolkit.IdentityToolkit({PROJECT: web_api_key})
    id_tokens = IdTokens(PROJECT, signing_key)
    app_check_key = AppCheckKey.generate("a1b2c3")
    app_check_tokens = AppCheckTokens(PROJECT, app_check_key)
    apps_of_project = firebase_apps.Firebase(PROJECT, [firebase_apps.App(APP_ID, "ANDROID")])
    app_check_service = AppCheck(apps_of_project, [app_check_key.jwk])
    api_key = "AIzaSy" + secrets.token_urlsafe(25)
    secret = StandInSecret(SECRET, [api_key.encode()])
    gemini_stand_in = GeminiStandIn(StandInConfig(api_keys=frozenset({api_key})))

    ledger.secret("access token", access_token)
    ledger.secret("API key", api_key)
    ledger.secret("web API key", web_api_key)
    ledger.private_key(service_account.private_key)

    apps: dict[str, ASGIApp] = {
        certificates.HOST: certificates.create_certificate_app(
            {signing_key.kid: signing_key.certificate}, "public, max-age=19845, must-revalidate"
        ),
        identity_toolkit.HOST: identity_toolkit.create_identity_app(access, identity, id_tokens, signer),
        app_check.HOST: app_check.create_app_check_app(access, app_check_service, app_check_tokens, signer),
        iam_credentials.HOST: iam_credentials.create_credentials_app(access, signer),
        access_tokens.HOST: access_tokens.create_token_app(access_token, _NEVER_KEPT_SECONDS),
        _SECRET_MANAGER: create_secret_manager_app(secret),
        _GEMINI: create_gemini_app(gemini_stand_in),
    }
    metadata = Upstream(
        metadata_server.HOST, metadata_server.create_metadata_app(access_token, PROJECT, _NEVER_KEPT_SECONDS)
    )
    with run_google_hosts(folder, apps) as hosts, serve(metadata) as metadata_address:
        yield LocalGoogle(
            proxy=hosts.proxy,
            certificates=hosts.upstreams[certificates.HOST],
            accounts=hosts.upstreams[identity_toolkit.HOST],
            app_check=hosts.upstreams[app_check.HOST],
            access_tokens=hosts.upstreams[access_tokens.HOST],
            iam=hosts.upstreams[iam_credentials.HOST],
            secret_manager=hosts.upstreams[_SECRET_MANAGER],
            gemini=hosts.upstreams[_GEMINI],
            metadata=metadata,
            signing_key=signing_key,
            id_tokens=id_tokens,
            identity=identity,
            app_check_tokens=app_check_tokens,
            app_check_service=app_check_service,
            secret=secret,
            gemini_stand_in=gemini_stand_in,
            ledger=ledger,
            environment=hosts.environment,
            key_file={"GOOGLE_APPLICATION_CREDENTIALS": str(service_account.file)},
            metadata_server={"GCE_METADATA_HOST": metadata_address, "GCE_METADATA_IP": metadata_address},
        )
