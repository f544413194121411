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
import stat
from argparse import Namespace
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from live_tokens_operations.arguments import Parser
from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.process import ExitCode, OperationError, Process

_FOLDER = CHECKOUT / "build" / "function"
_BYTECODE = "__pycache__"
_FILE_MODE = 0o644
_FOLDER_MODE = 0o755
_MODIFIED = 946_728_000
"""2000-01-01T12:00:00Z. A zip's times begin in 1980, and gcloud's zipper gives older files the time of day."""


class PackageError(OperationError):
    """The folder was not staged, and what was there is as it was. The text says why, and what to do."""


class ForeignFileError(PackageError):
    """Among the function's source is something that is not deployed, such as an editor's backup or a link."""


class MissingFileError(PackageError):
    """Something that the function needs is not in the checkout."""


class ForeignFolderError(PackageError):
    """There is something at the target that this program did not put there, or that was changed since."""


def add_arguments(parser: Parser) -> None:
    """Describe the command line."""
    parser.add_argument("folder", nargs="?", type=Path, default=_FOLDER, help="where to; build/function by default")


def run(typed: Namespace, process: Process) -> ExitCode:
    """Stage the source of this checkout, and print the folder and its digest.

    Raises:
        PackageError: it was not staged.
    """
    try:
        digest = stage(CHECKOUT, typed.folder)
    except OSError as error:
        raise PackageError(str(error)) from error
    process.stdout.write(f"{typed.folder} sha256:{digest}\n")
    return ExitCode.DONE


def stage(checkout: Path, folder: Path) -> str:
    """Put the function's source into a folder of its own, in place of what was staged there before.

    At every moment the folder is as it was, absent for an instant, or complete.

    Args:
        checkout: root of the repository.
        folder: where to; must be absent, empty, or as an earlier call left it.

    Returns:
        The folder's digest: SHA-256 in hexadecimal digits.

    Raises:
        PackageError: one of its family, and nothing was changed.
        OSError: a file cannot be read or written.
    """
    content = source_of(checkout)
    _check_is_ours(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder, so that moving it there is a rename.
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        fresh, old = Path(scratch, "fresh"), Path(scratch, "old")
        _write(fresh, content)
        if folder.exists():
            folder.rename(old)
        try:
            fresh.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    digest = digest_of(content)
    _record(folder).write_text(f"{digest}\n", encoding="ascii")
    return digest


def source_of(checkout: Path) -> dict[str, bytes]:
    """Return what is deployed: name in the staged folder → bytes, sorted by name.

    Raises:
        ForeignFileError: among it is something that is not deployed.
        MissingFileError: something that the function needs is not there.
    """
    functions = checkout / "functions"
    files = {name: functions / name for name in _names(functions)}
    foreign = [f"functions/{name}" for name in files if not _is_deployed(name)]
    if foreign:
        raise ForeignFileError(f"Not part of the function, so remove it or move it away: {', '.join(sorted(foreign))}")
    for needed in ("main.py", "live_tokens/__init__.py", "profiles/default.toml"):
        if needed not in files:
            raise MissingFileError(f"The function needs functions/{needed}, which is not there.")
    files["requirements.txt"] = _plain(checkout / "requirements.txt")
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


def _is_deployed(name: str) -> bool:
    path = PurePosixPath(name)
    match path.parts:
        case ("main.py",):
            return True
        case ("live_tokens", *_, _):
            return path.suffix == ".py" and not path.name.startswith(".")
        case ("profiles", _):
            return path.suffix == ".toml" and not path.name.startswith(".")
        case _:
            return False


def _names(folder: Path) -> Iterator[str]:
    """Yield the names of all files below `folder`, with slashes. Bytecode is nobody's source, and is passed over."""
    for path in _plain(folder).iterdir():
        if path.name == _BYTECODE:
            continue
        if _plain(path).is_dir():
            yield from (f"{path.name}/{name}" for name in _names(path))
        else:
            yield path.name


def _plain(path: Path) -> Path:
    """Return `path` if it is a file or a folder itself, and not a link or a device."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        raise MissingFileError(f"{path} is not there.") from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ForeignFileError(f"{path} is a link or a device; what is deployed must be plain files.")
    return path


def _record(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.sha256")


def _check_is_ours(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ForeignFolderError(f"{folder} is not a folder. Name another one.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    record = _record(folder)
    recorded = record.read_text(encoding="ascii").strip() if record.is_file() else None
    try:
        found = digest_of({name: (folder / name).read_bytes() for name in _names(folder)})
    except ForeignFileError:
        found = None
    if recorded is None or recorded != found:
        raise ForeignFolderError(f"{folder} holds what this program did not put there. Remove it, or name another one.")


def _write(folder: Path, content: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, data in content.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(_FILE_MODE)
        os.utime(file, (_MODIFIED, _MODIFIED))
    # From the innermost folder out: writing into a folder changes its time.
    for path in sorted((folder, *folder.rglob("*")), reverse=True):
        if path.is_dir():
            path.chmod(_FOLDER_MODE)
            os.utime(path, (_MODIFIED, _MODIFIED))
