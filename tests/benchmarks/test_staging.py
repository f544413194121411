"""`speed.staging`: what is measured is what would be deployed, but for its quotas."""

import json
import shutil
from pathlib import Path

import pytest

from speed.running import BenchmarkError
from speed.staging import measured_copy

ROOT = Path(__file__).parents[2]


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    """A plain folder with the function, in no checkout."""
    bytecode = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(ROOT / "functions", tmp_path / "functions", ignore=bytecode))


def packaging_of_its_own(functions: Path, program: str) -> None:
    package = functions.parent / "operations/live_tokens_operations"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(program)


def test_a_plain_folder_is_packaged_as_this_checkout_packages(functions: Path, tmp_path: Path) -> None:
    packaged = measured_copy(functions, tmp_path / "this", profiles=3)
    release = json.loads((packaged / "release.json").read_text())
    assert set(release) == {"version", "commit", "digest"}
    assert (packaged / "main.py").read_bytes() == (functions / "main.py").read_bytes()
    assert (packaged / "requirements.txt").read_bytes() == (ROOT / "requirements.txt").read_bytes()


def test_every_profile_has_the_shipped_config_and_the_largest_quota(functions: Path, tmp_path: Path) -> None:
    packaged = measured_copy(functions, tmp_path / "this", profiles=3)
    profiles = sorted((packaged / "profiles").iterdir())
    assert [profile.name for profile in profiles] == ["default.toml", "profile-1.toml", "profile-2.toml"]
    config = (functions / "profiles/default.toml").read_text().partition("\n[config]\n")[2]
    assert config
    assert [
        text for text in map(Path.read_text, profiles) if "per_hour = 10000" not in text or config not in text
    ] == []


def test_another_checkout_is_packaged_by_its_own_program(functions: Path, tmp_path: Path) -> None:
    writes_a_proof = (
        "import pathlib, sys\npathlib.Path(sys.argv[2]).mkdir()\npathlib.Path(sys.argv[2], 'proof').touch()\n"
    )
    packaging_of_its_own(functions, writes_a_proof)
    packaged = measured_copy(functions, tmp_path / "other")
    assert [file.name for file in packaged.iterdir()] == ["proof"]


def test_what_cannot_be_packaged_ends_the_run_with_the_reason(functions: Path, tmp_path: Path) -> None:
    packaging_of_its_own(functions, "raise SystemExit('the profiles are not proved')")
    with pytest.raises(BenchmarkError, match=r"functions cannot be packaged: the profiles are not proved"):
        measured_copy(functions, tmp_path / "other")
