"""One local Google and a few function processes for all production-mode tests; at the end, nothing may have leaked."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.google_hosts.ledger import Ledger
from support.production_mode.function_process import FunctionProcess, StartFunction, run_function
from support.production_mode.local_google import PROJECT, SECRET, LocalGoogle, run_local_google


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
    }


@pytest.fixture(scope="session")
def start_function(
    google: LocalGoogle, settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartFunction]:
    """Start a function with these settings besides the usual ones. It runs to the end of the session."""
    running: list[ExitStack] = []

    def start(more: Mapping[str, str]) -> FunctionProcess:
        running.append(ExitStack())
        folder: Path = tmp_path_factory.mktemp("function")
        return running[-1].enter_context(run_function({**settings, **more}, folder, google.ledger))

    try:
        yield start
    finally:
        with ThreadPoolExecutor() as stopping:
            list(stopping.map(ExitStack.close, running))


@pytest.fixture(scope="session")
def function(start_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """The function with nothing but the required settings."""
    return start_function(google.key_file)


@pytest.fixture(scope="session")
def keyless_process(start_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """See `keyless_function`, which is what tests use unless they silence the certificates themselves."""
    missing = f"projects/{PROJECT}/secrets/not-there/versions/latest"
    return start_function({**google.key_file, "GEMINI_API_KEY_SECRET": missing})


@pytest.fixture
def keyless_function(keyless_process: FunctionProcess, google: LocalGoogle) -> Iterator[FunctionProcess]:
    """A function that has nothing to fall back on: every call asks for the certificates, and for a key in vain."""
    with google.certificates.answering(google.uncached_certificates()):
        yield keyless_process
