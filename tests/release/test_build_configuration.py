"""cloudbuild.yaml as Cloud Build and gcloud read it, and what it must not contain."""

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
from release.release_run import CONFIGURATION, PROJECT, resolved_build, substituted
from support.gcloud_parser import require_gcloud, settings_of_its_own
from support.google.cloud_run import Json
from support.google_hosts.hosts import run_google_hosts

_TEXT = CONFIGURATION.read_text(encoding="utf-8")
_BUILD: dict[str, Any] = yaml.safe_load(_TEXT)
_FAULTS = {
    "a field that does not exist": ("    volumes: *node\n", "    volume: *node\n"),
    "a time without a unit": ("timeout: 3600s", "timeout: [1]"),
    "a way of logging that does not exist": ("CLOUD_LOGGING_ONLY", "CLOUD_LOGGING_SOMETIMES"),
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


def test_the_published_schema_accepts_it() -> None:
    judged = _judged_by_the_schema(CONFIGURATION)
    assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize("fault", _FAULTS)
def test_the_published_schema_refuses_a_broken_one(tmp_path: Path, fault: str) -> None:
    assert _judged_by_the_schema(_broken(fault, tmp_path)).returncode == 1


def test_gcloud_submits_it_as_it_is_written(tmp_path: Path) -> None:
    submission = _submitted_with_gcloud(CONFIGURATION, tmp_path)
    assert len(submission.builds) == 1, submission.said
    build = submission.builds[0]
    assert [step["script"] for step in build["steps"]] == [step["script"] for step in _BUILD["steps"]]
    assert build["serviceAccount"] == _BUILD["serviceAccount"]
    assert build["options"] == _BUILD["options"]
    assert build["tags"] == _BUILD["tags"]
    assert {name: build["substitutions"].get(name, "") for name in _BUILD["substitutions"]} == _BUILD["substitutions"]


@pytest.mark.parametrize("fault", _FAULTS)
def test_gcloud_refuses_a_broken_one(tmp_path: Path, fault: str) -> None:
    submission = _submitted_with_gcloud(_broken(fault, tmp_path), tmp_path)
    assert "as build config" in submission.said
    assert submission.builds == []


def test_every_substitution_is_used_and_every_variable_is_set() -> None:
    resolved_build()  # a variable that nobody sets raises
    outside_scripts = yaml.safe_dump(
        [_BUILD["serviceAccount"], _BUILD["options"], [step.get("env", []) for step in _BUILD["steps"]]]
    )
    # Cloud Build refuses a build with a substitution that nothing uses.
    assert [name for name in _BUILD["substitutions"] if not re.search(rf"\$\{{?{name}\b", outside_scripts)] == []


def test_substitution_is_done_as_cloud_build_does_it() -> None:
    build = {"a": "$X ${X}b $$X", "list": ["$X"], "script": "$X"}
    assert substituted(build, {"X": "1"}) == {"a": "1 1b $X", "list": ["1"], "script": "$X"}
    with pytest.raises(KeyError):
        substituted("$UNKNOWN", {})


def test_no_substitution_is_written_into_a_script() -> None:
    # A value would be code there. Scripts take the environment's variables, which are always quoted.
    used = {name for step in _BUILD["steps"] for name in re.findall(r"\$\{?(_\w+)", step["script"])}
    assert used == set()


def test_every_image_is_pinned_to_an_exact_version() -> None:
    images = [step["name"] for step in _BUILD["steps"]]
    assert [name for name in images if not re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+(-\w+)*", name)] == []


def test_the_deployment_sends_the_source_its_runtime_and_no_setting() -> None:
    script = next(step for step in _BUILD["steps"] if step["id"] == "deploy")["script"]
    command = script[script.index("gcloud functions deploy") :].replace("\\\n", " ").split(">")[0]
    name, *flags = shlex.split(command)[3:]
    assert name == "$FUNCTION"
    assert [flag.split("=")[0] for flag in flags] == ["--gen2", "--region", "--source", "--runtime", "--format"]


def test_no_command_of_the_release_changes_anything_but_source_and_traffic() -> None:
    commands = set(re.findall(r"gcloud (\w+(?: [a-z]\S*)+)", "".join(_scripts())))
    assert commands == {
        "builds list",
        "run services describe",
        "run services update-traffic",
        "functions deploy",
    }


def _scripts() -> list[str]:
    return [step["script"] for step in _BUILD["steps"]]


def test_the_log_needs_no_bucket_and_the_account_is_not_the_default_one() -> None:
    assert _BUILD["options"]["logging"] == "CLOUD_LOGGING_ONLY"
    assert resolved_build()["serviceAccount"].startswith(f"projects/{PROJECT}/serviceAccounts/live-tokens-release@")


def test_every_script_ends_at_its_first_fault() -> None:
    scripts = {step["id"]: step["script"] for step in _BUILD["steps"]}
    assert [
        name
        for name, script in scripts.items()
        if len(script.splitlines()) > 1 and not script.startswith("#!/usr/bin/env bash\nset -euo pipefail\n")
    ] == []


def test_the_tests_run_before_anything_else_and_traffic_moves_last() -> None:
    assert [step["id"] for step in _BUILD["steps"]] == [
        "node",
        "test",
        "package",
        "pin",
        "deploy",
        "candidate",
        "smoke",
        "move",
    ]
    assert not any("waitFor" in step or "allowFailure" in step for step in _BUILD["steps"]), "one after the other"


def test_the_function_is_built_by_terraform_and_by_a_release_for_the_python_it_is_tested_on() -> None:
    tested = (CHECKOUT / ".python-version").read_text().strip()
    images = {step["name"] for step in _BUILD["steps"] if step["name"].startswith("python:")}
    assert {image.removeprefix("python:").rpartition(".")[0] for image in images} == {tested}
    runtime = f"python{tested.replace('.', '')}"
    assert re.findall(r"--runtime=(\S+)", _TEXT) == [runtime]
    terraform = (CHECKOUT / "infra" / "function.tf").read_text(encoding="utf-8")
    assert re.findall(r'\n +runtime += "(.+)"', terraform) == [runtime]
