"""The archive that Terraform uploads: the function, and nothing that merely lies beside it."""

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from live_tokens_operations.source import source_of
from support.terraform_runner import REPOSITORY, Terraform, copy_of_module, terraform_in

LITTER = [
    "functions/__pycache__/main.cpython-313.pyc",
    "functions/live_tokens/__pycache__/errors.cpython-313.pyc",
    "functions/.env",
    "functions/notes.txt",
    "functions/scratch.py",
    "functions/profiles/default.toml.orig",
    "requirements-dev.txt",
]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """The function as it is deployed, planned once: the plan makes the archive."""
    module = copy_of_module(tmp_path_factory.mktemp("whole-function"), whole_function=True)
    with terraform_in(module, applies=True) as terraform:
        terraform.run("plan")
        yield terraform


@pytest.fixture
def littered(tmp_path: Path) -> Iterator[Terraform]:
    """A checkout in which somebody has worked."""
    module = copy_of_module(tmp_path, whole_function=True)
    for path in LITTER:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("not to be deployed")
    with terraform_in(module, applies=True) as terraform:
        yield terraform


def test_the_archive_holds_four_things_and_no_litter(littered: Terraform) -> None:
    littered.run("plan")
    names = _archive(littered).keys()
    assert {name.split("/")[0] for name in names} == {"main.py", "live_tokens", "profiles", "requirements.txt"}
    assert {Path(name).suffix for name in names} == {".py", ".toml", ".txt"}
    assert "scratch.py" not in names


def test_every_file_in_the_archive_is_the_working_trees_byte_for_byte(planned: Terraform) -> None:
    archive = _archive(planned)
    functions = REPOSITORY / "functions"
    files = [functions / "main.py", *functions.glob("live_tokens/**/*.py"), *functions.glob("profiles/*.toml")]
    expected = {str(file.relative_to(functions)): file.read_bytes() for file in files}
    assert archive == expected | {"requirements.txt": (REPOSITORY / "requirements.txt").read_bytes()}


def test_a_release_deploys_the_same_content(planned: Terraform) -> None:
    assert _archive(planned) == source_of(planned.module.parent)


def test_the_same_content_gives_the_same_archive_in_another_checkout(planned: Terraform, tmp_path: Path) -> None:
    """Other times of files, and other modes, are not another deployment."""
    module = copy_of_module(tmp_path, whole_function=True)
    for file in (tmp_path / "functions").rglob("*"):
        shutil.copymode(tmp_path, file) if file.is_dir() else file.chmod(0o600)
    with terraform_in(module, applies=True) as terraform:
        terraform.run("plan")
        assert _zip(terraform).read_bytes() == _zip(planned).read_bytes()


def _zip(terraform: Terraform) -> Path:
    return terraform.module / ".build" / "function.zip"


def _archive(terraform: Terraform) -> dict[str, bytes]:
    with zipfile.ZipFile(_zip(terraform)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
