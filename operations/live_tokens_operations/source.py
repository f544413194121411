"""The function's source: which files are deployed, their digest, and the archive of them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from live_tokens.release import RELEASE_FILE
from live_tokens_operations.origin import Origin
from live_tokens_operations.process import OperationError

_DEPLOYED = ("main.py", "live_tokens/**/*.py", "profiles/*.toml")
_NEEDED = ("main.py", "live_tokens/__init__.py", "profiles/default.toml")


class PackageError(OperationError):
    """The folder was not staged. Nothing was changed."""


class ForeignFileError(PackageError):
    """The function's source contains a file that is not deployed, such as a backup or a link."""


class MissingFileError(PackageError):
    """The checkout lacks a file that the function needs."""


def source_of(checkout: Path) -> dict[str, bytes]:
    """Return the deployed files: name → content, sorted by name.

    Raises:
        ForeignFileError: the source contains a file that is not deployed.
        MissingFileError: a file that the function needs is missing.
    """
    functions, requirements = checkout / "functions", checkout / "requirements.txt"
    files = files_below(functions)
    deployed = {
        path.relative_to(functions).as_posix()
        for pattern in _DEPLOYED
        for path in functions.glob(pattern)
        if not path.name.startswith(".")
    }
    if links := sorted(str(path) for path in (requirements, *files.values()) if path.is_symlink()):
        raise ForeignFileError(f"What is deployed must be plain files, and this is a link: {', '.join(links)}")
    if foreign := sorted(f"functions/{name}" for name in files.keys() - deployed):
        raise ForeignFileError(f"Not part of the function, so remove it or move it away: {', '.join(foreign)}")
    needed = (*(functions / name for name in _NEEDED), requirements)
    if missing := [str(path) for path in needed if not path.is_file()]:
        raise MissingFileError(f"The function needs what is not there: {', '.join(missing)}")
    files["requirements.txt"] = requirements
    return {name: files[name].read_bytes() for name in sorted(files)}


def digest_of(content: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of names and bytes, in hexadecimal digits.

    Hashed are, for each file in the order of names: the name and its length, the content and its length, so that no two
    contents run into the same bytes. Lengths have eight bytes, the largest first.
    """
    digest = sha256()
    for name, data in sorted(content.items()):
        for part in (name.encode(), data):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def named(content: Mapping[str, bytes], origin: Origin) -> dict[str, bytes]:
    """Return the deployed files with the one that names the release, which the function reads at its start."""
    release = {"version": origin.version, "commit": origin.commit, "digest": digest_of(content)}
    return {**content, RELEASE_FILE: json.dumps(release, indent=2).encode() + b"\n"}


def archive_of(content: Mapping[str, bytes]) -> bytes:
    """Return a zip of the files. It is the same on every machine: nothing is compressed, and all times are one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(content.items()):
            entry = zipfile.ZipInfo(name, (2000, 1, 1, 12, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # Unix, whatever made it
            archive.writestr(entry, data)
    return buffer.getvalue()


def files_below(folder: Path) -> dict[str, Path]:
    """Return all files and links except bytecode: relative name with slashes → path."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if (path.is_symlink() or not path.is_dir()) and "__pycache__" not in path.relative_to(folder).parts
    }
