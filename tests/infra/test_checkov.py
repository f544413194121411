"""checkov finds nothing, and every check that is skipped says why, where it is skipped."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from support.missing_program import skip_or_fail
from support.terraform_runner import REPOSITORY, copy_of_module


@pytest.fixture(scope="module")
def checkov() -> Path:
    """The program, in an environment of its own. Where it is not, tests are skipped, or fail if they must not be."""
    program = Path(os.environ.get("CHECKOV", REPOSITORY / ".venv-checkov" / "bin" / "checkov"))
    if not program.is_file():
        skip_or_fail("checkov is missing: `make setup` installs it.", "REQUIRE_CHECKOV")
    return program


def scan(checkov: Path, what: str, path: Path) -> subprocess.CompletedProcess[str]:
    options = ["--framework", "terraform", "--skip-download", "--compact", "--quiet"]
    return subprocess.run(
        [checkov, what, str(path), *options], capture_output=True, text=True, timeout=300, check=False
    )


def test_checkov_finds_nothing(checkov: Path, tmp_path: Path) -> None:
    done = scan(checkov, "-d", copy_of_module(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_checkov_finds_what_is_wrong(checkov: Path, tmp_path: Path) -> None:
    """A scanner that reads nothing finds nothing, too."""
    module = copy_of_module(tmp_path)
    source = module / "source.tf"
    source.write_text(source.read_text().replace('"enforced"', '"inherited"'))
    done = scan(checkov, "-f", source)
    assert done.returncode == 1
    assert "CKV_GCP_114" in done.stdout


def test_each_skip_is_in_the_code_and_has_its_reason() -> None:
    skips = [
        skip
        for file in sorted((REPOSITORY / "infra").glob("*.tf"))
        for skip in re.findall(r"checkov:skip=(.*)", file.read_text())
    ]
    assert skips
    assert [skip for skip in skips if not re.fullmatch(r"CKV\w+:\S.{20,}", skip)] == []
