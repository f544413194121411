"""The two builds at work: bash runs their steps with the real gcloud, against stand-ins of the APIs that gcloud calls.

Cloud Build itself is played here as far as the file uses it: substitutions, environment, one step after the other in
one folder, and the end at the first step that fails.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from live_tokens_operations.defaults import CHECKOUT, source_bucket
from live_tokens_operations.origin import Origin
from live_tokens_operations.source import archive_of, digest_of, named, source_of
from support.gcloud_parser import Gcloud, settings_of_its_own
from support.google import cloud_functions, cloud_run, resource_manager, service_usage, storage
from support.google.access import ApiAccess, refusal
from support.google.cloud_functions import CloudFunctions, create_functions_app
from support.google.cloud_run import Json, RunService, create_run_app
from support.google.resource_manager import Project
from support.google_hosts.hosts import run_google_hosts

PROJECT, NUMBER, REGION, FUNCTION = "some-project", 123456789012, "europe-west1", "mint-live-token"
FUNCTION_NAME = f"projects/{PROJECT}/locations/{REGION}/functions/{FUNCTION}"
BUILD = "4b1d0000-0000-4000-8000-000000000001"
TESTS, RELEASE = CHECKOUT / "cloudbuild.test.yaml", CHECKOUT / "cloudbuild.yaml"
ORIGIN = Origin("1.2.0", "4b1d" * 10)
SOURCES = source_bucket(PROJECT)
_SERVICES = ("run.googleapis.com", "cloudbuild.googleapis.com", "artifactregistry.googleapis.com")
STORAGE = "storage.googleapis.com"
_ACCESS_TOKEN = "ya29.made-up-access-token"
_TIMEOUT_SECONDS = 120
_AT_WORK = 'status="WORKING" OR status="QUEUED"'
_SUBSTITUTION = re.compile(r"\$\$|\$\{(\w+)\}|\$(\w+)")

# What infra/accounts.tf grants live-tokens-test on the bucket: test_upload (Storage Object Viewer) and test_package
# (Storage Object Creator). infra/tests/decisions.tftest.hcl pins both.
_OF_THE_TEST_ACCOUNT = (
    storage.Grant(frozenset({"storage.objects.get", "storage.objects.list"}), ("source/", "packages/")),
    storage.Grant(frozenset({"storage.objects.create"}), ("packages/",)),
)

# Of all targets, a release makes one. test_release_packages.py makes it.
_MAKE = '[ "$*" = .venv/.runtime ] || exit 99'

# What stands in for the smoke test: it writes down what it was started with, and ends as the test wants it to.
_SMOKE_TEST = """
import json, pathlib, sys
pathlib.Path("smoke.json").write_text(json.dumps(sys.argv[1:]))
with pathlib.Path("smoke-runs").open("a") as runs:
    runs.write(json.dumps(sys.argv[1:]) + "\\n")
ends = pathlib.Path("smoke-ends-with").read_text().split()
pathlib.Path("smoke-ends-with").write_text(" ".join(ends[1:] or ends))
sys.exit(int(ends[0]))
"""


def substituted(value: Any, substitutions: Mapping[str, str]) -> Any:
    """Return a build configuration as Cloud Build substitutes it: everywhere but in scripts, `$$` being a `$`.

    https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values

    Raises:
        KeyError: a variable is used that nobody has set.
    """
    match value:
        case str():
            return _SUBSTITUTION.sub(
                lambda found: "$" if found[0] == "$$" else substitutions[found[1] or found[2]], value
            )
        case list():
            return [substituted(item, substitutions) for item in value]
        case dict():
            return {key: item if key == "script" else substituted(item, substitutions) for key, item in value.items()}
        case _:
            return value


def package_of_checkout() -> tuple[str, bytes]:
    """Return the package of this checkout, and its SHA-256."""
    package = archive_of(named(source_of(CHECKOUT), ORIGIN))
    return sha256(package).hexdigest(), package


def resolved_build(configuration: Path, **given: str) -> Json:
    """Return the build that a file describes, with its own substitutions and those that are given."""
    build: Json = yaml.safe_load(configuration.read_text(encoding="utf-8"))
    known = {"PROJECT_ID": PROJECT, "BUILD_ID": BUILD, "LOCATION": REGION}
    resolved: Json = substituted(build, {**known, **build["substitutions"], **given})
    return resolved


@dataclass(slots=True)
class GoogleCloud:
    """The project in which a function is released.

    Attributes:
        service: who serves.
        functions: what is configured and deployed.
        builds: the builds at work, as Cloud Build's API shows them.
        storage: the bucket with uploads and packages.
        elsewhere: additional region → who serves there.
        calls: "METHOD host/path" of everything that was asked, in order.
    """

    service: RunService
    functions: CloudFunctions
    builds: list[Json]
    storage: storage.CloudStorage
    elsewhere: dict[str, RunService] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def apps(self) -> dict[str, ASGIApp]:
        """Return host name → what answers for it."""
        access = ApiAccess(
            _ACCESS_TOKEN, services={cloud_functions.HOST, cloud_run.HOST, resource_manager.HOST, service_usage.HOST}
        )
        services = {REGION: self.service, **self.elsewhere}
        apps: dict[str, ASGIApp] = {
            **{f"{region}-{cloud_run.HOST}": create_run_app(access, [each]) for region, each in services.items()},
            cloud_functions.HOST: create_functions_app(access, self.functions),
            STORAGE: storage.create_storage_app(self.storage),
            "cloudbuild.googleapis.com": Starlette(
                routes=[
                    Route(f"/v1/projects/{PROJECT}/locations/{REGION}/builds", self._list_builds),
                    _answer(
                        f"/v1/projects/{PROJECT}/locations/{{region}}/defaultServiceAccount",
                        {"serviceAccountEmail": f"projects/{PROJECT}/serviceAccounts/default@example.com"},
                    ),
                ]
            ),
            service_usage.HOST: service_usage.create_service_usage_app(access, PROJECT, str(NUMBER), set(_SERVICES)),
            resource_manager.HOST: resource_manager.create_resource_manager_app(access, {PROJECT: Project(NUMBER)}),
        }
        return {host: self._noting(host, app) for host, app in apps.items()}

    def changes(self) -> list[str]:
        """Return the calls that change something."""
        return [call for call in self.calls if not call.startswith("GET ")]

    @property
    def function(self) -> Json:
        """The function, as Cloud Functions has it."""
        return self.functions.functions[FUNCTION_NAME]

    def add_region(self, region: str) -> None:
        """Make the function in another region, as `terraform apply` does."""
        there = self.elsewhere[region] = RunService(PROJECT, region, FUNCTION)
        function = deepcopy(self.function)
        function["name"] = FUNCTION_NAME.replace(REGION, region)
        function["labels"]["live-tokens-additional"] = "true"
        function["serviceConfig"]["service"] = there.full_name
        self.functions.functions[function["name"]] = function
        self.functions.services[function["name"]] = there
        self.functions.deploy(function["name"], "the-first-code.zip")

    async def _list_builds(self, request: Request) -> JSONResponse:
        if request.query_params["filter"] != _AT_WORK:
            return refusal(400, "INVALID_ARGUMENT", "not a filter that this stand-in knows")
        return JSONResponse({"builds": [build for build in self.builds if build["status"] in ("QUEUED", "WORKING")]})

    def _noting(self, host: str, app: ASGIApp) -> ASGIApp:
        async def noting(scope: Scope, receive: Receive, send: Send) -> None:
            self.calls.append(f"{scope['method']} {host}{scope['path']}")
            credential = dict(scope["headers"]).get(b"authorization", b"").decode()
            if credential == f"Bearer {_ACCESS_TOKEN}":
                await app(scope, receive, send)
            else:
                refused = refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
                await refused(scope, receive, send)

        return noting


def _answer(path: str, content: Json) -> Route:
    async def respond(_: Request) -> JSONResponse:
        return JSONResponse(content)

    return Route(path, respond)


def project_with_function() -> GoogleCloud:
    """Return a project as `terraform apply` leaves it."""
    service = RunService(PROJECT, REGION, FUNCTION)
    configuration = {
        "name": FUNCTION_NAME,
        "environment": "GEN_2",
        "state": "ACTIVE",
        "description": "set by Terraform",
        "labels": {"deployment-callable": "true"},
        "buildConfig": {
            "runtime": "python313",
            "entryPoint": "mint_live_token",
            "serviceAccount": f"projects/{PROJECT}/serviceAccounts/live-tokens-build@{PROJECT}.example.com",
            "dockerRepository": f"projects/{PROJECT}/locations/{REGION}/repositories/live-tokens",
            "automaticUpdatePolicy": {},
            "environmentVariables": {"SET_BY": "terraform"},
            "source": {"storageSource": {"bucket": "the-first", "object": "the-first-code.zip"}},
        },
        "serviceConfig": {
            "service": f"projects/{PROJECT}/locations/{REGION}/services/{FUNCTION}",
            "environmentVariables": {"FIREBASE_PROJECT_ID": PROJECT, "THREADS": "32"},
            "availableCpu": "1",
            "availableMemory": "512Mi",
            "maxInstanceCount": 10,
            "maxInstanceRequestConcurrency": 32,
            "timeoutSeconds": 30,
            "ingressSettings": "ALLOW_ALL",
            "serviceAccountEmail": f"live-tokens-runtime@{PROJECT}.example.com",
        },
    }
    functions = CloudFunctions({FUNCTION_NAME: configuration}, {FUNCTION_NAME: service})
    functions.deploy(FUNCTION_NAME, "the-first-code.zip")
    buckets = storage.CloudStorage({PROJECT: NUMBER})
    buckets.add_bucket(SOURCES, PROJECT)
    return GoogleCloud(service, functions, [running_build(BUILD, "2026-11-22T10:00:00Z")], buckets)


def running_build(
    identifier: str, created: str, tags: Sequence[str] = ("live-tokens-release",), status: str = "WORKING"
) -> Json:
    """Return a build as Cloud Build's API shows it: at work, if nothing else is said."""
    return {"id": identifier, "status": status, "createTime": created, "tags": list(tags)}


@dataclass(frozen=True, slots=True)
class Release:
    """One build: its steps, and the folder they share.

    Attributes:
        workspace: what /workspace is in Cloud Build.
        build: the resolved configuration.
        environment: of every step, besides what the configuration sets.
    """

    workspace: Path
    build: Json
    environment: Mapping[str, str]

    @property
    def steps(self) -> list[str]:
        """The ids of the steps, in order."""
        return [step["id"] for step in self.build["steps"]]

    def run(self, *, until: str | None = None, after: str | None = None) -> tuple[str | None, str]:
        """Run the steps in order, up to the first that fails.

        The step `node` is left out: it copies a container's file system.

        Args:
            until: id of the last step to run.
            after: id of the step that ran last, to go on after it.

        Returns:
            The id of the step that failed, or None; and everything that was said.
        """
        said = ""
        first = self.steps.index(after) + 1 if after else int(self.steps[0] == "node")
        last = self.steps.index(until) + 1 if until else None
        for step in self.build["steps"][first:last]:
            finished = self._run(step)
            said += finished.stdout + finished.stderr
            if finished.returncode:
                return step["id"], said
        return None, said

    def output(self, step: str) -> str:
        """Return what a step has handed on."""
        return (self.workspace.parent / f"output-{step}" / "output").read_text()

    def _run(self, step: Json) -> subprocess.CompletedProcess[str]:
        output = self.workspace.parent / f"output-{step['id']}"
        output.mkdir(exist_ok=True)
        variables = dict(entry.split("=", 1) for entry in [*self.build["options"]["env"], *step.get("env", [])])
        script = self.workspace.parent / f"step-{step['id']}"
        script.write_text(step["script"] if step["script"].startswith("#!") else f"#!/bin/sh\n{step['script']}")
        script.chmod(0o700)
        return subprocess.run(
            [script],
            cwd=self.workspace,
            env={**self.environment, **variables, "BUILDER_OUTPUT": str(output)},
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )


@contextmanager
def release_of(cloud: GoogleCloud, gcloud: Gcloud, folder: Path, **given: str) -> Iterator[Release]:
    """Prepare the release of the package of this checkout, which was tested. The smoke test passes.

    Args:
        cloud: the project it is a release in.
        gcloud: where the real gcloud is.
        folder: an empty one, for all of it.
        given: substitutions.
    """
    digest, package = package_of_checkout()
    name = f"packages/{digest}.zip"
    cloud.storage.buckets[SOURCES].objects[name] = storage.StoredObject(name, 1, package)
    cloud.functions.sources[name] = package
    of_package = {
        "_PACKAGE": digest,
        "_VERSION": ORIGIN.version,
        "_COMMIT": ORIGIN.commit,
        "_DIGEST": digest_of(source_of(CHECKOUT)),
    }
    with _build_of(cloud, gcloud, folder, resolved_build(RELEASE, **of_package | given), _MAKE) as release:
        yield release


@contextmanager
def first_build_of(cloud: GoogleCloud, gcloud: Gcloud, folder: Path, *, end_with: int) -> Iterator[Release]:
    """Prepare the tests of this checkout, in which `make test` ends as wanted and is not run: these are the tests.

    From here on, the caller may do what the account of the tests may, and nothing else.
    """
    cloud.storage.grants = {SOURCES: list(_OF_THE_TEST_ACCOUNT)}
    build = resolved_build(TESTS, _VERSION=ORIGIN.version, _COMMIT=ORIGIN.commit)
    make = f'[ "$*" = profiles ] && exit 0\n[ "$*" = test ] || exit 99\nexit {end_with}'
    with _build_of(cloud, gcloud, folder, build, make) as release:
        yield release


@contextmanager
def _build_of(cloud: GoogleCloud, gcloud: Gcloud, folder: Path, build: Json, make: str) -> Iterator[Release]:
    workspace = workspace_in(folder)
    programs = folder / "programs"
    _program(programs / "make", make)
    with gcloud_at(cloud.apps(), folder) as environment:
        path = f"{programs}:{gcloud.root / 'bin'}:{os.environ['PATH']}"
        yield Release(workspace, build, {**environment, "PATH": path})


@contextmanager
def gcloud_at(apps: Mapping[str, ASGIApp], folder: Path) -> Iterator[dict[str, str]]:
    """Serve some hosts of Google, and yield the environment in which gcloud is logged in and finds them."""
    token = folder / "access-token"
    token.write_text(_ACCESS_TOKEN)
    configuration = folder / "gcloud"
    configuration.mkdir()
    certificates = folder / "certificates"
    certificates.mkdir()
    with run_google_hosts(certificates, apps) as hosts:
        yield {
            **settings_of_its_own(configuration),
            **hosts.environment,
            "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE": str(hosts.bundle),
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
        }


def smoke_test_ends_with(workspace: Path, *codes: int) -> None:
    """Let the runs of the smoke test end with these exit codes, one after the other. The last one stays."""
    (workspace / "smoke-ends-with").write_text(" ".join(map(str, codes)))


def workspace_in(folder: Path) -> Path:
    """Return a folder with the checkout that the steps of a release work in, and a smoke test that passes."""
    workspace = folder / "workspace"
    shutil.copytree(CHECKOUT / "functions", workspace / "functions")
    shutil.copytree(CHECKOUT / "operations", workspace / "operations")
    (workspace / "smoke_test.py").write_text(_SMOKE_TEST)
    shutil.copy(CHECKOUT / "requirements.txt", workspace)
    program = (
        f'[ "$1" = smoke ] && shift && exec {sys.executable} smoke_test.py "$@"\n'
        f'PYTHONPATH=operations exec {sys.executable} -m live_tokens_operations "$@"'
    )
    _program(workspace / ".venv" / "bin" / "live-tokens", program)
    smoke_test_ends_with(workspace, 0)
    return workspace


def _program(file: Path, script: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
