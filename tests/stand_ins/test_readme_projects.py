"""Empty projects that follow the README of the stand-in and nothing else, without a network."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.readme_projects import project_in
from support.wheelhouse import write_wheels

ROOT = Path(__file__).parents[2]
README = ROOT / "local" / "stand_ins" / "gemini" / "README.md"
FIRST_NODE_WITH_WEBSOCKET = 22


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clone of this repository in it, and the packages that PyPI would give."""
    folder = tmp_path_factory.mktemp("beside")
    stand_in = folder / "gemini-live-tokens" / "local" / "stand_ins" / "gemini"
    shutil.copytree(README.parent, stand_in, ignore=shutil.ignore_patterns("__pycache__"))
    write_wheels(folder / "wheels", ["starlette", "uvicorn", "websockets", "trustme", "pytest", "uv-build"])
    python = folder / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return folder


def pasted(surroundings: Path, folder: Path, commands: str, **variables: str) -> str:
    """Run commands in a folder as a shell does, and return what they print."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTEST_", "PYTHON"))}
    environment = kept | {
        "PATH": f"{surroundings / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(surroundings / "wheels"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **variables,
    }
    ran = subprocess.run(
        ["bash", "-euc", commands], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_an_empty_python_project_that_follows_the_readme_has_green_tests(surroundings: Path) -> None:
    project = project_in(README, "python-project")
    folder = surroundings / "python-project"
    folder.mkdir()
    (first,) = project.commands
    assert "1 passed" in pasted(surroundings, folder, first)

    for name, text in project.files.items():
        (folder / name).write_text(text, encoding="utf-8")

    assert set(project.files) == {"conversation.toml", "voice_app.py", "test_voice_app.py"}
    assert "2 passed" in pasted(surroundings, folder, ".venv/bin/pytest -W error")


def test_an_empty_node_project_that_follows_the_readme_has_green_tests(surroundings: Path) -> None:
    project = project_in(README, "node-project")
    folder = surroundings / "node-project"
    folder.mkdir()
    (first,) = project.commands
    major = int(pasted(surroundings, folder, "node --version").removeprefix("v").partition(".")[0])
    variables = {} if major >= FIRST_NODE_WITH_WEBSOCKET else {"NODE_OPTIONS": "--experimental-websocket"}
    assert "# pass 1\n" in pasted(surroundings, folder, f"{first.rstrip()} --test-reporter=tap", **variables)

    for name, text in project.files.items():
        (folder / name).write_text(text, encoding="utf-8")

    assert set(project.files) == {"conversation.toml", "voice-app.mjs", "voice-app.test.mjs"}
    assert "# pass 2\n" in pasted(surroundings, folder, "node --test --test-reporter=tap", **variables)
