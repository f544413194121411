"""cloudbuild.yaml and cloudbuild.test.yaml as Cloud Build and gcloud read them, and what they must not contain."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.release.command import LEFT
from release.release_run import PROJECT, RELEASE, TESTS, resolved_build, substituted
from support.gcloud_parser import require_gcloud, settings_of_its_own
from support.google.cloud_run import Json
from support.google_hosts.hosts import run_google_hosts

_TEXT = RELEASE.read_text(encoding="utf-8")
_BUILD: dict[str, Any] = yaml.safe_load(_TEXT)
_TEST_BUILD: dict[str, Any] = yaml.safe_load(TESTS.read_text(encoding="utf-8"))
_BOTH = pytest.mark.parametrize("build", [_TEST_BUILD, _BUILD], ids=["test", "release"])
_FILES = pytest.mark.parametrize("file", [TESTS, RELEASE], ids=["test", "release"])
_FAULTS = {
    "a field that does not exist": ("    env:\n", "    environment:\n"),
    "a time without a unit": ("timeout: 3600s", "timeout: [1]"),
    "a way of logging that does not exist": ("GCS_ONLY", "GCS_SOMETIMES"),
}


def _judged_by_the_schema(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.cloudbuild", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class _Submission:
    """What gcloud said, and the builds it asked Cloud Build for."""

    said: str
    builds: list[Json]


def _submitted_with_gcloud(file: Path, folder: Path) -> _Submission:
    gcloud = require_gcloud()
    builds: list[Json] = []

    async def create(request: Request) -> JSONResponse:
        builds.append(await request.json())
        metadata = {"@type": "type.googleapis.com/google.devtools.cloudbuild.v1.BuildOperationMetadata"}
        return JSONResponse({"name": "operations/build/1", "metadata": {**metadata, "build": {"id": "1"}}})

    app = Starlette(routes=[Route(f"/v1/projects/{PROJECT}/locations/global/builds", create, methods=["POST"])])
    submit = [str(gcloud.root / "bin" / "gcloud"), "builds", "submit", "--no-source", "--async", f"--config={file}"]
    with run_google_hosts(folder, {"cloudbuild.googleapis.com": app}) as hosts:
        environment = {
            "PATH": os.environ["PATH"],
            **settings_of_its_own(folder),
            **hosts.environment,
            "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE": str(hosts.bundle),
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        }
        said = subprocess.run(submit, env=environment, capture_output=True, text=True, check=False).stderr
    return _Submission(said, builds)


def _broken(fault: str, folder: Path) -> Path:
    right, wrong = _FAULTS[fault]
    assert right in _TEXT
    file = folder / "broken.yaml"
    file.write_text(_TEXT.replace(right, wrong, 1))
    return file


@_FILES
def test_the_published_schema_accepts_it(file: Path) -> None:
    judged = _judged_by_the_schema(file)
    assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize("fault", _FAULTS)
def test_the_published_schema_refuses_a_broken_one(tmp_path: Path, fault: str) -> None:
    assert _judged_by_the_schema(_broken(fault, tmp_path)).returncode == 1


@_FILES
def test_gcloud_submits_it_as_it_is_written(tmp_path: Path, file: Path) -> None:
    submission = _submitted_with_gcloud(file, tmp_path)
    assert len(submission.builds) == 1, submission.said
    build, written = submission.builds[0], yaml.safe_load(file.read_text(encoding="utf-8"))
    assert [step["script"] for step in build["steps"]] == [step["script"] for step in written["steps"]]
    assert build["serviceAccount"] == written["serviceAccount"]
    assert build["options"] == written["options"]
    assert build["tags"] == written["tags"]
    assert {name: build["substitutions"].get(name, "") for name in written["substitutions"]} == written["substitutions"]


@pytest.mark.parametrize("fault", _FAULTS)
def test_gcloud_refuses_a_broken_one(tmp_path: Path, fault: str) -> None:
    submission = _submitted_with_gcloud(_broken(fault, tmp_path), tmp_path)
    assert "as build config" in submission.said
    assert submission.builds == []


@_FILES
def test_every_substitution_is_used_and_every_variable_is_set(file: Path) -> None:
    resolved_build(file)  # a variable that nobody sets raises
    build = yaml.safe_load(file.read_text(encoding="utf-8"))
    outside_scripts = yaml.safe_dump(
        [build["serviceAccount"], build["options"], [step.get("env", []) for step in build["steps"]]]
    )
    # Cloud Build refuses a build with a substitution that nothing uses.
    assert [name for name in build["substitutions"] if not re.search(rf"\$\{{?{name}\b", outside_scripts)] == []


def test_substitution_is_done_as_cloud_build_does_it() -> None:
    build = {"a": "$X ${X}b $$X", "list": ["$X"], "script": "$X"}
    assert substituted(build, {"X": "1"}) == {"a": "1 1b $X", "list": ["1"], "script": "$X"}
    with pytest.raises(KeyError):
        substituted("$UNKNOWN", {})


@_BOTH
def test_no_substitution_is_written_into_a_script(build: Json) -> None:
    # A value would be code there. Scripts take the environment's variables, which are always quoted.
    used = {name for step in build["steps"] for name in re.findall(r"\$\{?(_\w+)", step["script"])}
    assert used == set()


@_BOTH
def test_every_image_is_pinned_to_an_exact_version_and_comes_from_google(build: Json) -> None:
    images = [step["name"] for step in build["steps"]]
    form = r"(mirror\.gcr\.io/library|gcr\.io)/[\w./-]+:\d+\.\d+\.\d+(-\w+)*"
    assert [name for name in images if not re.fullmatch(form, name)] == []


def test_the_deployment_sends_the_source_its_runtime_and_no_setting() -> None:
    script = next(step for step in _BUILD["steps"] if step["id"] == "deploy")["script"]
    command = script[script.index("gcloud functions deploy") :].replace("\\\n", " ").split(">")[0]
    name, *flags = shlex.split(command)[3:]
    assert name == "$FUNCTION"
    assert [flag.split("=")[0] for flag in flags] == [
        *("--gen2", "--region", "--runtime", "--source", "--update-labels", "--format"),
    ]


def test_no_command_of_the_release_changes_anything_but_source_and_traffic() -> None:
    commands = set(re.findall(r"gcloud (\w+(?: [a-z]\S*)+)", "".join(_scripts())))
    assert commands == {
        "builds list",
        "run services describe",
        "run services update-traffic",
        "functions deploy",
        "storage cp",
    }


def _scripts() -> list[str]:
    return [step["script"] for step in _BUILD["steps"]]


@pytest.mark.parametrize(("file", "account"), [(TESTS, "live-tokens-test"), (RELEASE, "live-tokens-release")])
def test_tests_and_release_have_an_account_each_and_a_log_that_gcloud_can_show(file: Path, account: str) -> None:
    build = resolved_build(file)
    assert build["serviceAccount"].startswith(f"projects/{PROJECT}/serviceAccounts/{account}@")
    assert build["options"]["logging"] == "GCS_ONLY"


@_BOTH
def test_every_script_ends_at_its_first_fault(build: Json) -> None:
    scripts = {step["id"]: step["script"] for step in build["steps"]}
    assert [
        name
        for name, script in scripts.items()
        if len(script.splitlines()) > 1 and not script.startswith("#!/usr/bin/env bash\nset -euo pipefail\n")
    ] == []


def test_nothing_but_the_smoke_test_runs_packages_in_the_release_and_traffic_moves_last() -> None:
    steps = [[step["id"] for step in build["steps"]] for build in (_TEST_BUILD, _BUILD)]
    assert steps == [
        ["node", "test", "package", "hand-on"],
        ["prepare", "fetch", "pin", "deploy", "candidate", "smoke", "move"],
    ]
    assert "make test" not in "".join(_scripts())
    for build in (_TEST_BUILD, _BUILD):
        assert not any("waitFor" in step or "allowFailure" in step for step in build["steps"]), "one after the other"


def test_what_is_left_is_known_for_every_step_that_can_fail() -> None:
    assert {step["id"] for build in (_TEST_BUILD, _BUILD) for step in build["steps"]} == set(LEFT)


def test_the_function_is_built_by_terraform_and_by_a_release_for_the_python_it_is_tested_on() -> None:
    tested = (CHECKOUT / ".python-version").read_text().strip()
    python = "mirror.gcr.io/library/python:"
    names = {step["name"] for build in (_TEST_BUILD, _BUILD) for step in build["steps"]}
    images = {name for name in names if name.startswith(python)}
    assert {image.removeprefix(python).rpartition(".")[0] for image in images} == {tested}
    runtime = f"python{tested.replace('.', '')}"
    assert re.findall(r"--runtime=(\S+)", _TEXT) == [runtime]
    terraform = (CHECKOUT / "infra" / "function.tf").read_text(encoding="utf-8")
    assert re.findall(r'\n +runtime += "(.+)"', terraform) == [runtime]
