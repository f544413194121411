"""Google as an operator's programs meet it: a project, its bucket, its secret, and whoever is logged in."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from support.google import (
    access_tokens,
    cloud_run,
    gemini_models,
    identity_toolkit,
    resource_manager,
    secret_store,
    service_usage,
)
from support.google.access import ApiAccess, refusal
from support.google.cloud_run import RunService
from support.google.project_policy import BILLING, create_billing_info_app
from support.google.resource_manager import Project
from support.google.storage import Bucket, CloudStorage, create_storage_app

PROJECT = "my-app-1a2b"
# The number that the offline provider invents for this project.
NUMBER = 809813998066
SECRET = f"projects/{PROJECT}/secrets/gemini-api-key"
STATE_BUCKET = f"{PROJECT}-live-tokens-state"
STATE = "live-tokens/europe-west1/default.tfstate"
LOGIN_TOKEN = "ya29.made-up-token-of-the-person-who-is-logged-in"
KEY = "AQ.made-up-key-for-the-tests-1234567890"
KEY_OF_NOBODY = "no-prefix-tells-a-key-1234567890"
DEFAULT_TOKEN = "ya29.made-up-token-of-the-application-default-credentials"

FUNCTION = "mint-live-token"
OTHER_FUNCTION = "another"
REGION = "europe-west1"
ELSEWHERE = "us-central1"


def nobody(_request: str) -> None:
    """Watch nothing."""


@dataclass(slots=True)
class Google:
    """All of Google that there is.

    Attributes:
        projects: those that the account may see.
        billing: project → billing account.
        secrets: secret → versions.
        services: project → APIs that were switched on.
        run_services: of each function, by its name; of the one in another region, by that.
        watch: called while a request of gcloud is in the air, as `host path`.
    """

    projects: dict[str, Project] = field(default_factory=lambda: {PROJECT: Project(NUMBER)})
    billing: dict[str, str | None] = field(default_factory=lambda: {PROJECT: "billingAccounts/0X0X0X-0X0X0X-0X0X0X"})
    storage: CloudStorage = field(default_factory=lambda: CloudStorage({PROJECT: NUMBER, "elsewhere": 2}))
    secrets: dict[str, list[secret_store.Version]] = field(default_factory=lambda: {SECRET: []})
    identity: identity_toolkit.IdentityToolkit = field(
        default_factory=lambda: identity_toolkit.IdentityToolkit({PROJECT: "AIzaSy-made-up-web-api-key"})
    )
    services: dict[str, set[str]] = field(default_factory=lambda: {PROJECT: set()})
    gemini: gemini_models.GeminiModels = field(default_factory=lambda: gemini_models.GeminiModels(KEY))
    run_services: dict[str, RunService] = field(
        default_factory=lambda: (
            {
                name: RunService(PROJECT, REGION, name, revisions=[f"{name}-00001-abc"])
                for name in (FUNCTION, OTHER_FUNCTION)
            }
            | {ELSEWHERE: RunService(PROJECT, ELSEWHERE, FUNCTION, revisions=[f"{FUNCTION}-00001-xyz"])}
        )
    )
    watch: Callable[[str], None] = nobody

    def apps(self) -> dict[str, ASGIApp]:
        """Return host name → what answers for it."""
        access = ApiAccess(
            DEFAULT_TOKEN,
            services={BILLING, cloud_run.HOST, resource_manager.HOST, secret_store.HOST, service_usage.HOST},
        )
        # A person's credentials belong to no project, and this API wants to know who answers for the call.
        access_with_project = ApiAccess(DEFAULT_TOKEN, user_project=PROJECT, services={identity_toolkit.HOST})
        secrets = {name: secret_store.Secret(name, versions) for name, versions in self.secrets.items()}
        run = cloud_run.create_run_app(access, list(self.run_services.values()))
        at_home = cloud_run.create_run_app(
            access, [each for each in self.run_services.values() if each.region == REGION]
        )
        behind_a_login: dict[str, ASGIApp] = {
            resource_manager.HOST: resource_manager.create_resource_manager_app(access, self.projects),
            BILLING: create_billing_info_app(access, self.billing),
            "storage.googleapis.com": create_storage_app(self.storage),
            secret_store.HOST: secret_store.create_secret_app(access, secrets, {str(NUMBER): PROJECT}),
            service_usage.HOST: service_usage.create_service_usage_app(
                access, PROJECT, str(NUMBER), self.services[PROJECT]
            ),
            identity_toolkit.HOST: identity_toolkit.create_identity_app(access_with_project, self.identity),
            f"{REGION}-{cloud_run.HOST}": at_home,  # as gcloud calls it
            cloud_run.HOST: run,
        }
        in_the_open: dict[str, ASGIApp] = {
            access_tokens.HOST: access_tokens.create_token_app(DEFAULT_TOKEN),
            gemini_models.HOST: gemini_models.create_models_app(self.gemini),
        }
        return {host: _Guarded(self, host, app) for host, app in behind_a_login.items()} | in_the_open

    @property
    def state_bucket(self) -> Bucket:
        """The bucket with Terraform's state, which must be there."""
        return self.storage.buckets[STATE_BUCKET]

    @property
    def addresses(self) -> list[str]:
        """What Terraform has in its state, as `type.name`."""
        state = json.loads(self.state_bucket.objects[STATE].content)
        return sorted(f"{resource['type']}.{resource['name']}" for resource in state["resources"])

    @property
    def locked(self) -> bool:
        """Whether the state is locked."""
        return STATE.replace(".tfstate", ".tflock") in self.state_bucket.objects

    @property
    def every_content(self) -> bytes:
        """All that any object of any bucket has ever held."""
        buckets = self.storage.buckets.values()
        return b"\0".join(o.content for bucket in buckets for o in (*bucket.objects.values(), *bucket.history))


class _Guarded:
    """Refuses whoever is not signed in, and lets a test look on."""

    def __init__(self, google: Google, host: str, app: ASGIApp) -> None:
        self._google, self._host, self._app = google, host, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = MutableHeaders(scope=scope)
        request = Request(scope)
        app = self._app
        if headers.get("Authorization") == f"Bearer {LOGIN_TOKEN}":
            headers["Authorization"] = f"Bearer {DEFAULT_TOKEN}"  # to the APIs, both logins are the same account
        elif headers.get("Authorization") != f"Bearer {DEFAULT_TOKEN}":
            app = refusal(401, "UNAUTHENTICATED", "Request is missing required authentication credential.")
        self._google.watch(f"{self._host} {request.url.path}")
        await app(scope, receive, send)


class SwitchableHost:
    """Stands behind a host name for a whole session; each test brings its own Google."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.app: ASGIApp = Response("nobody answers here", 500)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def command_lines_with(text: str) -> list[str]:
    """Return the command lines of all processes of this moment that have `text` in them."""
    found = []
    for process in Path("/proc").iterdir():
        if re.fullmatch(r"[0-9]+", process.name):
            try:
                line = (process / "cmdline").read_bytes()
            except OSError:
                continue  # it ended meanwhile
            if text.encode() in line:
                found.append(line.replace(b"\0", b" ").decode(errors="replace"))
    return found
