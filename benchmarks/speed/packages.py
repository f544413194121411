"""Which Python packages a function finds. A deployed one finds those of requirements.txt, and no development tools."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from speed.running import BenchmarkError
from speed.subjects import ROOT, Subject

LOCK_FILES = (ROOT / "requirements.txt", ROOT / "benchmarks/requirements.txt")

_LIST = """
import importlib.metadata, json
print(json.dumps([(package.name, package.version) for package in importlib.metadata.distributions()]))
"""
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def require_locked_packages(
    subjects: Iterable[Subject], variables: Mapping[str, str], lock_files: Iterable[Path] = LOCK_FILES
) -> dict[str, str]:
    """Return name → version of what the lock files name, if no function finds another package.

    Args:
        variables: all of every function's environment but its own variables.

    Raises:
        BenchmarkError: a function finds a package that the lock files do not name in this version, or has no Python.
    """
    texts = [file.read_text(encoding="utf-8") for file in lock_files]
    locked: dict[str, str] = {
        canonicalize_name(name): version for text in texts for name, version in _PINNED.findall(text)
    }
    for subject in subjects:
        foreign = {(name, version) for name, version in _found(subject, variables) if locked.get(name) != version}
        if foreign:
            listed = ", ".join(f"{name} {version}" for name, version in sorted(foreign))
            raise BenchmarkError(f"{subject.name} finds packages that it would not find where it is deployed: {listed}")
    return locked


def _found(subject: Subject, variables: Mapping[str, str]) -> list[tuple[str, str]]:
    python, *_ = subject.command
    if not Path(python).exists():
        raise BenchmarkError(f"{python} is missing. `make bench` installs it.")
    environment = {**variables, **subject.environment}
    listed = subprocess.run([python, "-c", _LIST], env=environment, capture_output=True, text=True, check=True)
    return [(canonicalize_name(name), version) for name, version in json.loads(listed.stdout)]
