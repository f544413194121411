"""`speed.packages`: a function is measured with what is deployed, and with none of the development tools."""

import venv
from pathlib import Path

import pytest

from speed.packages import require_locked_packages
from speed.running import BenchmarkError
from speed.subjects import PYTHON, Subject, baselines, this_function

VARIABLES = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    """A function whose environment holds one package."""
    venv.create(tmp_path / "environment", symlinks=True)
    (packages,) = (tmp_path / "environment").glob("lib/python*/site-packages")
    install(packages, "Typing_Extensions", "4.15.0")
    return Subject("f", (str(tmp_path / "environment/bin/python"),), {"PYTHONPATH": str(tmp_path / "path")})


@pytest.fixture
def locked(tmp_path: Path) -> list[Path]:
    file = tmp_path / "requirements.txt"
    file.write_text("fastapi==0.165.0 ; python_version > '3' \\\n    --hash=sha256:00\ntyping-extensions==4.15.0 \\\n")
    return [file]


def install(folder: Path, name: str, version: str) -> None:
    metadata = folder / f"{name.lower()}-{version}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_a_function_that_finds_only_what_is_locked_is_measured(subject: Subject, locked: list[Path]) -> None:
    versions = require_locked_packages([subject], VARIABLES, locked)
    assert versions == {"fastapi": "0.165.0", "typing-extensions": "4.15.0"}


@pytest.mark.parametrize(("name", "version"), [("rich", "15.0.0"), ("fastapi", "0.164.0")])
def test_another_package_or_version_ends_the_run(
    subject: Subject, locked: list[Path], tmp_path: Path, name: str, version: str
) -> None:
    install(tmp_path / "path", name, version)
    with pytest.raises(BenchmarkError, match=f"f finds packages .*: {name} {version}$"):
        require_locked_packages([subject], VARIABLES, locked)


def test_an_environment_that_is_not_there_is_named_with_what_makes_it(locked: list[Path]) -> None:
    with pytest.raises(BenchmarkError, match=r"/absent/python is missing\. `make bench` installs it"):
        require_locked_packages([Subject("f", ("/absent/python",))], VARIABLES, locked)


def test_every_function_runs_in_the_environment_of_its_own_and_only_baselines_find_more() -> None:
    ours = this_function(Path("f"), "h")
    assert {subject.command[0] for subject in [*ours, *baselines()]} == {str(PYTHON)}
    assert [subject.name for subject in ours if "PYTHONPATH" in subject.environment] == []
