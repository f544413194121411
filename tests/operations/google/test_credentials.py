"""Which credentials are taken: those that Terraform takes, so that both are the same account."""

from pathlib import Path

import pytest

from live_tokens_operations.google.credentials import GoogleIdentity, NoCredentialsError
from support.production.service_account import ServiceAccount

PROJECT = "my-app-1a2b"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return ServiceAccount.create(PROJECT, tmp_path / "key.json").file


def test_an_access_token_for_terraform_is_taken_as_it_is_and_needs_no_renewal() -> None:
    account = GoogleIdentity.find(PROJECT, {"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29.made-up", "GOOGLE_CREDENTIALS": "{}"})
    account.get_access_token(1.0)
    assert account.credentials.token == "ya29.made-up"
    assert account.credentials.quota_project_id == PROJECT
    assert "ya29" not in repr(account)


def test_credentials_for_terraform_are_the_name_of_a_file_or_its_content(key_file: Path) -> None:
    for value in (str(key_file), key_file.read_text(encoding="utf-8")):
        account = GoogleIdentity.find(None, {"GOOGLE_CREDENTIALS": value})
        assert account.service_account == f"live-tokens@{PROJECT}.iam.gserviceaccount.com"
        assert account.project == PROJECT


@pytest.mark.parametrize("value", ["/no/such/file", "{}", "{", '{"type": "unknown"}'])
def test_credentials_for_terraform_that_cannot_be_read_are_none_and_are_not_quoted(value: str) -> None:
    with pytest.raises(NoCredentialsError, match=r"^there are no") as raised:
        GoogleIdentity.find(PROJECT, {"GOOGLE_CREDENTIALS": value})
    assert value not in str(raised.value)
