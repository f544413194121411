"""A local stack and a Google project for the smoke test's own tests; at the end, nothing may have leaked."""

from collections.abc import Iterator

import pytest

from operations.smoke.google_project import HOST, GoogleProject, run_deployed_function
from stack import LocalStack, StackOptions
from support.google_hosts.ledger import Ledger
from support.production.local_google import LocalGoogle, run_local_google
from support.tokens_only import tokens_only_default

SCHOOL = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 60
session_seconds = 60
[allow]
claims = { plan = ["school"] }
[config]
response_modalities = ["AUDIO"]
"""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    options = StackOptions(
        run_directory=tmp_path_factory.mktemp("stack"),
        stand_in_arguments=["--pace", "0"],
        extra_profiles={"school": SCHOOL, "tokens-only": tokens_only_default()},
    )
    with LocalStack(options) as running:
        yield running


@pytest.fixture(scope="session")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalGoogle]:
    ledger = Ledger()
    with run_local_google(tmp_path_factory.mktemp("google"), ledger) as google:
        yield google
    assert ledger.words, "nothing was heard, so nothing was checked"
    assert ledger.leaks() == []


@pytest.fixture(scope="session")
def deployed(google: LocalGoogle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The function with nothing but the required settings."""
    with run_deployed_function(google, tmp_path_factory.mktemp("function"), HOST):
        yield


@pytest.fixture
def project(google: LocalGoogle, deployed: None) -> GoogleProject:
    google.identity.forget()
    google.app_check_service.exchanged = 0
    return GoogleProject(google)
