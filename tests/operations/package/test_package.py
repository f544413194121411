"""The staged folder: exactly the function, the same from every checkout, and never in the place of something else."""

import io
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from live_tokens.release import Release, read_release
from live_tokens_operations.cli import main
from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.origin import Origin
from live_tokens_operations.package import ForeignFolderError, write_archive
from live_tokens_operations.package import stage as stage_with_origin
from live_tokens_operations.process import Process
from live_tokens_operations.source import ForeignFileError, MissingFileError, digest_of, named, source_of
from support.gcloud_parser import Gcloud, require_gcloud

_ZIP_AS_GCLOUD_DOES = """
import importlib, sys
lib, folder, source = sys.argv[1:]
sys.path[:0] = [lib, lib + "/third_party"]
sources = importlib.import_module("googlecloudsdk.command_lib.functions.source_util")
print(sources.CreateSourcesZipFile(folder, source))
"""


COMMIT = "4b1d" * 10
ORIGIN = Origin("1.2.0", COMMIT)


def stage(checkout: Path, folder: Path) -> str:
    return stage_with_origin(checkout, folder, ORIGIN)


@pytest.fixture(name="checkout")
def _checkout(tmp_path: Path) -> Path:
    return _copy(tmp_path / "checkout")


def _copy(to: Path) -> Path:
    shutil.copytree(CHECKOUT / "functions", to / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "requirements.txt", to)
    return to


def _everything(folder: Path) -> dict[str, tuple[int, float, bytes | None]]:
    """Return path → mode, modification time and content of everything there is, the folder itself included."""
    return {
        str(path.relative_to(folder)): (
            stat.S_IMODE(path.stat().st_mode),
            path.stat().st_mtime,
            path.read_bytes() if path.is_file() else None,
        )
        for path in (folder, *folder.rglob("*"))
    }


def _another(checkout: Path, to: Path) -> Path:
    """Copy a checkout in another order, with other times, modes and bytecode."""
    for index, source in enumerate(sorted(checkout.rglob("*"), reverse=True)):
        if source.is_file():
            copy = to / source.relative_to(checkout)
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            copy.write_bytes(source.read_bytes())
            copy.chmod(0o600 if index % 2 else 0o775)
            os.utime(copy, (index, index))
    (to / "functions" / "__pycache__").mkdir()
    (to / "functions" / "__pycache__" / "main.cpython-313.pyc").write_bytes(b"bytecode")
    return to


def test_the_staged_folder_holds_the_function_and_nothing_else(checkout: Path, tmp_path: Path) -> None:
    stage(checkout, tmp_path / "build" / "function")
    modules = {f"live_tokens/{path.name}" for path in (CHECKOUT / "functions" / "live_tokens").glob("*.py")}
    profiles = {f"profiles/{path.name}" for path in (CHECKOUT / "functions" / "profiles").glob("*.toml")}
    staged = _everything(tmp_path / "build" / "function")
    assert set(staged) == {
        *(".", "main.py", "requirements.txt", "release.json", "live_tokens", "profiles"),
        *(*modules, *profiles),
    }
    assert len(modules) > 10
    assert len(profiles) > 1
    assert staged["main.py"][2] == (CHECKOUT / "functions" / "main.py").read_bytes()


def test_two_checkouts_with_other_times_modes_and_order_give_the_same_folder(checkout: Path, tmp_path: Path) -> None:
    other = _another(checkout, tmp_path / "other")
    umask = os.umask(0o077)
    try:
        digest = stage(other, tmp_path / "second")
    finally:
        os.umask(umask)
    assert stage(checkout, tmp_path / "first") == digest
    assert _everything(tmp_path / "first") == _everything(tmp_path / "second")
    modes = {entry[0] for entry in _everything(tmp_path / "first").values()}
    assert modes == {0o644, 0o755}


@pytest.mark.parametrize("environment", [{"TZ": "Pacific/Kiritimati", "LC_ALL": "C"}, {"TZ": "America/Adak"}])
def test_the_program_stages_the_same_in_every_time_zone_and_locale(tmp_path: Path, environment: dict[str, str]) -> None:
    expected = stage(CHECKOUT, tmp_path / "here")
    options = ["--version=1.2.0", f"--commit={COMMIT}", "--archive", str(tmp_path / "zip")]
    program = [sys.executable, "-m", "live_tokens_operations", "package", str(tmp_path / "there"), *options]
    environment |= {"PYTHONPATH": str(CHECKOUT / "operations")}
    said = subprocess.run(
        program,
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    archive = write_archive(tmp_path, named(source_of(CHECKOUT), ORIGIN))
    assert said.splitlines() == [
        f"{tmp_path / 'there'} version 1.2.0 commit {COMMIT} sha256:{expected}",
        str(tmp_path / "zip" / archive.name),
    ]
    assert (tmp_path / "zip" / archive.name).read_bytes() == archive.read_bytes()
    assert _everything(tmp_path / "here") == _everything(tmp_path / "there")


def test_the_package_names_its_release_as_the_function_reads_it(checkout: Path, tmp_path: Path) -> None:
    digest = stage(checkout, tmp_path / "function")
    assert read_release(tmp_path / "function") == Release("1.2.0", COMMIT, digest)
    assert digest == digest_of(source_of(checkout)), "the name of a release is no part of the digest"


def test_the_archive_is_the_staged_folder_and_is_called_by_its_digest(checkout: Path, tmp_path: Path) -> None:
    stage(checkout, tmp_path / "function")
    file = write_archive(tmp_path / "zip", named(source_of(checkout), ORIGIN))
    assert file.name == f"{sha256(file.read_bytes()).hexdigest()}.zip"
    with zipfile.ZipFile(file) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    folder = tmp_path / "function"
    assert content == {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("option", ["--commit=4b1d", "--commit=main", "--version=1.2 0", "--version="])
def test_a_release_without_a_proper_name_is_typed_wrong(tmp_path: Path, option: str) -> None:
    process = Process({}, sys.stdin, io.StringIO(), io.StringIO())
    assert main(["package", str(tmp_path / "function"), option], process) == 2


def test_gcloud_zips_both_to_the_same_entries(checkout: Path, tmp_path: Path) -> None:
    gcloud = require_gcloud()
    stage(checkout, tmp_path / "first")
    stage(_another(checkout, tmp_path / "other"), tmp_path / "second")
    first, second = (_zip_by_gcloud(gcloud, tmp_path / name) for name in ("first", "second"))
    assert first == second
    names = {path.relative_to(tmp_path / "first").as_posix() for path in (tmp_path / "first").rglob("*")}
    assert {entry[0].rstrip("/") for entry in first} == names


def _zip_by_gcloud(gcloud: Gcloud, folder: Path) -> list[tuple[Any, ...]]:
    """Return the entries by name: gcloud takes them in the order in which the file system happens to list them."""
    place = folder.with_name(f"{folder.name}-zip")
    place.mkdir()
    command = [str(gcloud.python), "-I", "-c", _ZIP_AS_GCLOUD_DOES, str(gcloud.root / "lib"), str(place), str(folder)]
    # A configuration folder of its own, so that gcloud writes nothing into the user's.
    environment = {"CLOUDSDK_CONFIG": str(place), "HOME": str(place)}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    with zipfile.ZipFile(said.stdout.strip()) as archive:
        return sorted((i.filename, i.date_time, i.external_attr, i.CRC, i.file_size) for i in archive.infolist())


def test_the_digest_changes_with_any_byte_and_any_name() -> None:
    content = {"main.py": b"a = 1\n", "profiles/default.toml": b""}
    digests = {
        digest_of(content),
        digest_of(content | {"main.py": b"a = 2\n"}),
        digest_of(content | {"main.py": b"a = 1"}),
        digest_of(content | {"another.py": b""}),
        digest_of({"main.py": content["main.py"]}),
        digest_of({"main.pya": b" = 1\n", "profiles/default.toml": b""}),
        digest_of({"main.py": b"", "profiles/default.toml": content["main.py"]}),
    }
    assert len(digests) == 7


def test_the_digest_does_not_depend_on_the_order() -> None:
    assert digest_of({"a": b"1", "b": b"2"}) == digest_of({"b": b"2", "a": b"1"})


def test_a_changed_source_gives_another_digest(checkout: Path, tmp_path: Path) -> None:
    first = stage(checkout, tmp_path / "function")
    with (checkout / "functions" / "live_tokens" / "issuing.py").open("a") as module:
        module.write("\n")
    assert stage(checkout, tmp_path / "function") != first


def test_staging_again_replaces_what_was_staged(checkout: Path, tmp_path: Path) -> None:
    stage(checkout, tmp_path / "function")
    (checkout / "functions" / "profiles" / "tutor.toml").unlink()
    (tmp_path / "function" / "__pycache__").mkdir()  # somebody ran the staged function
    (tmp_path / "function" / "__pycache__" / "main.cpython-313.pyc").touch()
    stage(checkout, tmp_path / "function")
    assert not (tmp_path / "function" / "profiles" / "tutor.toml").exists()
    assert not (tmp_path / "function" / "__pycache__").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkout", "function", "function.sha256"]


@pytest.mark.parametrize(
    "foreign",
    [
        "main.py~",
        ".main.py.swp",
        ".DS_Store",
        "requirements.txt",
        "pyproject.toml",
        "live_tokens/issuing.py.orig",
        "live_tokens/.#issuing.py",
        "live_tokens/notes.md",
        "profiles/default.toml.bak",
        "profiles/deeper/default.toml",
        "secrets/key.json",
        "another.py",
    ],
)
def test_a_file_that_is_not_deployed_is_named_and_refused(checkout: Path, tmp_path: Path, foreign: str) -> None:
    (checkout / "functions" / foreign).parent.mkdir(exist_ok=True)
    (checkout / "functions" / foreign).touch()
    with pytest.raises(ForeignFileError) as refusal:
        stage(checkout, tmp_path / "function")
    assert f"functions/{foreign}" in str(refusal.value)
    assert not (tmp_path / "function").exists()


@pytest.mark.parametrize("linked", ["functions/profiles/mine.toml", "functions/live_tokens/deeper", "requirements.txt"])
def test_a_link_is_refused_whatever_it_leads_to(checkout: Path, tmp_path: Path, linked: str) -> None:
    (checkout / linked).unlink(missing_ok=True)
    (checkout / linked).symlink_to(tmp_path)
    with pytest.raises(ForeignFileError, match="is a link"):
        stage(checkout, tmp_path / "function")


@pytest.mark.parametrize("missing", ["functions/main.py", "requirements.txt", "functions/profiles/default.toml"])
def test_what_the_function_needs_must_be_there(checkout: Path, tmp_path: Path, missing: str) -> None:
    (checkout / missing).unlink()
    with pytest.raises(MissingFileError, match=Path(missing).name):
        stage(checkout, tmp_path / "function")


def _change(folder: Path) -> None:
    (folder / "main.py").write_text("print('changed by hand')\n")


def _add(folder: Path) -> None:
    (folder / "mine.txt").touch()


def _link(folder: Path) -> None:
    (folder / "live_tokens" / "mine.py").symlink_to(folder)


def _disown(folder: Path) -> None:
    folder.with_name("function.sha256").unlink()


@pytest.mark.parametrize("meddle", [_change, _add, _link, _disown])
def test_a_folder_that_somebody_changed_is_left_alone(checkout: Path, tmp_path: Path, meddle: Any) -> None:
    stage(checkout, tmp_path / "function")
    meddle(tmp_path / "function")
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    with pytest.raises(ForeignFolderError, match="Remove it"):
        stage(checkout, tmp_path / "function")
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


def test_somebody_elses_folder_file_or_link_is_left_alone(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "homework").mkdir()
    (tmp_path / "homework" / "essay.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for target in ("homework", "file", "link"):
        with pytest.raises(ForeignFolderError):
            stage(checkout, tmp_path / target)
    assert (tmp_path / "homework" / "essay.txt").read_text() == "mine"
    assert (tmp_path / "file").read_text() == "mine"


def test_an_empty_folder_may_be_filled(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "function").mkdir()
    stage(checkout, tmp_path / "function")
    assert (tmp_path / "function" / "main.py").is_file()


def test_a_refused_staging_leaves_the_earlier_one_as_it_was(checkout: Path, tmp_path: Path) -> None:
    stage(checkout, tmp_path / "function")
    before = _everything(tmp_path / "function")
    (checkout / "functions" / "main.py~").touch()
    with pytest.raises(ForeignFileError):
        stage(checkout, tmp_path / "function")
    assert _everything(tmp_path / "function") == before


def test_the_program_says_why_it_refuses(tmp_path: Path) -> None:
    said, errors = io.StringIO(), io.StringIO()
    (tmp_path / "essay.txt").touch()
    process = Process({}, sys.stdin, said, errors)
    assert main(["package", str(tmp_path)], process) == 1
    assert said.getvalue() == ""
    assert str(tmp_path) in errors.getvalue()
    assert main(["package", str(tmp_path / "function")], process) == 0
    assert json.dumps(said.getvalue()).count("sha256:") == 1


def test_the_sources_of_the_checkout_are_sorted_so_that_nothing_depends_on_the_file_system() -> None:
    names = list(source_of(CHECKOUT))
    assert names == sorted(names)
