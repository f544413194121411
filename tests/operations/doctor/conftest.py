"""The doctor, and a project without problems for each test."""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from live_tokens_operations.cli import main
from live_tokens_operations.process import Process
from operations.doctor.expected import Case, Expect
from operations.doctor.result import Doctor, Result
from operations.doctor.sample_project import PROJECT, Sample, SampleHosts, run_sample_hosts, without_problems
from support.production.service_account import ServiceAccount

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
    sample = without_problems()
    sample_hosts.show(sample)
    return sample


@pytest.fixture
def operator_environment(
    sample_hosts: SampleHosts, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """The environment of an operator whose Google is the one of the test."""
    for name, value in sample_hosts.hosts.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    return monkeypatch


@pytest.fixture
def doctor(sample: Sample, operator_environment: pytest.MonkeyPatch) -> Doctor:
    """Call the doctor: `doctor("--region", "europe-west1")`. No secret may be in what it says."""

    def result(*arguments: str, project: str = PROJECT, timeout: str = _TIMEOUT) -> Result:
        stdout, stderr = io.StringIO(), io.StringIO()
        process = Process(os.environ, sys.stdin, stdout, stderr)
        code = main(["doctor", "--project", project, "--timeout", timeout, *arguments], process)
        said = stdout.getvalue() + stderr.getvalue()
        for secret in (sample.key, sample.gemini.key, sample.access.access_token):
            assert secret not in said
        for version in sample.secret.versions if sample.secrets else ():
            assert not version.payload.strip() or version.payload.strip().decode("latin-1") not in said
        return Result(code, tuple(stdout.getvalue().splitlines()), stderr.getvalue())

    return result


@pytest.fixture
def expect(sample: Sample, doctor: Doctor) -> Expect:
    def compare(case: Case) -> None:
        case.broken(sample)
        result = doctor()
        said = "\n".join(result.problems)
        assert len(result.problems) == len(case.expected), said
        for finding, line in zip(case.expected, result.problems, strict=True):
            assert finding.is_in(line), f"{finding}\n{said}"
        marks = {finding.mark for finding in case.expected}
        assert result.exit_code == (1 if "BAD" in marks else 3 if "?" in marks else 0)

    return compare
