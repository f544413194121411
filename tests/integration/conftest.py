"""The local stack, once for all integration tests that want it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import LocalStack, StackOptions
from support.tokens_only import tokens_only_default

SHORT_START = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 1
session_seconds = 60
[config]
response_modalities = ["AUDIO"]
"""
BRIEF = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 4
session_seconds = 4
[config]
response_modalities = ["AUDIO"]
"""


@pytest.fixture(scope="session")
def run_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Takes what the programs started by these tests write, logs above all."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="session")
def stack(run_directory: Path) -> Iterator[LocalStack]:
    """One running stack. Its users are for one test each; its profile `short-start` must be opened within a second, a
    session of `brief` ends after four, and `tokens-only` lets a user take token after token, without sessions."""
    options = StackOptions(
        run_directory=run_directory / "stack",
        stand_in_arguments=["--pace", "0"],
        function_environment={
            "CORS_ALLOWED_ORIGINS": "https://app.example.com, http://localhost:5173, capacitor://localhost"
        },
        extra_profiles={"short-start": SHORT_START, "brief": BRIEF, "tokens-only": tokens_only_default()},
    )
    with LocalStack(options) as running:
        yield running
