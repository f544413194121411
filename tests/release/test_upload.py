"""`gcloud builds submit` uploads what the tests need, and no secret. gcloud itself says what it would upload."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from live_tokens_operations.defaults import CHECKOUT
from support.gcloud_parser import require_gcloud, settings_of_its_own

_NEEDED = [
    "Makefile",
    "README.md",
    ".python-version",
    ".gitignore",
    "pyproject.toml",
    "requirements.txt",
    "requirements-dev.txt",
    "cloudbuild.yaml",
    "functions/main.py",
    "functions/profiles/default.toml",
    "operations/pyproject.toml",
    "operations/live_tokens_operations/package.py",
    "local/package-lock.json",
    "tests/conftest.py",
    "tests/release/test_upload.py",
    "docs/contract.md",
    "docs/playbooks/failed-requests.md",
    "infra/backend.tf",
    "infra/function.tf",
    "infra/tests/function.tftest.hcl",
    ".ci/run",
]
_KEPT_BACK = [
    "infra/terraform.tfstate",
    "infra/terraform.tfstate.backup",
    "infra/terraform.tfvars",
    "infra/mine.auto.tfvars",
    "infra/mine.auto.tfvars.json",
    "infra/a.tfplan",
    "infra/.build/function.zip",
    "infra/.terraform/providers/lock.json",
    ".env",
    ".env.local",
    "key.pem",
    "operations/private.key",
    "my-credentials.json",
    "some-service-account.json",
    "serviceAccountKey.json",
    ".git/config",
    ".venv/bin/python",
    ".venv-3.11/bin/python",
    "local/node_modules/.package-lock.json",
    "tests/support/sdks/node/node_modules/firebase/package.json",
    "build/function/main.py",
    ".run/stack/switches.json",
    "functions/__pycache__/main.cpython-313.pyc",
    ".pytest_cache/README.md",
]


@pytest.fixture(name="uploaded")
def _uploaded(tmp_path: Path) -> set[str]:
    """What gcloud would upload of a checkout that was worked in."""
    gcloud = require_gcloud()
    checkout = tmp_path / "checkout"
    for name in (*_NEEDED, *_KEPT_BACK):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).touch()
    for name in (".gcloudignore", ".gitignore"):
        shutil.copy(CHECKOUT / name, checkout)
    said = subprocess.run(
        [gcloud.root / "bin" / "gcloud", "meta", "list-files-for-upload", checkout],
        env={"PATH": os.environ["PATH"], **settings_of_its_own(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(said.stdout.splitlines())


def test_what_the_tests_need_is_uploaded_and_nothing_that_is_secret_or_made_here(uploaded: set[str]) -> None:
    assert uploaded == set(_NEEDED)


def test_the_files_that_are_needed_are_called_so() -> None:
    # A list of names that nobody keeps would prove nothing.
    of_others = {"infra/function.tf", "infra/tests/function.tftest.hcl"}
    assert [name for name in _NEEDED if name not in of_others and not (CHECKOUT / name).exists()] == []
