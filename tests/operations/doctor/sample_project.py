"""A project in which everything is as it should be, under Google's own host names; each test breaks one thing."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from support.google import (
    access_tokens,
    app_check,
    backend_services,
    cloud_functions,
    cloud_run,
    firebase_apps,
    firestore_admin,
    gemini_models,
    identity_toolkit,
    log_entries,
    monitoring,
    project_policy,
    resource_manager,
    secret_store,
    service_accounts,
    service_usage,
    storage,
)
from support.google.access import ApiAccess, refusal
from support.google.cloud_functions import CloudFunctions
from support.google.cloud_run import RunService
from support.google_hosts.hosts import GoogleHosts, run_google_hosts

PROJECT, NUMBER, REGION, FUNCTION = "sample-app-1a2b", "123456789012", "europe-west1", "mint-live-token"
PLACE = f"projects/{PROJECT}/locations/{REGION}"
SECRET = f"projects/{PROJECT}/secrets/gemini-api-key"
DATABASE = f"projects/{PROJECT}/databases/live-tokens"
RUNTIME = f"serviceAccount:live-tokens-runtime@{PROJECT}.iam.gserviceaccount.com"
RELEASE = f"serviceAccount:live-tokens-release@{PROJECT}.iam.gserviceaccount.com"
SMOKE = f"serviceAccount:live-tokens-smoke@{PROJECT}.iam.gserviceaccount.com"
JOBS = (
    f"principalSet://iam.googleapis.com/projects/{NUMBER}/locations/global/workloadIdentityPools/github/attribute.task"
)
ANDROID_APP, IOS_APP, WEB_APP = f"1:{NUMBER}:android:a1", f"1:{NUMBER}:ios:b2", f"1:{NUMBER}:web:c3"
CLOSED_RULES = """
rules_version = '2';
// allow read: if true; would open it
service cloud.firestore { match /databases/{database}/documents { match /{document=**} {
  allow read, write: if false;
} } }
"""

ACCESS_TOKENS, CERTIFICATES = access_tokens.HOST, "www.googleapis.com"
FUNCTION_HOST = f"{REGION}-{PROJECT}.cloudfunctions.net"
ELSEWHERE = "us-central1"
HOST_ELSEWHERE = f"{ELSEWHERE}-{PROJECT}.cloudfunctions.net"
OWN_HOST = "tokens.example.com"
_SERVICES = (
    "artifactregistry",
    "cloudbilling",
    "cloudbuild",
    "cloudfunctions",
    "cloudresourcemanager",
    "compute",
    "firebase",
    "firebaseappcheck",
    "firebaserules",
    "firestore",
    "generativelanguage",
    "iam",
    "identitytoolkit",
    "logging",
    "monitoring",
    "orgpolicy",
    "run",
    "secretmanager",
    "serviceusage",
)


@dataclass(slots=True)
class Sample:
    """All of it. What is changed here is what the doctor sees.

    Attributes:
        access: which credentials are accepted, and which APIs are on.
        project: roles on the project, organisation policy.
        billing: project → billing account.
        storage: has no bucket: `make deploy` never ran.
        accounts: e-mail address of a service account → who has which role on it.
        minted_call: what the function answers to a call without a sign-in.
        call_elsewhere: the same in the other region, if there is one.
        backend_services: of the load balancer → regions that it leads to.
    """

    access: ApiAccess
    project: resource_manager.Project
    billing: dict[str, str | None]
    functions: dict[str, dict[str, Any]]
    run_services: list[RunService]
    secrets: dict[str, secret_store.Secret]
    databases: dict[str, firestore_admin.Database]
    identity: identity_toolkit.IdentityToolkit
    firebase: firebase_apps.Firebase
    gemini: gemini_models.GeminiModels
    storage: storage.CloudStorage
    accounts: dict[str, list[dict[str, Any]]]
    monitoring: monitoring.Monitoring
    minted_call: Response
    key: str = field(repr=False)
    log: log_entries.Log = field(default_factory=log_entries.Log)
    call_elsewhere: Response = field(default_factory=lambda: Response("nobody is here", 404))
    backend_services: dict[str, list[str]] = field(default_factory=dict)

    def add_region(self) -> None:
        """Run the function in another region, too, behind a load balancer that leads to both."""
        home, there = (f"projects/{PROJECT}/locations/{region}" for region in (REGION, ELSEWHERE))
        function = deepcopy(self.function)
        function.update(
            name=f"{there}/functions/{FUNCTION}",
            labels=function.get("labels", {}) | {"live-tokens-additional": "true"},
            url=f"https://{HOST_ELSEWHERE}/{FUNCTION}",
        )
        function["serviceConfig"]["service"] = f"{there}/services/{FUNCTION}"
        at_home = dict(self.functions)
        self.functions.clear()
        self.functions.update({function["name"]: function, **at_home})  # Google lists them in no special order
        service = deepcopy(self.service)
        service.region, service.full_name = ELSEWHERE, service.full_name.replace(home, there)
        self.run_services.append(service)
        self.secret.replicas = (REGION, ELSEWHERE)
        self.call_elsewhere = self.minted_call
        self.backend_services["live-tokens-live"] = [REGION, ELSEWHERE]

    @property
    def elsewhere(self) -> dict[str, Any]:
        """The function in the other region."""
        return self.functions[f"projects/{PROJECT}/locations/{ELSEWHERE}/functions/{FUNCTION}"]

    @property
    def function(self) -> dict[str, Any]:
        """The function."""
        return self.functions[f"{PLACE}/functions/{FUNCTION}"]

    @property
    def environment(self) -> dict[str, str]:
        """The function's environment variables."""
        variables: dict[str, str] = self.function["serviceConfig"]["environmentVariables"]
        return variables

    @property
    def service(self) -> RunService:
        """The Cloud Run service under it."""
        return self.run_services[0]

    @property
    def secret(self) -> secret_store.Secret:
        """The secret with the key."""
        return self.secrets[SECRET]

    @property
    def database(self) -> firestore_admin.Database:
        """The database."""
        return self.databases[DATABASE]

    def holds(self, payload: bytes) -> None:
        """Store something in place of the key."""
        self.secret.versions = [secret_store.Version(payload)]

    def takes_key(self, key: str) -> None:
        """Store another key, which Gemini takes."""
        self.holds(key.encode())
        self.gemini.key = key

    def revoke(self, role: str) -> None:
        """Take a role away from everybody in the project."""
        self.project.bindings = [each for each in self.project.bindings if each["role"] != role]

    def apps(self) -> Mapping[str, ASGIApp]:
        """Return what answers for each host."""
        access = self.access
        return {
            service_usage.HOST: service_usage.create_service_usage_app(access, PROJECT, NUMBER, access.services),
            resource_manager.HOST: resource_manager.create_resource_manager_app(access, {PROJECT: self.project}),
            project_policy.ORGANISATION_POLICY: project_policy.create_organisation_policy_app(access, self.project),
            project_policy.BILLING: project_policy.create_billing_info_app(access, self.billing),
            cloud_functions.HOST: cloud_functions.create_functions_app(access, CloudFunctions(self.functions)),
            cloud_run.HOST: cloud_run.create_run_app(access, self.run_services),
            secret_store.HOST: secret_store.create_secret_app(access, self.secrets, {NUMBER: PROJECT}),
            firestore_admin.HOST: firestore_admin.create_firestore_app(access, self.databases),
            firestore_admin.RULES: firestore_admin.create_rules_app(access, self.databases),
            identity_toolkit.HOST: identity_toolkit.create_identity_app(access, self.identity),
            firebase_apps.HOST: firebase_apps.create_firebase_app(access, self.firebase),
            app_check.HOST: app_check.create_app_check_app(access, app_check.AppCheck(self.firebase)),
            "storage.googleapis.com": storage.create_storage_app(self.storage),
            service_accounts.HOST: service_accounts.create_accounts_app(access, self.accounts),
            monitoring.HOST: monitoring.create_monitoring_app(access, PROJECT, self.monitoring),
            log_entries.HOST: log_entries.create_logging_app(access, PROJECT, self.log),
            gemini_models.HOST: gemini_models.create_models_app(self.gemini),
            backend_services.HOST: backend_services.create_backend_services_app(access, PROJECT, self.backend_services),
            FUNCTION_HOST: _anonymous_call(lambda: self.minted_call, f"/{FUNCTION}"),
            HOST_ELSEWHERE: _anonymous_call(lambda: self.call_elsewhere, f"/{FUNCTION}"),
            OWN_HOST: _anonymous_call(lambda: self.minted_call, "/"),
            ACCESS_TOKENS: access_tokens.create_token_app(access.access_token),
            CERTIFICATES: JSONResponse({}),
        }


def without_problems() -> Sample:
    """Return a project without a fault, with everything on that can be on."""
    key = "AQ." + secrets.token_urlsafe(32)
    functions: dict[str, dict[str, Any]] = {
        f"{PLACE}/functions/{FUNCTION}": {
            "name": f"{PLACE}/functions/{FUNCTION}",
            "environment": "GEN_2",
            "state": "ACTIVE",
            "url": f"https://{FUNCTION_HOST}/{FUNCTION}",
            "buildConfig": {"build": f"projects/{NUMBER}/locations/{REGION}/builds/0a1b2c3d", "runtime": "python313"},
            "serviceConfig": {
                "service": f"{PLACE}/services/{FUNCTION}",
                "serviceAccountEmail": RUNTIME.removeprefix("serviceAccount:"),
                "ingressSettings": "ALLOW_ALL",
                "revision": f"{FUNCTION}-00002-new",
                "environmentVariables": {
                    "FIREBASE_PROJECT_ID": PROJECT,
                    "GEMINI_API_KEY_SECRET": f"{SECRET}/versions/latest",
                    "CHECK_REVOKED": "true",
                    "APP_CHECK": "enforce",
                    "APP_CHECK_CONSUME": "true",
                    "FIRESTORE_DATABASE": "live-tokens",
                    "CORS_ALLOWED_ORIGINS": "https://app.example.com",
                    "THREADS": "32",
                    "LOG_EXECUTION_ID": "true",
                },
            },
        }
    }
    service = RunService(
        PROJECT,
        REGION,
        FUNCTION,
        revisions=[f"{FUNCTION}-00001-old", f"{FUNCTION}-00002-new"],
        settings={
            "template": {
                "maxInstanceRequestConcurrency": 32,
                "containers": [{"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}],
            }
        },
        bindings=[{"role": "roles/run.invoker", "members": ["allUsers"]}],
    )
    condition = {"title": "Only the database live-tokens", "expression": f'resource.name == "{DATABASE}"'}
    bindings: list[dict[str, Any]] = [
        {"role": "roles/owner", "members": ["user:owner@example.com"]},
        {"role": "roles/datastore.user", "members": [RUNTIME], "condition": condition},
        {"role": "roles/firebaseauth.viewer", "members": [RUNTIME]},
        {"role": "roles/firebaseappcheck.tokenVerifier", "members": [RUNTIME]},
    ]
    apps = [
        firebase_apps.App(ANDROID_APP, "ANDROID", {"playIntegrityConfig": {}}),
        firebase_apps.App(IOS_APP, "IOS", {"deviceCheckConfig": {"privateKeySet": True}}),
        firebase_apps.App(WEB_APP, "WEB", {"recaptchaEnterpriseConfig": {"siteKey": "6Lsample"}}),
    ]
    readers = [{"role": "roles/secretmanager.secretAccessor", "members": [RUNTIME]}]
    return Sample(
        access=ApiAccess(
            "ya29." + secrets.token_urlsafe(32), services={f"{name}.googleapis.com" for name in _SERVICES}
        ),
        project=resource_manager.Project(int(NUMBER), bindings=bindings),
        billing={PROJECT: "billingAccounts/012345-567890-ABCDEF"},
        functions=functions,
        run_services=[service],
        secrets={SECRET: secret_store.Secret(SECRET, [secret_store.Version(key.encode())], readers)},
        databases={
            DATABASE: firestore_admin.Database(
                DATABASE, ttl={"live_token_quotas/expire_at": "ACTIVE"}, rules=CLOSED_RULES
            )
        },
        identity=identity_toolkit.IdentityToolkit({PROJECT: "AIzaSy" + secrets.token_urlsafe(25)}),
        firebase=firebase_apps.Firebase(PROJECT, apps=apps),
        gemini=gemini_models.GeminiModels(key, {"gemini-3.8-live": ["countTokens", "bidiGenerateContent"]}),
        storage=storage.CloudStorage({PROJECT: int(NUMBER)}),
        accounts={
            RUNTIME.removeprefix("serviceAccount:"): [
                {"role": "roles/iam.serviceAccountUser", "members": [RELEASE]},
            ],
            RELEASE.removeprefix("serviceAccount:"): [
                {"role": "roles/iam.serviceAccountTokenCreator", "members": [RELEASE]},
                {"role": "roles/iam.serviceAccountUser", "members": ["user:dev@example.com"]},
                {"role": "roles/iam.workloadIdentityUser", "members": [f"{JOBS}/release"]},
            ],
            SMOKE.removeprefix("serviceAccount:"): [
                {"role": "roles/iam.serviceAccountTokenCreator", "members": [SMOKE]},
                {"role": "roles/iam.workloadIdentityUser", "members": [f"{JOBS}/smoke"]},
            ],
        },
        monitoring=monitoring.Monitoring(
            [
                {
                    "monitoredResource": {"type": "uptime_url", "labels": {"project_id": PROJECT, "host": host}},
                    "contentMatchers": [{"content": "ID_TOKEN_MISSING", "matcher": "CONTAINS_STRING"}],
                }
                for host in (OWN_HOST, FUNCTION_HOST)
            ],
            [
                {
                    "displayName": name,
                    "enabled": True,
                    "notificationChannels": [] if name == "CPU of others" else [f"projects/{PROJECT}/n/1"],
                }
                for name in ("CPU of others", "Live tokens: Service unreachable", "Live tokens: Internal errors")
            ],
        ),
        minted_call=JSONResponse(
            {
                "error": {
                    "status": "UNAUTHENTICATED",
                    "message": "Sign in first.",
                    "details": {"reason": "ID_TOKEN_MISSING", "requestId": "0a1b"},
                }
            },
            status_code=401,
        ),
        key=key,
    )


@dataclass(slots=True)
class SampleHosts:
    """The hosts, which stay, and the project behind them, which each test has for itself.

    Attributes:
        apps: what answers for each host at this moment.
    """

    hosts: GoogleHosts
    apps: dict[str, ASGIApp]

    def show(self, sample: Sample) -> None:
        """Let the hosts answer for this project from now on."""
        self.apps.update(sample.apps())


@contextmanager
def run_sample_hosts(folder: Path) -> Iterator[SampleHosts]:
    """Serve until the end of the `with` block."""
    apps: dict[str, ASGIApp] = dict(without_problems().apps())

    def led(host: str) -> ASGIApp:
        async def lead(scope: Scope, receive: Receive, send: Send) -> None:
            await apps[host](scope, receive, send)

        return lead

    with run_google_hosts(folder, {host: led(host) for host in apps}) as hosts:
        yield SampleHosts(hosts, apps)


def _anonymous_call(answers: Callable[[], Response], path: str) -> ASGIApp:
    def answer(request: Request) -> Response:
        if request.headers.get("authorization"):
            return refusal(400, "INVALID_ARGUMENT", "the doctor calls without a sign-in")
        return answers()

    return Starlette(routes=[Route(path, answer, methods=["POST"])])
