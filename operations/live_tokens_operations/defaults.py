"""The defaults of this program. A test compares them with infra/."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

REGION = "europe-west1"
FUNCTION = "mint-live-token"
SECRET = "gemini-api-key"  # noqa: S105  # its name
DATABASE = "live-tokens"
KEY_VARIABLE = "GEMINI_API_KEY"
USER_AGENT = "live-tokens/operations"
"""Of this program's own calls of the function: they are not those of apps."""

PROJECT_ID_PATTERN = r"[a-z][a-z0-9-]{4,28}[a-z0-9]"
"""It excludes old ids with a domain and a colon, which cannot be part of a bucket's or an account's name.

Source: https://cloud.google.com/resource-manager/docs/creating-managing-projects
"""
REGION_PATTERN = r"[a-z]+(-[a-z]+)+[0-9]+"
FUNCTION_PATTERN = r"[a-z]([a-z0-9-]{0,47}[a-z0-9])?"

REQUIRED_SERVICES = (
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "firestore.googleapis.com",
    "identitytoolkit.googleapis.com",
    "logging.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
)
"""What the function and its build need. infra/services.tf has more."""
APP_CHECK_SERVICE = "firebaseappcheck.googleapis.com"


def source_bucket(project: str) -> str:
    """Return the bucket of `infra/` with the function's source, uploads for builds, and tested packages."""
    return f"{project}-live-tokens-source"


def bucket_of_test_logs(project: str) -> str:
    """Return the bucket of `infra/` with the logs of a release's tests, which may change what is in it."""
    return f"{project}-live-tokens-test-logs"


def bucket_of_release_logs(project: str) -> str:
    """Return the bucket of `infra/` with the logs of releases."""
    return f"{project}-live-tokens-build-logs"


def release_account(project: str) -> str:
    """Return the e-mail address of the account of `infra/` that releases, and signs for the smoke test."""
    return f"live-tokens-release@{project}.iam.gserviceaccount.com"


def smoke_account(project: str) -> str:
    """Return the e-mail address of the account of infra/examples/github that signs for the hourly smoke test."""
    return f"live-tokens-smoke@{project}.iam.gserviceaccount.com"


def state_bucket(project: str) -> str:
    """Return the bucket of `make deploy` with Terraform's state."""
    return f"{project}-live-tokens-state"


def state_prefix(region: str) -> str:
    """Return the folder of the state in its bucket."""
    return f"live-tokens/{region}"


def applied_settings(region: str) -> str:
    """Return the object beside the state with the settings that were applied last."""
    return f"{state_prefix(region)}/applied.json"
