"""The doctor, and a healthy project for each test."""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from live_tokens_operations.cli import main
from live_tokens_operations.process import Process
from operations.doctor.sample_project import PROJECT, Sample, SampleHosts, healthy, run_sample_hosts
from operations.doctor.visit import Doctor, Visit
from support.production_mode.service_account import ServiceAccount

_TIMEOUT = "20"


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ServiceAccount.create(PROJECT, tmp_path_factory.mktemp("account") / "key.json").file


@pytest.fixture(scope="session")
def sample_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleHosts]:
    with run_sample_hosts(tmp_path_factory.mktemp("hosts")) as hosts:
        yield hosts


@pytest.fixture
def sample(sample_hosts: SampleHosts) -> Sample:
    sample = healthy()
    sample_hosts.show(sample)
    return sample


@pytest.fixture
def way(sample_hosts: SampleHosts, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of an operator whose Google is the one of the test."""
    for name, value in sample_hosts.hosts.way.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    return monkeypatch


@pytest.fixture
def doctor(sample: Sample, way: pytest.MonkeyPatch) -> Doctor:
    """Call the doctor: `doctor("--region", "europe-west1")`. No secret may be in what it says."""

    def visit(*arguments: str, project: str = PROJECT, timeout: str = _TIMEOUT) -> Visit:
        stdout, stderr = io.StringIO(), io.StringIO()
        process = Process(os.environ, sys.stdin, stdout, stderr)
        code = main(["doctor", "--project", project, "--timeout", timeout, *arguments], process)
        said = stdout.getvalue() + stderr.getvalue()
        for secret in (sample.key, sample.gemini.key, sample.door.access_token):
            assert secret not in said
        for version in sample.secret.versions if sample.secrets else ():
            assert not version.payload.strip() or version.payload.strip().decode("latin-1") not in said
        return Visit(code, tuple(stdout.getvalue().splitlines()), stderr.getvalue())

    return visit
