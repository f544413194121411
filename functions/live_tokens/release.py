"""Which release this code is, from the file that `live-tokens package` writes beside main.py. A checkout has none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from live_tokens.configuration_error import ConfigurationError

RELEASE_FILE = "release.json"
_FIELDS = ("version", "commit", "digest")


class ReleaseError(ConfigurationError):
    """The file that names the release cannot be read: the package is damaged."""

    subject: ClassVar[str] = "contents of the package"


@dataclass(frozen=True, slots=True)
class Release:
    """A packaged version of this code.

    Attributes:
        version: such as `1.2.0`, or `1.2.0-3-gabc1234` for the third commit after it.
        commit: of git; ends with `-dirty` if the checkout had changes.
        digest: SHA-256 of the package without this file, in hexadecimal digits.
    """

    version: str
    commit: str
    digest: str


def read_release(folder: Path) -> Release | None:
    """Return the release that a folder holds, or None if it is a checkout.

    Raises:
        ReleaseError: the file is not as `live-tokens package` writes it.
    """
    file = folder / RELEASE_FILE
    if not file.exists():
        return None
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = None
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in _FIELDS):
        raise ReleaseError([f"{RELEASE_FILE} must have {', '.join(_FIELDS)}."])
    return Release(*(told[name] for name in _FIELDS))
