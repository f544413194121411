"""Makes the copy of a function that is measured: with quotas that end nothing, and packaged as for a deployment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from speed.running import BenchmarkError
from speed.subjects import ROOT

LARGEST_QUOTA = 10_000

_LIMITS = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 60
session_seconds = 600
[quota]
per_hour = {largest}
per_day = {per_day}
"""
_BYTECODE = shutil.ignore_patterns("__pycache__")


def measured_copy(source: Path, folder: Path, profiles: int = 1, per_day: int = LARGEST_QUOTA) -> Path:
    """Package a function, and return where. Its profiles are the shipped one, with the largest quota for an hour.

    It is packaged by `live-tokens package` of its own checkout, or of this one if nothing but functions lies there.

    Args:
        source: the `functions/` of a checkout.
        folder: must not exist. A checkout is made in it, as `live-tokens package` takes no other.
        profiles: how many there are to be.
        per_day: their other quota. After a call, the store holds a caller for a day divided by it.

    Raises:
        BenchmarkError: it cannot be packaged.
    """
    checkout, packaged = folder / "checkout", folder / "functions"
    operations = source.resolve().parent / "operations"
    shutil.copytree(
        operations if operations.is_dir() else ROOT / "operations", checkout / "operations", ignore=_BYTECODE
    )
    shutil.copytree(source, checkout / "functions", ignore=_BYTECODE)
    shutil.copy(ROOT / "requirements.txt", checkout)  # what is installed, whichever function it is
    _replace_profiles(checkout / "functions/profiles", profiles, _LIMITS.format(largest=LARGEST_QUOTA, per_day=per_day))
    finished = subprocess.run(
        [sys.executable, "-m", "live_tokens_operations", "package", str(packaged)],
        env={**os.environ, "PYTHONPATH": str(checkout / "operations")},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise BenchmarkError(f"{source} cannot be packaged: {finished.stderr}")
    return packaged


def _replace_profiles(folder: Path, profiles: int, limits: str) -> None:
    config = (folder / "default.toml").read_text(encoding="utf-8").partition("\n[config]\n")[2]
    shutil.rmtree(folder)
    folder.mkdir()
    for number in range(profiles):
        name = f"profile-{number}" if number else "default"
        (folder / f"{name}.toml").write_text(f"{limits}[config]\n{config}", encoding="utf-8")
