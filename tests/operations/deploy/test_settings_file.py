"""What the operator's own settings say about where to deploy, and what is done when the command line says otherwise."""

from pathlib import Path

import pytest

from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.settings_file import SettingsFile


def settings(folder: Path, text: str) -> SettingsFile:
    file = folder / "terraform.tfvars"
    file.write_text(text, encoding="utf-8")
    return SettingsFile.read(file)


def test_the_region_of_the_file_is_taken_where_none_is_asked_for(tmp_path: Path) -> None:
    assert settings(tmp_path, 'region     = "us-central1" # ours\n').region_for(None) == "us-central1"


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    nothing = SettingsFile.read(tmp_path / "terraform.tfvars")
    assert nothing.region_for(None) is None
    assert nothing.region_for("us-central1") == "us-central1"
    nothing.require_project("my-app-1a2b")


def test_another_region_than_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match="says us-central1, REGION says europe-west1"):
        settings(tmp_path, 'region = "us-central1"\n').region_for("europe-west1")


def test_a_file_of_another_project_is_refused(tmp_path: Path) -> None:
    file = settings(tmp_path, 'project_id = "their-app-9z"\n')
    with pytest.raises(MisuseError, match="is about the project their-app-9z"):
        file.require_project("my-app-1a2b")


def test_what_is_commented_out_says_nothing(tmp_path: Path) -> None:
    file = settings(tmp_path, '# project_id = "their-app-9z"\n# region = "us-central1"\n')
    assert (file.project, file.region) == (None, None)
