"""The file that tells Terraform of its state, and what is done when it is somebody else's."""

import json
from pathlib import Path

import pytest

from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.state_bucket import write_backend

BUCKET = "my-app-1a2b-live-tokens-state"


def test_a_backend_of_this_program_follows_the_project(tmp_path: Path) -> None:
    write_backend(tmp_path, "another-project-live-tokens-state", "us-central1")
    write_backend(tmp_path, BUCKET, "europe-west1")
    written = (tmp_path / "backend.tf").read_text(encoding="utf-8")
    assert f'bucket = "{BUCKET}"' in written
    assert 'prefix = "live-tokens/europe-west1"' in written
    assert "another-project" not in written


def test_a_backend_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    theirs = 'terraform {\n  backend "gcs" {\n    bucket = "theirs"\n  }\n}\n'
    (tmp_path / "backend.tf").write_text(theirs, encoding="utf-8")
    with pytest.raises(MisuseError, match="was not written by this program"):
        write_backend(tmp_path, BUCKET, "europe-west1")
    assert (tmp_path / "backend.tf").read_text(encoding="utf-8") == theirs


def test_a_local_state_with_resources_is_not_forgotten(tmp_path: Path) -> None:
    (tmp_path / "terraform.tfstate").write_text(json.dumps({"resources": [{"type": "t"}]}), encoding="utf-8")
    with pytest.raises(MisuseError, match="init -migrate-state"):
        write_backend(tmp_path, BUCKET, "europe-west1")
    assert not (tmp_path / "backend.tf").exists()


@pytest.mark.parametrize("state", ["", '{"resources": []}'])
def test_an_empty_local_state_is_nothing_to_lose(tmp_path: Path, state: str) -> None:
    (tmp_path / "terraform.tfstate").write_text(state, encoding="utf-8")
    write_backend(tmp_path, BUCKET, "europe-west1")
    assert (tmp_path / "backend.tf").exists()
