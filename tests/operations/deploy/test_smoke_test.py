"""The smoke test as the last step: what may pass by itself is waited for, and nothing else."""

import io
from datetime import UTC, datetime

import pytest

from live_tokens_operations.arguments import UsageError
from live_tokens_operations.client.mint_client import Answer
from live_tokens_operations.deploy.errors import DeployError, MisuseError, SmokeTestError
from live_tokens_operations.deploy.smoke_test import PATIENCE_SECONDS, SmokeStep
from live_tokens_operations.outcome import Outcome
from live_tokens_operations.smoke.report import Report
from operations.deploy.scripted import ScriptedSmokeTest, ScriptedTime, no_process

NOW = datetime(2026, 11, 30, tzinfo=UTC)
URL = "https://europe-west1-my-app-1a2b.cloudfunctions.net/mint-live-token"
PASSED = Outcome(9, 0)


def answer_of(status: int, reason: str = "") -> Answer:
    """Return an answer of the function, or of what is before it if it has no reason."""
    error = {"error": {"message": "words", "details": {"reason": reason, "requestId": "r"}}}
    return Answer(status, {}, error if reason else None, NOW, NOW)


def failed(answer: Answer | None = None) -> Outcome:
    """Return the outcome of a smoke test that failed, perhaps with an answer."""
    report = Report(io.StringIO())
    report.bad("words", answer)
    return report.outcome


def runs_of_smoke(*outcomes: Outcome | UsageError) -> tuple[DeployError | None, int, float]:
    """Return how it failed if it did, how often it ran, and how long it took."""
    smoke_test, time = ScriptedSmokeTest([*outcomes]), ScriptedTime()
    waits: list[float] = []
    step = SmokeStep(lambda _: smoke_test, no_process(), "my-app-1a2b", (), time.monotonic, time.pause)
    failure = None
    try:
        step.require(URL, lambda: waits.append(time.now))
    except DeployError as error:
        failure = error
    assert len(waits) == smoke_test.runs - 1
    return failure, smoke_test.runs, time.now


@pytest.mark.parametrize(
    "answer",
    [
        answer_of(503, "API_KEY_UNAVAILABLE"),
        answer_of(503, "API_KEY_REJECTED"),
        answer_of(503, "QUOTA_UNAVAILABLE"),
        answer_of(503, "IDENTITY_UNAVAILABLE"),
        answer_of(403),
    ],
)
def test_a_grant_or_a_key_that_is_new_is_waited_for(answer: Answer) -> None:
    failure, runs, _ = runs_of_smoke(failed(answer), failed(answer), PASSED)
    assert failure is None
    assert runs == 3


@pytest.mark.parametrize(
    "outcome",
    [
        failed(answer_of(403, "USER_NOT_ALLOWED")),
        failed(answer_of(500, "INTERNAL")),
        UsageError("--project names API_KEY_REJECTED"),
        failed(),
    ],
)
def test_nothing_else_is_tried_a_second_time(outcome: Outcome | UsageError) -> None:
    failure, *effort = runs_of_smoke(outcome, PASSED)
    assert failure is not None
    assert effort == [1, 0.0]


def test_the_wait_has_an_end() -> None:
    failure, runs, took = runs_of_smoke(failed(answer_of(503, "API_KEY_UNAVAILABLE")))
    assert isinstance(failure, SmokeTestError)
    assert runs > 2
    assert took <= 2 * PATIENCE_SECONDS


def test_a_key_that_stays_refused_comes_with_the_command_that_stores_another() -> None:
    failure, _, _ = runs_of_smoke(failed(answer_of(503, "API_KEY_REJECTED")))
    assert "make deploy PROJECT_ID=my-app-1a2b NEW_KEY=1" in str(failure)
    assert "make doctor PROJECT_ID=my-app-1a2b" in str(failure)


def test_a_smoke_test_that_was_typed_wrong_is_not_called_a_failed_one() -> None:
    failure, runs, _ = runs_of_smoke(UsageError("ID_TOKEN is set, but is not an ID token."))
    assert isinstance(failure, MisuseError)
    assert "ID_TOKEN is set, but is not an ID token." in str(failure)
    assert "the smoke test did not start because of its arguments" in str(failure)
    assert runs == 1
