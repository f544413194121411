"""Signed tokens, trace ids and answers with something odd in them: none passes for another, and each line is JSON."""

import json
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from support.production.function_process import FunctionProcess, Refusal, StartFunction, functions_with
from support.production.local_google import LocalGoogle

INVALID = Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_INVALID")


@pytest.mark.parametrize(
    "firebase",
    ["text", ["list"], 7, True, {"sign_in_provider": 7}, {"sign_in_provider": float("nan")}, {"sign_in_provider": []}],
    ids=repr,
)
def test_a_firebase_claim_of_another_form_is_a_bad_token_and_no_bad_line_in_the_log(
    function: FunctionProcess, google: LocalGoogle, firebase: object
) -> None:
    token = google.id_tokens.good(google.sign_up(), firebase=firebase)
    assert function.call(token).refusal == INVALID
    for line in function.words().splitlines():
        json.loads(line, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": "00-00000000000000000000000000000000-b7ad6b7169203331-01"},
        {"traceparent": "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"},
        {"X-Cloud-Trace-Context": "00000000000000000000000000000000/1;o=1"},
    ],
    ids=["zeros", "version ff", "no parent", "Google's, zeros"],
)
def test_a_trace_id_that_is_none_is_not_the_request_id(function: FunctionProcess, headers: dict[str, str]) -> None:
    sent = "".join(headers.values())
    request_id = function.call(None, headers=headers).body["error"]["details"]["requestId"]
    assert request_id not in sent
    assert "logging.googleapis.com/trace" not in function.audit_event(request_id)


def test_a_spent_app_check_token_has_no_other_spelling(start_function: StartFunction, google: LocalGoogle) -> None:
    function = start_function({**google.key_file, "APP_CHECK": "enforce", "APP_CHECK_CONSUME": "true"})
    token = google.app_check_tokens.good()
    assert function.call(google.sign_in(), app_check_token=token).http == 200

    for spelling in (f"{token}=", f"{token}==", _with_other_last_bits(token)):
        answer = function.call(google.sign_in(), app_check_token=spelling)
        assert answer.refusal == Refusal(401, "UNAUTHENTICATED", "APP_CHECK_INVALID")


def test_words_of_gemini_do_not_get_into_the_log_as_a_reason(function: FunctionProcess, google: LocalGoogle) -> None:
    words = "a key of the customer's " * 40
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": words}]
    with google.gemini.answering(JSONResponse({"error": {"code": 400, "message": words, "details": details}}, 400)):
        answer = function.call(google.sign_in())

    event = function.audit_event(answer.body["error"]["details"]["requestId"])
    assert event["diagnosis"] == "ClientError 400"
    assert words not in function.words()


PLANS = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 60
session_seconds = 60
[quota]
per_hour = 20
[quota.plans.better]
per_hour = 60
[config]
response_modalities = ["AUDIO"]
"""


def test_a_better_plan_keeps_what_was_taken_and_gives_the_rest_at_once(
    start_function: StartFunction, google: LocalGoogle, tmp_path: Path
) -> None:
    functions = functions_with({}, tmp_path)
    (functions / "profiles" / "default.toml").write_text(PLANS, encoding="utf-8")
    function, uid = start_function(google.key_file, functions), google.sign_up()

    def remaining(**plan: str) -> object:
        return function.call(google.id_tokens.good(uid, **plan)).result["quota"]["remaining"]

    assert [remaining() for _ in range(20)] == list(reversed(range(20)))
    assert function.call(google.id_tokens.good(uid)).refusal.reason == "HOURLY_QUOTA_EXCEEDED"
    assert [remaining(plan="better") for _ in range(40)] == list(reversed(range(40)))
    assert function.call(google.id_tokens.good(uid, plan="better")).refusal.reason == "HOURLY_QUOTA_EXCEEDED"


def _with_other_last_bits(token: str) -> str:
    """Return the same bytes spelt otherwise: of the last character, four bits mean nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
