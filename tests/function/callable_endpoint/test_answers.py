"""What a caller gets: the token, what is left of the quota, and the session."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import flask
import pytest

from function.callable_endpoint.service import Service, error_in, reason_in
from function.fake_ports import FakePorts
from function.made_up import CALLER, HANDLE, ISSUED_AT, LEASE, LIVE_TOKEN, PROFILE, QUOTA_STATE
from live_tokens.choices import Choice
from live_tokens.errors import ApiKeyUnavailable, TooManySessions
from live_tokens.issuing import QuotaState, SessionCall


def test_a_live_token_comes_with_all_that_is_needed_to_connect() -> None:
    service = Service()
    response = service.call()
    assert response.status_code == 200
    assert response.content_type == "application/json; charset=utf-8"
    assert json.loads(response.data) == {
        "result": {
            "token": "auth_tokens/made-up",
            "websocketUrl": "wss://gemini.invalid/ws?access_token=auth_tokens/made-up",
            "setup": {"model": "models/gemini-3.8-live"},
            "apiVersion": "v1beta",
            "model": "models/gemini-3.8-live",
            "profile": "default",
            "issuedAt": "2026-11-22T15:00:00Z",
            "newSessionExpireTime": "2026-11-22T15:01:00Z",
            "expireTime": "2026-11-22T15:15:00Z",
        }
    }
    (event,) = service.events()
    assert event["event"] == "live_token.issued"
    asked = {"verify", "attest", "findProfile", "spend", "readKey", "mint"}
    assert set(event["milliseconds"]) == {"readBody", *asked, "total"}


def quota_in(response: flask.Response) -> dict[str, Any]:
    quota: dict[str, Any] = json.loads(response.data)["result"]["quota"]
    return quota


def test_what_is_left_of_the_quota_comes_with_the_token() -> None:
    response = Service(FakePorts(quota=QUOTA_STATE)).call()
    assert quota_in(response) == {"remaining": 19, "resetTime": "2026-11-22T15:03:00Z"}
    assert "Retry-After" not in response.headers


def test_the_last_token_comes_with_a_zero() -> None:
    assert quota_in(Service(FakePorts(quota=QuotaState(0, ISSUED_AT))).call())["remaining"] == 0


def call_about(data: object, ports: FakePorts) -> flask.Response:
    return Service(ports).call(json.dumps({"data": data}).encode())


def test_a_lease_comes_with_the_token() -> None:
    assert json.loads(Service(FakePorts(lease=LEASE)).call().data)["result"]["session"] == {
        "id": "session-1",
        "endsAt": "2026-11-22T16:00:00Z",
        "renewAfter": "2026-11-22T15:09:00Z",
        "renewBefore": "2026-11-22T15:09:50Z",
        "leaseSeconds": 600,
    }


def test_the_last_lease_has_no_time_to_renew_it() -> None:
    last = replace(LEASE, renew_after=None, renew_before=None)
    session = json.loads(Service(FakePorts(lease=last)).call().data)["result"]["session"]
    assert (session["renewAfter"], session["renewBefore"]) == (None, None)


def test_minutes_come_rounded_down_to_a_tenth_and_tokens_only_if_they_have_a_limit() -> None:
    quota = quota_in(Service(FakePorts(quota=QuotaState(None, ISSUED_AT, 3_599))).call())
    assert quota == {"minutesLeft": 59.9, "resetTime": "2026-11-22T15:00:00Z"}


@pytest.mark.parametrize(
    ("data", "call"),
    [
        (None, SessionCall()),
        ({"session": None}, SessionCall()),
        ({"session": "session-1"}, SessionCall("session-1")),
        ({"session": "session-1", "resumptionHandle": HANDLE}, SessionCall("session-1", resumes=True)),
        ({"resumptionHandle": HANDLE}, SessionCall(None, resumes=True)),
    ],
)
def test_the_store_hears_which_session_goes_on_and_whether_with_a_handle(data: object, call: SessionCall) -> None:
    ports = FakePorts()
    assert call_about(data, ports).status_code == 200
    assert ports.session_calls == [call]


def test_a_call_that_ends_a_session_gets_no_token_and_is_recorded() -> None:
    service = Service()
    response = service.call(b'{"data": {"end": "session-1"}}')
    assert json.loads(response.data) == {"result": {"ended": "session-1"}}
    assert service.ports.calls == ["verify", "attest", "end"]
    assert service.ports.ended == [(CALLER, "session-1")]
    (event,) = service.events()
    assert (event["event"], event["severity"], event["sessionId"]) == ("live_token.session_ended", "INFO", "session-1")


@pytest.mark.parametrize(
    "data",
    [
        *({key: bad} for key in ("session", "end") for bad in ["", "a b", "x" * 65, 7, ["session-1"], {}]),
        {"end": "session-1", "session": "session-1"},
        {"end": "session-1", "profile": "default"},
    ],
)
def test_what_can_be_no_session_is_malformed_and_reaches_no_store(data: dict[str, object]) -> None:
    ports = FakePorts()
    assert reason_in(call_about(data, ports)) == "MALFORMED_REQUEST"
    assert ports.calls == []


def test_an_error_after_the_lease_was_charged_names_the_session_for_the_next_try() -> None:
    response = Service(FakePorts(lease=LEASE, key=ApiKeyUnavailable("HTTP 503"))).call()
    assert json.loads(response.data)["error"]["details"]["session"] == "session-1"


def test_too_many_sessions_are_named_to_the_caller_who_has_them() -> None:
    refusal = TooManySessions(timedelta(seconds=90), ISSUED_AT, ("session-1", "session-2"))
    details = error_in(Service(FakePorts(quota=refusal)).call())["details"]
    assert details["sessions"] == ["session-1", "session-2"]
    assert details["retryAfterSeconds"] == 90


VOICES = {"voice": Choice(("Kore", "Puck"), ("voice",))}


def test_what_was_chosen_comes_with_the_token() -> None:
    token = replace(LIVE_TOKEN, profile=replace(PROFILE, chosen={"voice": "Puck"}))
    body = json.loads(Service(FakePorts(mints=(token,))).call().data)
    assert body["result"]["choices"] == {"voice": "Puck"}


@pytest.mark.parametrize("choices", [{"voice": "Charon"}, {"voices": "Puck"}, ["Puck"], "Puck", 7, {"voice": ["Puck"]}])
def test_a_choice_that_is_not_offered_is_malformed_and_told_what_is(choices: object) -> None:
    service = Service(FakePorts(choices=VOICES))
    response = service.call(json.dumps({"data": {"choices": choices}}).encode())
    assert (response.status_code, reason_in(response)) == (400, "MALFORMED_REQUEST")
    assert error_in(response)["message"].endswith(' This profile offers voice: "Kore", "Puck".')
    (event,) = service.events()
    assert "choices" not in event
    assert "`choices" in event["diagnosis"]
    assert service.ports.minted == []


@pytest.mark.parametrize("choices", [None, {}, {"voice": None}])
def test_choices_that_are_null_are_the_defaults(choices: object) -> None:
    service = Service(FakePorts(choices=VOICES))
    assert service.call(json.dumps({"data": {"choices": choices}}).encode()).status_code == 200
    ((_, minted, _),) = service.ports.minted
    assert minted.chosen == {"voice": "Kore"}


@pytest.mark.parametrize(
    ("microseconds", "told"), [(0, "15:00:00"), (1, "15:00:01"), (999_999, "15:00:01"), (1_000_000, "15:00:01")]
)
def test_the_reset_time_is_a_second_at_which_it_is_true(microseconds: int, told: str) -> None:
    state = QuotaState(1, ISSUED_AT + timedelta(microseconds=microseconds))
    assert quota_in(Service(FakePorts(quota=state)).call())["resetTime"] == f"2026-11-22T{told}Z"
