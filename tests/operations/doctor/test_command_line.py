"""The program: who looks, what may be typed, and the commands it recommends."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from live_tokens_operations.checks.key import Payload
from live_tokens_operations.cli import main
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.gemini_key import GeminiKey
from live_tokens_operations.process import Process
from live_tokens_operations.remedies import store_key
from operations.doctor.result import Doctor
from operations.doctor.sample_project import ACCESS_TOKENS, PROJECT, REGION, Sample, SampleHosts
from support.google.access import refusal
from support.google_hosts.upstream import Silence
from support.user_credentials import user_credentials

LOG_IN = "gcloud auth application-default login"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def a_user(operator_environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    operator_environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(user_credentials(tmp_path / "adc.json")))


@pytest.mark.usefixtures("a_user")
def test_the_calls_of_a_user_count_for_the_project_that_is_looked_at(sample: Sample, doctor: Doctor) -> None:
    sample.access.user_project = PROJECT

    assert doctor().problems == ()


@pytest.mark.usefixtures("a_user")
def test_a_role_that_a_user_lacks_is_given_to_whom_gcloud_says_they_are(
    doctor: Doctor, sample_hosts: SampleHosts
) -> None:
    denied = refusal(403, "PERMISSION_DENIED", "Permission denied.")
    with sample_hosts.hosts.upstreams["cloudbilling.googleapis.com"].answering(denied):
        (problem,) = doctor().problems

    assert problem.endswith(
        f'  → gcloud projects add-iam-policy-binding {PROJECT} "--member=user:$(gcloud config get account)" '
        "--role=roles/browser --condition=None"
    )


def test_a_machine_without_credentials_is_told_how_to_get_them(
    doctor: Doctor, operator_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    operator_environment.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    operator_environment.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    operator_environment.setenv("NO_GCE_CHECK", "true")

    result = doctor()

    assert result.findings == (
        f"BAD  Credentials: there are no Application Default Credentials on this machine  → {LOG_IN}",
        "ok   Clock: this machine's agrees with Google's",
    )
    assert result.exit_code == 1


def test_credentials_that_have_expired_are_told_from_an_outage(doctor: Doctor, sample_hosts: SampleHosts) -> None:
    expired = JSONResponse({"error": "invalid_grant", "error_description": "Token has been expired."}, status_code=400)
    with sample_hosts.hosts.upstreams[ACCESS_TOKENS].answering(expired):
        result = doctor()

    assert result.findings == (
        f"BAD  Credentials: Google refuses the credentials of this machine  → {LOG_IN}",
        "ok   Clock: this machine's agrees with Google's",
    )
    assert result.exit_code == 1


@pytest.mark.parametrize("answer", [Silence(), JSONResponse({"error": "internal_failure"}, status_code=500)])
def test_no_access_token_because_of_an_outage_is_no_fault_of_the_credentials(
    answer: JSONResponse, doctor: Doctor, sample_hosts: SampleHosts
) -> None:
    with sample_hosts.hosts.upstreams[ACCESS_TOKENS].answering(answer):
        result = doctor(timeout="0.5")

    (problem,) = result.problems
    assert problem.startswith("?    Credentials: not checked: ")
    assert result.exit_code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--project", "Not/a project"],
        ["--project", PROJECT, "--region", "Europe"],
        ["--project", PROJECT, "--function", "-x"],
        ["--project", PROJECT, "--url", "http://tokens.example.com"],
        ["--project", PROJECT, "--timeout", "0"],
        ["--project", PROJECT, "surplus"],
    ],
)
def test_what_was_typed_wrong_ends_with_2_and_asks_google_nothing(
    arguments: list[str], sample: Sample, operator_environment: pytest.MonkeyPatch
) -> None:
    stdout, stderr = io.StringIO(), io.StringIO()

    assert main(["doctor", *arguments], Process(os.environ, sys.stdin, stdout, stderr)) == 2
    assert (stdout.getvalue(), sample.access.asked) == ("", [])
    assert "usage: live-tokens doctor" in stderr.getvalue()


def test_the_program_runs_as_the_makefile_starts_it(sample: Sample, sample_hosts: SampleHosts, key_file: Path) -> None:
    sample.holds(b"")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("functions", "operations")),
        "GOOGLE_APPLICATION_CREDENTIALS": str(key_file),
        **sample_hosts.hosts.environment,
    }
    finished = subprocess.run(
        [sys.executable, "-m", "live_tokens_operations", "doctor", "--project", PROJECT, "--region", REGION],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert finished.returncode == 1, finished.stderr
    assert "BAD  Key: version 1 is empty" in finished.stdout
    assert "Traceback" not in finished.stderr


def test_the_line_that_stores_a_key_keeps_it_out_of_every_process_list(tmp_path: Path) -> None:
    """Run with a gcloud that notes how it was called, and what it was given."""
    program = tmp_path / "gcloud"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/argv\ncat > {tmp_path}/stdin\n')
    program.chmod(0o755)
    line = store_key(gcloud_commands.add_key_version(PROJECT, "gemini-api-key"))

    subprocess.run(
        ["bash", "-c", line],
        input="AQ.typed-by-hand\\x\n",
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        text=True,
        check=True,
    )

    assert (tmp_path / "stdin").read_text() == "AQ.typed-by-hand\\x"
    assert "typed-by-hand" not in (tmp_path / "argv").read_text()


def test_a_payload_hides_the_key_in_its_repr() -> None:
    assert "AQ.secret" not in repr(Payload(GeminiKey("AQ.secret")))
