"""What Google's builder does with the staged folder, done here: install, check, compile, start; and then one call.

The commands are those of Google's Python buildpacks, for runtimes that install with pip into the user's folder, as
python313 does: https://github.com/GoogleCloudPlatform/buildpacks/blob/main/pkg/python/python.go (InstallRequirements),
cmd/python/pip/lib/lib.go (`pip check`) and cmd/python/functions_framework/lib/lib.go (the start, `compileall`). Left
out is `--user`: the environment is an empty one of its own, and not the user's.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.origin import Origin
from live_tokens_operations.package import stage
from stack.prerequisites import free_ports
from stack.process import Process
from support.missing_program import skip_or_fail

_RUNTIME = (3, 13)  # python313, as in infra/
_PIP_INSTALL = [
    *("-m", "pip", "install", "--requirement", "requirements.txt", "--upgrade", "--upgrade-strategy", "only-if-needed"),
    *("--no-warn-script-location", "--no-warn-conflicts", "--force-reinstall", "--no-compile"),
]
_COMPILE = ["-m", "compileall", "--invalidation-mode", "unchecked-hash", "-qq"]
_SETTINGS = {
    "FIREBASE_PROJECT_ID": "some-project",
    "GEMINI_API_KEY_SECRET": "projects/some-project/secrets/gemini-api-key/versions/latest",
    "QUOTA_STORE": "memory",
}
_START_SECONDS = 60
_HOST = "127.0.0.1"


@pytest.fixture(name="staged", scope="module")
def _staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "function"
    stage(CHECKOUT, folder, Origin("1.2.0", "4b1d" * 10))
    return folder


@pytest.fixture(name="python", scope="module")
def _python(tmp_path_factory: pytest.TempPathFactory, staged: Path) -> Path:
    """The interpreter of an empty environment into which the builder's commands have installed the requirements."""
    if sys.version_info[:2] != _RUNTIME:
        version = sys.version.split()[0]
        missing = f"The function's Python, 3.13, is missing: .venv has {version}. Make .venv anew with Python 3.13."
        skip_or_fail(missing, "REQUIRE_RUNTIME_PYTHON")
    environment = tmp_path_factory.mktemp("builder") / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, timeout=120)
    python = environment / "bin" / "python"
    _build(python, staged, *_PIP_INSTALL, PIP_REQUIRE_HASHES="1")
    _build(python, staged, "-m", "pip", "check")
    _build(python, staged, *_COMPILE, str(environment))
    return python


def _build(python: Path, folder: Path, *arguments: str, **variables: str) -> None:
    # The way to a package index is this machine's own business; the rest of the environment stays behind.
    ways = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HTTPS_PROXY", "SSL_CERT"))}
    environment = {"PATH": os.environ["PATH"], **ways, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **variables}
    if "HOME" in os.environ:  # pip's configuration
        environment["HOME"] = os.environ["HOME"]
    finished = subprocess.run(
        [python, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.fixture(name="url", scope="module")
def _url(python: Path, staged: Path) -> Iterator[str]:
    """Where the staged folder answers, started as the builder's image starts it."""
    port = free_ports(_HOST, 1)[0]
    url = f"http://{_HOST}:{port}/"
    process = Process(
        name="staged function",
        command=[str(python.with_name("functions-framework"))],
        log=staged / "framework.log",  # which makes the staged folder its working directory
        environment={
            "PATH": os.environ["PATH"],
            "FUNCTION_TARGET": "mint_live_token",
            "HOST": _HOST,
            "PORT": str(port),
            **_SETTINGS,
        },
        answers=url,
    )
    process.start()
    try:
        process.wait_until_ready(_START_SECONDS)
        yield url
    finally:
        process.stop()


def test_every_file_compiles_as_the_builder_compiles_it(python: Path, staged: Path) -> None:
    _build(python, staged, "-m", "compileall", "-f", "-q", ".")


def test_the_builder_finds_the_framework_where_it_looks_for_it() -> None:
    # https://github.com/GoogleCloudPlatform/buildpacks/blob/main/pkg/python/dependencies.go
    lines = (CHECKOUT / "requirements.txt").read_text().splitlines()
    assert [line.split("==")[0] for line in lines if line.startswith("functions-framework")] == ["functions-framework"]


def test_the_staged_function_answers_a_call_without_a_sign_in(url: str) -> None:
    answer = requests.post(url, json={"data": None}, headers={"Origin": "https://example.com"}, timeout=10)
    assert answer.status_code == 401
    error = answer.json()["error"]
    assert (error["status"], error["details"]["reason"]) == ("UNAUTHENTICATED", "ID_TOKEN_MISSING")
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")], "CORS is off"


def test_the_staged_function_says_which_release_it_is(url: str, staged: Path) -> None:
    lines = (staged / "framework.log").read_text(encoding="utf-8").splitlines()
    started = [json.loads(line) for line in lines if '"live_tokens.started"' in line]
    assert {(event["version"], event["commit"]) for event in started} == {("1.2.0", "4b1d" * 10)}, url
