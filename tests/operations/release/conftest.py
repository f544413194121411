"""A project with three revisions of the function, and the operator's program that looks at it."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from live_tokens_operations.cli import main
from live_tokens_operations.process import Process
from operations.release.deployed import FUNCTION, HOSTS, PROJECT, REGION, TOKEN, Deployed, Operate, Typed
from support.google import access_tokens, cloud_functions, cloud_run, log_entries
from support.google.access import ApiAccess
from support.google.cloud_functions import CloudFunctions
from support.google.cloud_run import RunService
from support.google_hosts.hosts import run_google_hosts
from support.production.service_account import ServiceAccount


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    revisions = [f"{FUNCTION}-{number:05d}-abc" for number in (1, 2, 3)]
    service = RunService(PROJECT, REGION, FUNCTION, revisions=revisions)
    deployed = Deployed(service, ApiAccess(TOKEN, services=set(HOSTS)), folder=tmp_path)
    home, elsewhere = (
        f"projects/{PROJECT}/locations/{region}/functions/{FUNCTION}" for region in (REGION, "asia-east1")
    )
    additional = {"name": elsewhere, "labels": {"deployment-callable": "true", "live-tokens-additional": "true"}}
    functions = CloudFunctions({elsewhere: additional, home: {"name": home}})
    program = tmp_path / "gcloud"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {tmp_path}/arguments\n')
    program.chmod(0o755)
    apps = {
        cloud_run.HOST: cloud_run.create_run_app(deployed.access, [service]),
        cloud_functions.HOST: cloud_functions.create_functions_app(deployed.access, functions),
        log_entries.HOST: log_entries.create_logging_app(deployed.access, PROJECT, deployed.log),
        access_tokens.HOST: access_tokens.create_token_app(TOKEN),
    }
    with run_google_hosts(tmp_path, apps) as hosts:
        for name, value in hosts.environment.items():
            monkeypatch.setenv(name, value)
        key_file = ServiceAccount.create(PROJECT, tmp_path / "key.json").file
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        yield deployed


@pytest.fixture
def operate(deployed: Deployed) -> Operate:
    def run(*arguments: str, typed: str | None = None) -> tuple[int, list[str], str]:
        stdin = io.StringIO() if typed is None else Typed(typed)
        stdout, stderr = io.StringIO(), io.StringIO()
        code = main([arguments[0], "--project", PROJECT, *arguments[1:]], Process(os.environ, stdin, stdout, stderr))
        return code, stdout.getvalue().splitlines(), stderr.getvalue()

    return run
