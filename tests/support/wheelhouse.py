"""Wheels of what is installed here, so that a test can install into an empty environment without a network.

Source of what a wheel holds: https://packaging.python.org/en/latest/specifications/binary-distribution-format
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import sys_tags
from packaging.utils import canonicalize_name

_OF_THE_INSTALLATION = {"INSTALLER", "REQUESTED", "direct_url.json"}


def write_wheels(folder: Path, requirements: Iterable[str]) -> None:
    """Write a wheel of each requirement that is installed here, and of all that these require.

    Raises:
        PackageNotFoundError: one is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for found in _closure([Requirement(requirement) for requirement in requirements]).values():
        _write_wheel(folder, found)


def _closure(wanted: list[Requirement]) -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    seen: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        here = found[canonicalize_name(requirement.name)] = distribution(requirement.name)
        for text in here.requires or ():
            its = Requirement(text)
            if its.marker is None or any(its.marker.evaluate({"extra": extra}) for extra in {"", *requirement.extras}):
                wanted.append(its)
    return found


def _write_wheel(folder: Path, installed: Distribution) -> None:
    name = f"{canonicalize_name(installed.name).replace('-', '_')}-{installed.version}"
    started_by_import = {point.name for point in installed.entry_points if point.group == "console_scripts"}
    with zipfile.ZipFile(folder / f"{name}-{_tag(installed)}.whl", "w") as wheel:
        for file in installed.files or ():
            if ".." not in file.parts:
                if file.name not in _OF_THE_INSTALLATION and file.suffix != ".pyc":
                    wheel.write(str(file.locate()), str(file))
            elif file.parent.name == "bin" and file.name not in started_by_import:
                wheel.write(str(file.locate()), f"{name}.data/scripts/{file.name}")


def _tag(installed: Distribution) -> str:
    tags = {
        line.removeprefix("Tag: ")
        for line in (installed.read_text("WHEEL") or "").splitlines()
        if line.startswith("Tag: ")
    }
    return next(str(tag) for tag in sys_tags() if str(tag) in tags)
