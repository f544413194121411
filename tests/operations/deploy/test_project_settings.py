"""The settings of one project: which file has them, and what happens to settings for every project."""

from pathlib import Path

import pytest

from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.project_settings import ProjectSettings
from operations.deploy.google import PROJECT


def settings(module: Path, text: str, project: str = PROJECT) -> ProjectSettings:
    """Return the settings of a project, whose file says `text`."""
    (module / "projects").mkdir(exist_ok=True)
    (module / "projects" / f"{PROJECT}.tfvars").write_text(text, encoding="utf-8")
    return ProjectSettings.read(module, project)


def test_the_region_of_the_file_is_taken_where_none_is_asked_for(tmp_path: Path) -> None:
    assert settings(tmp_path, 'region     = "us-central1" # ours\n').region_for(None) == "us-central1"


def test_staging_and_production_have_a_file_each_in_one_checkout(tmp_path: Path) -> None:
    production = settings(tmp_path, 'region = "us-central1"\n')
    staging = ProjectSettings.read(tmp_path, "my-staging-1a2b")
    assert (staging.region, staging.text, staging.arguments) == (None, None, ())
    assert production.arguments == (f"-var-file={tmp_path}/projects/{PROJECT}.tfvars",)


def test_a_new_file_holds_what_is_required_and_is_read_again(tmp_path: Path) -> None:
    written = ProjectSettings.read(tmp_path, PROJECT).write("us-central1")
    assert ProjectSettings.read(tmp_path, PROJECT) == written
    assert (written.region, written.region_for("us-central1")) == ("us-central1", "us-central1")


def test_another_region_than_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match="sets the region to us-central1, but REGION is europe-west1"):
        settings(tmp_path, 'region = "us-central1"\n').region_for("europe-west1")


def test_a_file_of_another_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match=rf"projects/{PROJECT}\.tfvars sets project_id to their-app-9z"):
        settings(tmp_path, 'project_id = "their-app-9z"\n')


def test_what_is_commented_out_says_nothing(tmp_path: Path) -> None:
    assert settings(tmp_path, '# project_id = "their-app-9z"\n# region = "us-central1"\n').region is None


@pytest.mark.parametrize("name", ["terraform.tfvars", "terraform.tfvars.json", "a.auto.tfvars", "b.auto.tfvars.json"])
def test_settings_for_every_project_are_not_read_and_how_to_move_them_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(MisuseError) as refused:
        settings(tmp_path, "")
    assert f"Terraform reads infra/{name} for every project. Nothing was done." in str(refused.value)
    assert f"mv infra/{name} infra/projects/{PROJECT}.tfvars" in str(refused.value)
    assert "git add" in str(refused.value)


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
