"""The stand-in as a package for others: what is in it, what it asks for, and what its files say."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import gemini_live_stand_in
from gemini_live_stand_in.__main__ import main
from gemini_live_stand_in.endpoints import Endpoints

PACKAGE = Path(gemini_live_stand_in.__file__).parent
FOLDER = PACKAGE.parent
ROOT = FOLDER.parents[2]
PROJECT = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).with_name("uv")
    built = subprocess.run(
        [uv, "build", "--offline", "--python", sys.executable, "--wheel", "--out-dir", folder, FOLDER],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("gemini_live_stand_in-*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_has_all_that_the_stand_in_reads_and_its_types(wheel: zipfile.ZipFile) -> None:
    files = {path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {path.relative_to(FOLDER).as_posix() for path in files} <= set(wheel.namelist())
    assert "gemini_live_stand_in/py.typed" in wheel.namelist()


def test_it_imports_nothing_that_it_does_not_ask_for() -> None:
    imported = {
        match[1]
        for file in PACKAGE.rglob("*.py")
        for match in re.finditer(r"^\s*(?:from|import) (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    ours = imported - sys.stdlib_module_names - {"gemini_live_stand_in"}
    of_the_extra = {"trustme", "cryptography"}
    assert ours <= {"starlette", "uvicorn", "websockets", "pytest"} | of_the_extra


def test_it_asks_for_ranges_that_hold_what_the_tests_run_on() -> None:
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE))
    asked = [Requirement(text) for text in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["tls"])]
    assert {requirement.name for requirement in asked} == {"starlette", "uvicorn", "websockets", "trustme"}
    assert [str(requirement) for requirement in asked if pins[requirement.name] not in requirement.specifier] == []
    assert [str(requirement) for requirement in asked if "==" in str(requirement.specifier)] == []


def test_its_changelog_begins_with_its_version() -> None:
    changelog = (FOLDER / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", changelog, re.MULTILINE)[0] == PROJECT["version"]


def test_it_comes_with_the_license_of_the_repository() -> None:
    assert (FOLDER / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_image_has_a_tag_and_starts_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    dockerfile = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["python:3.13-slim"]
    entry = re.search(r"^ENTRYPOINT (.*)$", dockerfile, re.MULTILINE)
    assert entry is not None
    name, *options = json.loads(entry[1])
    assert name in PROJECT["scripts"]
    with pytest.raises(SystemExit) as stopped:
        main([*options, "--help"], {})  # which comes after the other options, so they have been read
    assert stopped.value.code == 0
    capsys.readouterr()


def test_the_readme_and_the_help_name_everything_in_the_ready_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"], {})
    names = list(json.loads(Endpoints("http://127.0.0.1:1", "key").ready_line()))
    readme = " ".join((FOLDER / "README.md").read_text(encoding="utf-8").split())
    assert ", ".join(f"`{name}`" for name in names) in readme
    assert ", ".join(names) in " ".join(capsys.readouterr().out.split())
