"""One local Google and a few function processes for all production-mode tests; at the end, nothing may have leaked."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.google_hosts.ledger import Ledger
from support.production.function_process import FunctionProcess, StartFunction, functions_with, run_function
from support.production.local_google import NO_SECRET, PROJECT, SECRET, LocalGoogle, run_local_google
from support.tokens_only import tokens_only_default


@pytest.fixture(scope="session")
def ledger() -> Iterator[Ledger]:
    """Balanced when everything has stopped: whatever was written or answered in the whole run held no secret."""
    ledger = Ledger()
    yield ledger
    assert ledger.words, "nothing was heard, so nothing was checked"
    assert ledger.leaks() == []


@pytest.fixture(scope="session")
def google(tmp_path_factory: pytest.TempPathFactory, ledger: Ledger) -> Iterator[LocalGoogle]:
    with run_local_google(tmp_path_factory.mktemp("google"), ledger) as google:
        yield google


@pytest.fixture(scope="session")
def settings(google: LocalGoogle) -> Mapping[str, str]:
    """What an operator sets, and nothing else, but for quotas in memory: Firestore is tested elsewhere. The
    credentials are left to each process."""
    return {
        **google.environment,
        "FIREBASE_PROJECT_ID": PROJECT,
        "GEMINI_API_KEY_SECRET": f"{SECRET}/versions/latest",
        "QUOTA_STORE": "memory",
        "LOG_EXECUTION_ID": "true",  # as infra/function.tf sets it: the framework wraps what is printed
    }


@pytest.fixture(scope="session")
def start_function(
    google: LocalGoogle, settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartFunction]:
    """Start a function with these settings besides the usual ones. It runs to the end of the session.

    Its default profile counts tokens only; `test_sessions` has the shipped one.
    """
    running: list[ExitStack] = []
    usual = functions_with({"default": tokens_only_default()}, tmp_path_factory.mktemp("usual"))

    def start(more: Mapping[str, str], functions: Path | None = None) -> FunctionProcess:
        running.append(ExitStack())
        folder: Path = tmp_path_factory.mktemp("function")
        return running[-1].enter_context(run_function({**settings, **more}, folder, google.ledger, functions or usual))

    try:
        yield start
    finally:
        with ThreadPoolExecutor() as stopping:
            list(stopping.map(ExitStack.close, running))


@pytest.fixture(scope="session")
def start_empty_function(start_function: StartFunction, google: LocalGoogle) -> StartFunction:
    """Start a function like the others that has got nothing ahead: its first call fetches all of it."""

    def start(more: Mapping[str, str], functions: Path | None = None) -> FunctionProcess:
        with google.holding_back():
            return start_function(more, functions)

    return start


@pytest.fixture(scope="session")
def function(start_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """The function with nothing but the required settings."""
    return start_function(google.key_file)


@pytest.fixture(scope="session")
def keyless_function(start_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """A function that asks for a key in vain: no call gets further than there."""
    return start_function({**google.key_file, "GEMINI_API_KEY_SECRET": NO_SECRET})
