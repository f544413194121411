"""Projects that a README describes: commands to paste, and files to save."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"((?:<!-- \S+: \S+ -->\n)+)```\w+\n(.*?)```\n", re.DOTALL)
_MARK = re.compile(r"<!-- (\S+): (\S+) -->")


@dataclass(frozen=True, slots=True)
class ReadmeProject:
    """The blocks after `<!-- NAME: sh -->`, to paste, and those after `<!-- NAME: file -->`, to save, in order."""

    commands: tuple[str, ...]
    files: dict[str, str]


def project_in(readme: Path, name: str) -> ReadmeProject:
    marked = [
        (what, text)
        for marks, text in _BLOCK.findall(readme.read_text(encoding="utf-8"))
        for project, what in _MARK.findall(marks)
        if project == name
    ]
    return ReadmeProject(
        commands=tuple(text for what, text in marked if what == "sh"),
        files={what: text for what, text in marked if what != "sh"},
    )
