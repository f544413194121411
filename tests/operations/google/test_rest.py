"""What an answer of Google's says: the reason of an error, and whether something is there, missing or unseen."""

from pathlib import Path

import pytest

from live_tokens_operations.google.credentials import GoogleIdentity
from live_tokens_operations.google.look import Found, Look, Missing, Unseen
from live_tokens_operations.google.rest import Answer, GoogleApi, look_in, reason_in
from support.google.access import refusal
from support.google_hosts.hosts import run_google_hosts

ERROR_INFO = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "d"}
HELP = {"@type": "type.googleapis.com/google.rpc.Help", "links": []}


@pytest.mark.parametrize("details", [[ERROR_INFO], [HELP, ERROR_INFO], ["text", {"reason": 1}, ERROR_INFO]])
def test_the_reason_is_found_among_other_details(details: list[object]) -> None:
    assert reason_in({"error": {"code": 403, "details": details}}) == "SERVICE_DISABLED"


@pytest.mark.parametrize(
    "answer",
    [None, [], "text", {}, {"error": "text"}, {"error": {}}, {"error": {"details": "text"}}]
    + [{"error": {"details": details}} for details in ([], [HELP], [{"reason": None}], {"reason": "X"})],
)
def test_an_answer_without_a_reason_has_an_empty_one(answer: object) -> None:
    assert reason_in(answer) == ""


def test_an_access_token_that_is_refused_is_told_from_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
    with run_google_hosts(tmp_path, {"cloudbilling.googleapis.com": denied}) as hosts:
        for name, value in hosts.environment.items():
            monkeypatch.setenv(name, value)
        api = GoogleApi(
            GoogleIdentity.find("my-app-1a2b", {"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29.made-up-token"}), "my-app-1a2b"
        )
        look = api.get("https://cloudbilling.googleapis.com/v1/projects/my-app-1a2b/billingInfo", "roles/browser")
    assert isinstance(look, Unseen)
    assert look.why == "cloudbilling.googleapis.com refuses the credentials of this machine"
    assert look.remedy == "gcloud auth application-default login"


@pytest.mark.parametrize(
    ("answer", "look"),
    [
        (Answer(200, {}, {"a": 1}), Found({"a": 1})),
        (Answer(404, {}, {"error": {"message": "no", "status": "NOT_FOUND"}}), Missing("NOT_FOUND")),
        (Answer(404, {}, {"error": {"message": "CONFIGURATION_NOT_FOUND"}}), Missing("CONFIGURATION_NOT_FOUND")),
        (Answer(404, {}, {}), Unseen("host answers HTTP 404", status=404)),
        (Answer(404, {}, None), Unseen("host gives an answer that is not JSON (HTTP 404)", status=404)),
        (
            Answer(403, {}, {"error": {"message": "no", "status": "PERMISSION_DENIED", "details": [ERROR_INFO]}}),
            Unseen("host answers HTTP 403", "", 403, "PERMISSION_DENIED", "SERVICE_DISABLED"),
        ),
    ],
)
def test_only_google_itself_says_that_something_is_missing(answer: Answer, look: Look) -> None:
    assert look_in(answer, "https://host/path") == look
