"""The smoke test as the last step: what may pass by itself is waited for, and nothing else."""

import pytest

from live_tokens_operations.deploy.errors import DeployError, MisuseError, ProgramError
from live_tokens_operations.deploy.programs import Finished
from live_tokens_operations.deploy.smoke_test import PATIENCE_SECONDS, SmokeTest
from operations.deploy.scripted import ScriptedPrograms, ScriptedTime

URL = "https://europe-west1-my-app-1a2b.cloudfunctions.net/mint-live-token"
PASSED = Finished(0, "✓ a live session")


def runs_of_smoke(*outcomes: Finished) -> tuple[DeployError | None, int, float]:
    """Return how it failed if it did, how often it ran, and how long it took."""
    programs, time = ScriptedPrograms({"": list(outcomes)}), ScriptedTime()
    waits: list[float] = []
    smoke = SmokeTest(programs, (), time.monotonic, time.pause)
    failure = None
    try:
        smoke.require(URL, "my-app-1a2b", lambda: waits.append(time.now))
    except DeployError as error:
        failure = error
    assert len(waits) == len(programs.lines) - 1
    return failure, len(programs.lines), time.now


@pytest.mark.parametrize(
    "words",
    [
        "✗ 503 API_KEY_UNAVAILABLE (requestId r). The function cannot read the secret",
        "✗ 503 API_KEY_REJECTED (requestId r). Gemini refuses the key",
        "✗ 503 QUOTA_UNAVAILABLE (requestId r). The function cannot use Firestore",
        "✗ 503 IDENTITY_UNAVAILABLE (requestId r). The function cannot look the user up",
        "✗ 403 with text/html, which is no answer of the function. Cloud Run itself refuses the call: nobody",
    ],
)
def test_a_grant_or_a_key_that_is_new_is_waited_for(words: str) -> None:
    failure, runs, _ = runs_of_smoke(Finished(1, words), Finished(1, words), PASSED)
    assert failure is None
    assert runs == 3


@pytest.mark.parametrize(
    "outcome",
    [
        Finished(1, "✗ 403 USER_NOT_ALLOWED. [allow] of the default profile does not let this user in"),
        Finished(1, "✗ 500 INTERNAL (requestId r). A fault of the service"),
        Finished(2, "", "--project names API_KEY_REJECTED"),
        Finished(-9, "✗ 503 API_KEY_UNAVAILABLE"),
    ],
)
def test_nothing_else_is_tried_a_second_time(outcome: Finished) -> None:
    failure, *effort = runs_of_smoke(outcome, PASSED)
    assert failure is not None
    assert effort == [1, 0.0]


def test_the_wait_has_an_end() -> None:
    failure, runs, took = runs_of_smoke(Finished(1, "✗ 503 API_KEY_UNAVAILABLE"))
    assert isinstance(failure, ProgramError)
    assert runs > 2
    assert took <= 2 * PATIENCE_SECONDS


def test_a_key_that_stays_refused_comes_with_the_command_that_stores_another() -> None:
    failure, _, _ = runs_of_smoke(Finished(1, "✗ 503 API_KEY_REJECTED (requestId r). Gemini refuses the key"))
    assert "make deploy PROJECT_ID=my-app-1a2b NEW_KEY=1" in str(failure)
    assert "make doctor PROJECT_ID=my-app-1a2b" in str(failure)


def test_a_smoke_test_that_was_typed_wrong_is_not_called_a_failed_one() -> None:
    failure, runs, _ = runs_of_smoke(Finished(2, "", "ID_TOKEN is set, and is no ID token."))
    assert isinstance(failure, MisuseError)
    assert "the smoke test does not take what it was given, and tried nothing" in str(failure)
    assert runs == 1
