"""`live-tokens package [FOLDER]` stages what is deployed: the function's source, and nothing else.

    build/function/           FOLDER; this one if none is named
        main.py
        live_tokens/*.py
        profiles/*.toml
        requirements.txt
    build/function.sha256     the digest of the folder, and the sign that the folder is this program's to replace

The same content gives the same folder, byte for byte: names, contents, modes and modification times depend neither on
the checkout nor on the machine. `gcloud functions deploy NAME --source=build/function` zips the folder as it is.
"""

from __future__ import annotations

import os
import shutil
from argparse import Namespace
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from live_tokens_operations.arguments import Parser
from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.process import ExitCode, OperationError, Process

_DEPLOYED = ("main.py", "live_tokens/**/*.py", "profiles/*.toml")
_NEEDED = ("main.py", "live_tokens/__init__.py", "profiles/default.toml")
_MODIFIED = 946_728_000
"""2000-01-01T12:00:00Z. A zip's times begin in 1980, and gcloud's zipper gives older files the time of day."""


class PackageError(OperationError):
    """The folder was not staged. Nothing was changed."""


class ForeignFileError(PackageError):
    """The function's source contains a file that is not deployed, such as a backup or a link."""


class MissingFileError(PackageError):
    """The checkout lacks a file that the function needs."""


class ForeignFolderError(PackageError):
    """The target holds files that this program did not write, or that have changed since."""


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "folder", nargs="?", type=Path, default=CHECKOUT / "build/function", help="where to; default: build/function"
    )


def run(typed: Namespace, process: Process) -> ExitCode:
    """Stage the source of this checkout, and print the folder and its digest.

    Raises:
        PackageError: nothing was staged.
    """
    try:
        digest = stage(CHECKOUT, typed.folder)
    except OSError as error:
        raise PackageError(str(error)) from error
    process.stdout.write(f"{typed.folder} sha256:{digest}\n")
    return ExitCode.DONE


def stage(checkout: Path, folder: Path) -> str:
    """Copy the function's source to a folder. It replaces what was staged there before.

    Args:
        folder: must be absent, empty, or as an earlier call left it.

    Returns:
        The folder's digest: SHA-256 in hexadecimal digits.

    Raises:
        PackageError: nothing was changed.
        OSError: a file cannot be read or written.
    """
    content = source_of(checkout)
    _require_ours(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder, so that moving it there is a rename: it is never there in part.
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        fresh = Path(scratch, "fresh")
        _write(fresh, content)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)
    digest = digest_of(content)
    _record(folder).write_text(f"{digest}\n", encoding="ascii")
    return digest


def source_of(checkout: Path) -> dict[str, bytes]:
    """Return the deployed files: name → content, sorted by name.

    Raises:
        ForeignFileError: the source contains a file that is not deployed.
        MissingFileError: a file that the function needs is missing.
    """
    functions, requirements = checkout / "functions", checkout / "requirements.txt"
    files = _files_below(functions)
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


def _files_below(folder: Path) -> dict[str, Path]:
    """Return all files and links except bytecode: relative name with slashes → path."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if (path.is_symlink() or not path.is_dir()) and "__pycache__" not in path.relative_to(folder).parts
    }


def _record(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.sha256")


def _require_ours(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ForeignFolderError(f"{folder} is not a folder. Name another one.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    files, record = _files_below(folder), _record(folder)
    plain = record.is_file() and not any(path.is_symlink() for path in files.values())
    found = digest_of({name: path.read_bytes() for name, path in files.items()}) if plain else None
    if found is None or record.read_text(encoding="ascii").strip() != found:
        raise ForeignFolderError(f"{folder} holds what this program did not put there. Remove it, or name another one.")


def _write(folder: Path, content: Mapping[str, bytes]) -> None:
    for name, data in content.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    # From the innermost path out: writing into a folder changes its time.
    for path in sorted((folder, *folder.rglob("*")), reverse=True):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (_MODIFIED, _MODIFIED))
