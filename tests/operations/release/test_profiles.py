"""A release of profiles with which the function does not start: nothing is uploaded."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from live_tokens_operations.checks.profiles import PROFILES, RefusedProfilesError, require_profiles, warnings_of
from live_tokens_operations.defaults import CHECKOUT
from support.profile_cases import LIVE_38, ProfileCase


def functions_with(folder: Path, config: str) -> Path:
    """Return a copy of functions/ whose default profile has this config."""
    copy = shutil.copytree(CHECKOUT / "functions", folder / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "profiles" / "default.toml").write_text(ProfileCase("", LIVE_38, "accept", config).text, encoding="utf-8")
    return copy


def release(folder: Path, functions: Path) -> subprocess.CompletedProcess[str]:
    program = folder / "gcloud"
    program.write_text(f"#!/bin/sh\n: > {folder}/asked\nexit 1\n")
    program.chmod(0o755)
    line = ["-m", "live_tokens_operations", "release", "--project=my-app-1a2b", "--allow-dirty"]
    path = f"{functions}:{CHECKOUT / 'operations'}"
    environment = {**os.environ, "PATH": str(folder), "PYTHONPATH": path}
    return subprocess.run([sys.executable, *line], env=environment, capture_output=True, text=True, check=False)


def test_a_refused_profile_ends_the_release_before_anything_is_uploaded(tmp_path: Path) -> None:
    ended = release(tmp_path, functions_with(tmp_path, "temprature = 1\nvoices = 1"))
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "Nothing was done. The function does not start with these profiles:",
        "  - default.toml: config.temprature: not known; the name is probably temperature.",
        "  - default.toml: config.voices: not known; allowed here: "
        + ended.stderr.splitlines()[-1].partition("allowed here: ")[2],
    ]
    assert not (tmp_path / "asked").exists()


def test_a_warning_is_said_and_the_release_goes_on(tmp_path: Path) -> None:
    ended = release(tmp_path, functions_with(tmp_path, "tools = [{ code_execution = {} }]"))
    assert ended.stderr.startswith(
        "Warning: default.toml: config.tools[0].code_execution: not supported on this model."
    )
    assert (tmp_path / "asked").exists()


def test_the_profiles_of_this_checkout_may_be_released() -> None:
    assert warnings_of(require_profiles(PROFILES)) == []


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedProfilesError, match=r"default\.toml: this file is missing"):
        require_profiles(tmp_path / "nowhere")
