"""What an answer is said to mean: the next command is whole, and `make deploy` is told what may pass later."""

import io
from datetime import UTC, datetime

import pytest
from starlette.responses import HTMLResponse

from live_tokens_operations.client.mint_client import Answer
from live_tokens_operations.smoke.answers import WHAT_TO_DO, explanation
from live_tokens_operations.smoke.report import Report
from operations.smoke.made_up_service import Faults, run_service
from support.smoke_program import smoke

NOW = datetime(2026, 11, 30, tzinfo=UTC)
URL = "https://europe-west1-my-app-1a2b.cloudfunctions.net/mint-live-token"
PROJECT = "my-app-1a2b"


def refusal(reason: str) -> Answer:
    """Return an answer of the function."""
    details = {"reason": reason, "requestId": "r"}
    return Answer(503, {}, {"error": {"message": "words", "status": "UNAVAILABLE", "details": details}}, NOW, NOW)


def web_page(status: int) -> Answer:
    """Return an answer of what is before the function."""
    return Answer(status, {"Content-Type": "text/html"}, None, NOW, NOW)


def is_waited_for(answer: Answer) -> bool:
    """Tell whether `make deploy` tries again after a smoke test that this answer failed."""
    report = Report(io.StringIO())
    report.bad(f"A signed-in user gets no token: {explanation(answer, PROJECT)}", answer)
    return report.outcome.may_pass_later


def test_make_deploy_waits_for_these_reasons_and_no_others() -> None:
    assert {reason for reason in WHAT_TO_DO if is_waited_for(refusal(reason))} == {
        "IDENTITY_UNAVAILABLE",
        "QUOTA_UNAVAILABLE",
        "API_KEY_UNAVAILABLE",
        "API_KEY_REJECTED",
    }


def test_make_deploy_waits_until_cloud_run_lets_everybody_call() -> None:
    assert {status for status in range(300, 600) if is_waited_for(web_page(status))} == {401, 403}


@pytest.mark.parametrize(("arguments", "project"), [(("--project", PROJECT), PROJECT), ((), "…")])
def test_the_next_command_names_the_project_if_it_is_known(arguments: tuple[str, ...], project: str) -> None:
    with run_service(Faults(everything=HTMLResponse("Forbidden", 403))) as url:
        outcome = smoke(url, *arguments)

    (line,) = outcome.bad
    assert line.endswith(f" Run `make doctor PROJECT_ID={project}` to find out why.")


def test_the_next_command_names_the_project_of_the_environment() -> None:
    with run_service(Faults(everything=HTMLResponse("Forbidden", 403))) as url:
        (line,) = smoke(url, environment={"FIREBASE_PROJECT_ID": PROJECT}).bad

    assert f"`make doctor PROJECT_ID={PROJECT}`" in line


def test_a_service_that_is_nowhere_is_looked_into_with_a_whole_command() -> None:
    (line,) = smoke("http://127.0.0.1:1/", "--project", PROJECT).bad

    assert f"`make doctor PROJECT_ID={PROJECT}`" in line


@pytest.mark.parametrize("reason", ["INTERNAL", "GEMINI_UNAVAILABLE", "API_KEY_REJECTED"])
def test_a_refusal_that_takes_a_closer_look_says_how(reason: str) -> None:
    assert explanation(refusal(reason), PROJECT).endswith(f" Run `make doctor PROJECT_ID={PROJECT}` to find out why.")


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(("--project", "a/../b"), {}), (("--project", ""), {}), ((), {"FIREBASE_PROJECT_ID": "a/../b"})],
)
def test_what_is_no_project_goes_into_no_url(arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    outcome = smoke(URL, *arguments, environment=environment)

    assert (outcome.code, outcome.out) == (2, "")
    assert "is not the id of a Firebase project" in outcome.err
