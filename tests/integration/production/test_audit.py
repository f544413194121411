"""Every request leaves one audit event, in the form of Cloud Logging, that finds the request and betrays nothing."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest

from support.production.function_process import Answer, FunctionProcess
from support.production.local_google import PROJECT, SECRET, LocalGoogle


def test_an_issued_token_is_recorded_by_its_hash(function: FunctionProcess, google: LocalGoogle) -> None:
    uid, handle = google.sign_up(), secrets.token_urlsafe(32)

    answer = function.call(google.id_tokens.good(uid), {"resumptionHandle": handle})

    event = _event(function, answer)
    assert event.pop("severity") == "INFO"
    assert event.pop("event") == "live_token.issued"
    assert event.pop("uid") == uid
    assert event.pop("signInProvider") == "password"
    assert event.pop("tokenSha256") == hashlib.sha256(answer.result["token"].encode()).hexdigest()
    assert event.pop("secretVersion") == f"{SECRET}/versions/{len(google.secret.versions)}"
    assert event.pop("resumes") is True
    assert event.pop("leaseSeconds") == 900
    assert event.pop("profile") == answer.result["profile"]
    assert event.pop("model") == answer.result["model"]
    assert event.pop("expireTime") == answer.result["expireTime"]
    assert event.pop("newSessionExpireTime") == answer.result["newSessionExpireTime"]
    assert event.pop("configDigest")
    assert event.pop("appCheck") == "off"
    quota = answer.result["quota"]
    assert event.pop("quotaRemaining") == quota["remaining"] == 19
    early = datetime.fromisoformat(quota["resetTime"]) - datetime.fromisoformat(event.pop("quotaResetTime"))
    assert timedelta() <= early < timedelta(seconds=1), "the caller gets it in whole seconds, rounded up"
    assert event.pop("milliseconds").keys() == {
        *("readBody", "verify", "attest", "findProfile", "spend", "readKey", "mint", "total")
    }
    assert event == {"message": "Live token issued", "eventVersion": 1}


def test_a_claim_that_holds_the_value_opens_a_profile_and_one_that_never_can_is_told_the_operator(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    def call_as_one_with(plan: object) -> Answer:
        return function.call(google.id_tokens.good(google.sign_up(), plan=plan, level="B1"), {"profile": "tutor"})

    assert call_as_one_with(["basic", "pro"]).result["profile"] == "tutor"
    refused = call_as_one_with({"pro": "words-of-the-claim"})

    assert refused.refusal.reason == "PROFILE_NOT_ALLOWED"
    event = _event(function, refused)
    assert event["severity"] == "NOTICE"
    assert event["diagnosis"] == "allow.claims: the claim `plan` is of the type object, which never matches text"
    assert "words-of-the-claim" not in function.words()


def test_a_refused_caller_is_recorded_with_the_reason(function: FunctionProcess, google: LocalGoogle) -> None:
    uid = google.sign_up(disabled=True)

    answer = function.call(google.id_tokens.good(uid))

    event = _event(function, answer)
    assert event.pop("severity") == "NOTICE"
    assert event.pop("event") == "live_token.refused"
    assert event.pop("reason") == "USER_DISABLED"
    assert event.pop("profile") == "default"
    assert event.pop("resumes") is False
    assert event.pop("milliseconds").keys() == {"readBody", "verify", "total"}
    assert event == {"message": "Live token refused: USER_DISABLED", "eventVersion": 1}


def test_a_verified_caller_who_asks_for_the_wrong_thing_is_recorded_by_name(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    uid = google.sign_up()

    answer = function.call(google.id_tokens.good(uid), {"profile": "no-such-profile"})

    event = _event(function, answer)
    assert (event["severity"], event["reason"], event["uid"]) == ("NOTICE", "PROFILE_NOT_ALLOWED", uid)


def test_a_failure_is_recorded_as_an_error_with_a_diagnosis(
    keyless_function: FunctionProcess, google: LocalGoogle
) -> None:
    uid = google.sign_up()

    answer = keyless_function.call(google.id_tokens.good(uid))

    event = _event(keyless_function, answer)
    assert event.pop("severity") == "ERROR"
    assert event.pop("event") == "live_token.failed"
    assert event.pop("reason") == "API_KEY_UNAVAILABLE"
    assert event.pop("diagnosis") == "HTTP 404"
    assert event.pop("uid") == uid
    assert event["message"] == "Live token not issued: API_KEY_UNAVAILABLE"


@pytest.mark.parametrize(
    "header",
    [
        ("X-Cloud-Trace-Context", "{trace}/12345678;o=1"),
        ("X-Cloud-Trace-Context", "{trace}"),
        ("traceparent", "00-{trace}-00f067aa0ba902b7-01"),
    ],
)
def test_the_error_names_the_trace_that_cloud_run_gave_the_request(
    function: FunctionProcess, header: tuple[str, str]
) -> None:
    trace = secrets.token_hex(16)
    name, value = header

    answer = function.call(None, headers={name: value.format(trace=trace)})

    assert answer.body["error"]["details"]["requestId"] == trace
    event = function.audit_event(trace)
    assert event["logging.googleapis.com/trace"] == f"projects/{PROJECT}/traces/{trace}"


@pytest.mark.parametrize("headers", [{}, {"X-Cloud-Trace-Context": "made up"}, {"traceparent": "00-zz-zz-00"}])
def test_without_a_trace_a_request_still_has_a_name(function: FunctionProcess, headers: dict[str, str]) -> None:
    answer = function.call(None, headers=headers)

    event = function.audit_event(answer.body["error"]["details"]["requestId"])
    assert len(event["requestId"]) == 32
    assert "logging.googleapis.com/trace" not in event


def test_nothing_but_audit_events_is_written_to_standard_output(function: FunctionProcess, google: LocalGoogle) -> None:
    before = len(function.lines())

    function.call(google.sign_in())
    function.call(None)

    events = function.lines()
    assert len(events) == before + 2
    assert {event["event"].partition(".")[0] for event in events} == {"live_token"}


def _event(function: FunctionProcess, answer: Answer) -> dict[str, Any]:
    """Return the event of an answer, without what is the same in every one of them."""
    event = function.audit_event(answer.trace)
    assert datetime.fromisoformat(event.pop("time")).tzinfo is not None
    assert event.pop("requestId") == answer.trace
    assert event.pop("logging.googleapis.com/trace") == f"projects/{PROJECT}/traces/{answer.trace}"
    return event
