"""What the operator's own settings say about where to deploy, and what is done when the command line says otherwise."""

from pathlib import Path

import pytest

from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.settings_files import SettingsFiles


def settings(folder: Path, text: str) -> SettingsFiles:
    file = folder / "terraform.tfvars"
    file.write_text(text, encoding="utf-8")
    return SettingsFiles.read(folder)


def test_the_region_of_the_file_is_taken_where_none_is_asked_for(tmp_path: Path) -> None:
    assert settings(tmp_path, 'region     = "us-central1" # ours\n').region_for(None) == "us-central1"


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    nothing = SettingsFiles.read(tmp_path)
    assert nothing.region_for(None) is None
    assert nothing.region_for("us-central1") == "us-central1"
    nothing.require_project("my-app-1a2b")


def test_another_region_than_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match="sets the region to us-central1, but REGION is europe-west1"):
        settings(tmp_path, 'region = "us-central1"\n').region_for("europe-west1")


def test_a_file_of_another_project_is_refused(tmp_path: Path) -> None:
    file = settings(tmp_path, 'project_id = "their-app-9z"\n')
    with pytest.raises(MisuseError, match="sets project_id to their-app-9z"):
        file.require_project("my-app-1a2b")


def test_what_is_commented_out_says_nothing(tmp_path: Path) -> None:
    file = settings(tmp_path, '# project_id = "their-app-9z"\n# region = "us-central1"\n')
    assert (file.project, file.region) == (None, None)


def test_the_files_count_in_terraform_s_order_and_the_one_that_counts_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.auto.tfvars").write_text('region = "europe-west2"\n', encoding="utf-8")
    (tmp_path / "b.auto.tfvars.json").write_text('{"region": "us-central1", "identity_platform": {}}', encoding="utf-8")
    files = settings(tmp_path, 'region = "europe-west1"\nproject_id = "my-app-1a2b"\n')
    assert (files.project, files.region, files.sets_sign_in_up) == ("my-app-1a2b", "us-central1", True)
    with pytest.raises(MisuseError, match=r"^b\.auto\.tfvars\.json sets the region to us-central1"):
        files.region_for("europe-west1")


@pytest.mark.parametrize(
    "text",
    [
        'labels = {\n  region = "us-central1"\n}\n',
        'labels = { a = "}" }\nfoo = [\n  {\n    region = "us-central1"\n  }]\n',
        '/*\nregion = "us-central1"\n*/\n',
        '// region = "us-central1"\n',
        'note = "# not a comment"\n# region = "us-central1"\n',
    ],
)
def test_what_is_part_of_a_value_or_of_a_comment_is_no_setting(tmp_path: Path, text: str) -> None:
    assert settings(tmp_path, text).region is None


def test_a_json_file_that_holds_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "terraform.tfvars.json").write_text("[", encoding="utf-8")
    with pytest.raises(MisuseError, match=r"^terraform\.tfvars\.json is not a JSON object"):
        SettingsFiles.read(tmp_path)
