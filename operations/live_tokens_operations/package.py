"""`live-tokens package [FOLDER]` stages what is deployed: the function's source, and nothing else.

    build/function/           FOLDER; this one if none is named
        main.py
        live_tokens/*.py
        profiles/*.toml
        requirements.txt
        release.json          version and commit, and the digest of the other files
    build/function.sha256     the digest of the folder, and the sign that the folder is this program's to replace

The same content gives the same folder, byte for byte: names, contents, modes and modification times depend neither on
the checkout nor on the machine. The same holds for the zip of `--archive`, whose name is its SHA-256.
`gcloud functions deploy NAME --source=build/function` zips the folder as it is.
"""

from __future__ import annotations

import os
import shutil
from argparse import Namespace
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from live_tokens_operations.arguments import Parser, like
from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.origin import COMMIT_PATTERN, VERSION_PATTERN, Origin, origin_of
from live_tokens_operations.process import ExitCode, Process
from live_tokens_operations.programs import LocalPrograms
from live_tokens_operations.source import PackageError, archive_of, digest_of, files_below, named, source_of

_MODIFIED = 946_728_000
"""2000-01-01T12:00:00Z. A zip's times begin in 1980, and gcloud's zipper gives older files the time of day."""


class ForeignFolderError(PackageError):
    """The target holds files that this program did not write, or that have changed since."""


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "folder", nargs="?", type=Path, default=CHECKOUT / "build/function", help="where to; default: build/function"
    )
    parser.add_argument(
        "--archive", type=Path, metavar="FOLDER", help="write the zip that a release deploys there, too"
    )
    parser.add_argument("--version", type=_version, help="version of the package (default: what git says)")
    parser.add_argument("--commit", type=_commit, help="commit of the package (default: what git says)")


def run(typed: Namespace, process: Process) -> ExitCode:
    """Stage the source of this checkout, and print the folder, the release and the digest.

    Raises:
        PackageError: nothing was staged.
    """
    told = origin_of(LocalPrograms(process.environment), CHECKOUT)
    origin = Origin(typed.version or told.version, typed.commit or told.commit)
    try:
        digest = stage(CHECKOUT, typed.folder, origin)
        process.stdout.write(f"{typed.folder} version {origin.version} commit {origin.commit} sha256:{digest}\n")
        if typed.archive:
            process.stdout.write(f"{write_archive(typed.archive, named(source_of(CHECKOUT), origin))}\n")
    except OSError as error:
        raise PackageError(str(error)) from error
    return ExitCode.DONE


def write_archive(folder: Path, content: Mapping[str, bytes]) -> Path:
    """Write the zip of some files, and return its path: FOLDER/SHA-256.zip.

    Raises:
        OSError: the file cannot be written.
    """
    archive = archive_of(content)
    file = folder / f"{sha256(archive).hexdigest()}.zip"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_bytes(archive)
    return file


def stage(checkout: Path, folder: Path, origin: Origin) -> str:
    """Copy the function's source to a folder. It replaces what was staged there before.

    Args:
        folder: must be absent, empty, or as an earlier call left it.

    Returns:
        The digest of the source: SHA-256 in hexadecimal digits.

    Raises:
        PackageError: nothing was changed.
        OSError: a file cannot be read or written.
    """
    source = source_of(checkout)
    content = named(source, origin)
    _require_ours(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder, so that moving it there is a rename: it is never there in part.
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        fresh = Path(scratch, "fresh")
        _write(fresh, content)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)
    _record(folder).write_text(f"{digest_of(content)}\n", encoding="ascii")
    return digest_of(source)


def _record(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.sha256")


def _require_ours(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ForeignFolderError(f"{folder} is not a folder. Name another one.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    files, record = files_below(folder), _record(folder)
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


def _version(text: str) -> str:
    return like(VERSION_PATTERN, text, "a version, such as 1.2.0")


def _commit(text: str) -> str:
    return like(COMMIT_PATTERN, text, "a commit in 40 hexadecimal digits")
