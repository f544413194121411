"""The file that tells Terraform to keep its state in a bucket, and what is done when the state is elsewhere."""

import json
from pathlib import Path

import pytest

from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.state_bucket import require_state_in_bucket
from operations.deploy.checkout import ROOT

BUCKET = "my-app-1a2b-live-tokens-state"
COMMITTED = (ROOT / "infra/backend.tf").read_text(encoding="utf-8")
OF_AN_EARLIER_VERSION = 'terraform {\n  backend "gcs" {\n    bucket = "b"\n    prefix = "p"\n  }\n}\n'


@pytest.mark.parametrize("text", [COMMITTED, OF_AN_EARLIER_VERSION])
def test_a_backend_that_takes_the_bucket_from_init_is_used(tmp_path: Path, text: str) -> None:
    (tmp_path / "backend.tf").write_text(text, encoding="utf-8")
    require_state_in_bucket(tmp_path, BUCKET, "europe-west1")


def test_the_committed_backend_names_no_project() -> None:
    assert "bucket =" not in COMMITTED


@pytest.mark.parametrize("text", [None, 'terraform {\n  backend "s3" {\n    bucket = "theirs"\n  }\n}\n'])
def test_without_that_backend_terraform_would_keep_the_state_elsewhere(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "backend.tf").write_text(text, encoding="utf-8")
    with pytest.raises(MisuseError, match="Get that file from git"):
        require_state_in_bucket(tmp_path, BUCKET, "europe-west1")


def test_a_local_state_with_resources_is_not_forgotten(tmp_path: Path) -> None:
    (tmp_path / "backend.tf").write_text(COMMITTED, encoding="utf-8")
    (tmp_path / "terraform.tfstate").write_text(json.dumps({"resources": [{"type": "t"}]}), encoding="utf-8")
    with pytest.raises(MisuseError, match=f"init -migrate-state -backend-config=bucket={BUCKET} "):
        require_state_in_bucket(tmp_path, BUCKET, "europe-west1")


@pytest.mark.parametrize("state", ["", '{"resources": []}'])
def test_an_empty_local_state_is_nothing_to_lose(tmp_path: Path, state: str) -> None:
    (tmp_path / "backend.tf").write_text(COMMITTED, encoding="utf-8")
    (tmp_path / "terraform.tfstate").write_text(state, encoding="utf-8")
    require_state_in_bucket(tmp_path, BUCKET, "europe-west1")
