"""Where the code of this checkout comes from: version and commit, as git tells them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from live_tokens_operations.programs import Programs

UNKNOWN = "unknown"
VERSION_PATTERN = r"[0-9a-z][0-9a-z.-]{0,62}"
"""What a label of Google Cloud can hold: see `version_of_label`."""
COMMIT_PATTERN = r"(?:[0-9a-f]{40}(?:-dirty)?|unknown)"


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a package.

    Attributes:
        version: the newest tag `v…` without its v, in small letters, with the commits since; `unknown` without a tag.
        commit: in hexadecimal digits, with `-dirty` if files differ from it; `unknown` without git.
        changes: files that differ from the commit, or are in none.
    """

    version: str = UNKNOWN
    commit: str = UNKNOWN
    changes: tuple[str, ...] = ()


def origin_of(programs: Programs, checkout: Path) -> Origin:
    """Ask git. Where there is no git, or no repository, nothing is known."""

    def git(*arguments: str) -> list[str]:
        finished = programs.ask(["git", "-C", str(checkout), *arguments])
        return finished.out.splitlines() if finished.code == 0 else []

    head = git("rev-parse", "HEAD") if programs.has("git") else []
    if not head:
        return Origin()
    changes = tuple(line[3:] for line in git("status", "--porcelain"))
    version = git("describe", "--tags", "--match=v[0-9]*")
    commit = f"{head[0]}-dirty" if changes else head[0]
    return Origin(_plain(version[0].removeprefix("v")) if version else UNKNOWN, commit, changes)


def version_of_label(label: str) -> str:
    """Return the version that a label names: a label has no dots, and a version no underscores."""
    return label.replace("_", ".")


def _plain(version: str) -> str:
    return re.sub(r"[^0-9a-z.-]", "-", version.lower())[:63]
