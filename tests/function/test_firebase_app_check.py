"""`firebase_app_check`: keys that come or do not, tokens that prove an app or do not, and tokens that are spent."""

import time
from typing import Any

import httpx2
import pytest

from function.fake_http_server import Answer, FakeHttpServer, answer_json
from function.made_up import AMPLE, APP_CHECK_TOKEN, APP_ID, PROJECT
from function.signed_tokens import KEY_ID, app_check_token, jwk
from function.transports import transport, upstream
from live_tokens.deadline import Deadline
from live_tokens.errors import AppCheckInvalid, AppCheckMissing, AppCheckReplayed, AppCheckUnavailable, TokenNotIssued
from live_tokens.firebase_app_check import AppCheckOff, FirebaseAppCheck, MonitoredAppCheck, read_keys
from live_tokens.issuing import Attestation
from live_tokens.public_keys import PublicKeys
from live_tokens.upstream import Upstream

VALID = Attestation("valid", APP_ID)


class ToOneServer(httpx2.BaseTransport):
    """Carries what is asked of App Check to a server on loopback."""

    def __init__(self, server: FakeHttpServer) -> None:
        self._server = server
        self._transport = transport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert request.url.host == "firebaseappcheck.googleapis.com"
        request.url = httpx2.URL(f"http://{self._server.host_and_port}{request.url.path}")
        return self._transport.handle_request(request)


def keys_at(host: str) -> PublicKeys:
    return PublicKeys(upstream(), f"http://{host}/jwks", read_keys)


def app_check_at(server: FakeHttpServer, *allowed: str, consumes: bool = False) -> FirebaseAppCheck:
    consumption = Upstream(ToOneServer(server), 10) if consumes else None
    return FirebaseAppCheck(PROJECT, keys_at(server.host_and_port), consumption, frozenset(allowed))


def published() -> Answer:
    return answer_json({"keys": [jwk()]})


def refusal_of(app_check: FirebaseAppCheck, token: str | None) -> TokenNotIssued:
    with pytest.raises(TokenNotIssued) as refusal:
        app_check.attest(token, AMPLE)
    return refusal.value


@pytest.mark.parametrize("token", [None, "", APP_CHECK_TOKEN])
def test_off_asks_nobody_about_anything(token: str | None) -> None:
    assert AppCheckOff().attest(token, AMPLE) == Attestation("off", None)


def test_no_token_is_a_missing_one_and_nobody_is_asked(server: FakeHttpServer) -> None:
    assert type(refusal_of(app_check_at(server), None)) is AppCheckMissing
    assert server.received == []


def test_what_is_no_jwt_is_refused_before_anything_connects(server: FakeHttpServer) -> None:
    refusal = refusal_of(app_check_at(server), "a.b")
    assert (type(refusal), refusal.diagnosis) == (AppCheckInvalid, "not a JWT")
    assert server.received == []


@pytest.mark.parametrize(
    ("token", "diagnosis"),
    [
        ("0A1B2C3D-0a1b-4c3d-8e5f-0a1b2c3d4e5f", "a debug token, which the debug provider"),
        ("eyJlcnJvciI6IlVOS05PV05fRVJST1IifQ==", "the SDK's placeholder: the app could not get"),
        ("eyJlcnJvciI6IlVOS05PV05fRVJST1IifQ", "the SDK's placeholder: the app could not get"),
    ],
)
def test_what_is_sent_in_place_of_an_app_check_token_is_named(
    server: FakeHttpServer, token: str, diagnosis: str
) -> None:
    refusal = refusal_of(app_check_at(server), token)
    assert type(refusal) is AppCheckInvalid
    assert str(refusal.diagnosis).startswith(diagnosis)
    assert token not in str(refusal.diagnosis)
    assert server.received == []


def test_a_signed_token_of_this_project_attests_its_app(server: FakeHttpServer) -> None:
    server.answer_with(published())
    assert app_check_at(server).attest(app_check_token(), AMPLE) == VALID
    assert app_check_at(server, APP_ID, "1:2:ios:3").attest(app_check_token(), AMPLE) == VALID


def test_an_app_that_is_not_allowed_is_invalid(server: FakeHttpServer) -> None:
    server.answer_with(published())
    refusal = refusal_of(app_check_at(server, "1:2:ios:3"), app_check_token())
    assert (type(refusal), refusal.diagnosis) == (AppCheckInvalid, "app not in APP_CHECK_ALLOWED_APP_IDS")


@pytest.mark.parametrize(
    "token",
    [
        app_check_token({"typ": None}),
        app_check_token({"typ": "jwt"}),
        app_check_token({"kid": "made-up"}),
        app_check_token(aud="projects/1234"),
        app_check_token(aud=f"projects/{PROJECT}"),
        app_check_token(aud=["projects/another-app"]),
        app_check_token(aud=None),
        app_check_token(iss="https://securetoken.google.com/1234"),
        app_check_token(iss=7),
        app_check_token(iss=None),
        app_check_token(sub=""),
        app_check_token(sub=None),
        app_check_token(sub=["app"]),
        app_check_token(exp=int(time.time()) - 60),
        app_check_token(exp=None),
        app_check_token()[:-4] + "AAAA",
    ],
)
def test_a_token_that_app_check_would_not_make_is_the_callers_fault(server: FakeHttpServer, token: str) -> None:
    server.answer_with(published())
    assert type(refusal_of(app_check_at(server), token)) is AppCheckInvalid


@pytest.mark.parametrize(
    "answer",
    [
        *(answer_json(odd) for odd in list[object]([{}, [], None, "text"])),
        *(answer_json({"keys": odd}) for odd in list[object]([None, {}, [], ["a"], [{"kid": KEY_ID}], [{"kid": 7}]])),
        *(
            answer_json({"keys": [jwk() | odd]})
            for odd in list[dict[str, Any]]([{"n": 5}, {"kty": "EC"}, {"n": "!"}, {"e": None}])
        ),
        *(Answer(200, body) for body in (b"", b"<html>", b"\xff", b"[" * 60_000, b" " * 70_000)),
        *(Answer(status, b"{}") for status in (301, 307, 403, 404, 429, 500)),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:24]!r}",
)
def test_keys_that_do_not_come_are_an_outage_that_ends_with_itself(server: FakeHttpServer, answer: Answer) -> None:
    server.answer_with(answer)
    app_check = app_check_at(server)
    assert type(refusal_of(app_check, app_check_token())) is AppCheckUnavailable
    server.answer_with(published())
    assert app_check.attest(app_check_token(), AMPLE) == VALID


def test_keys_that_are_silent_cost_what_the_call_has_left(silent: str) -> None:
    with pytest.raises(AppCheckUnavailable):
        FirebaseAppCheck(PROJECT, keys_at(silent), None, frozenset()).attest(app_check_token(), Deadline.after(0.2))


@pytest.mark.parametrize("unspent", [{}, {"alreadyConsumed": False}])
def test_a_token_that_was_not_spent_is_spent_and_attests(server: FakeHttpServer, unspent: dict[str, bool]) -> None:
    server.answer_with(published(), answer_json(unspent))
    token = app_check_token()
    assert app_check_at(server, consumes=True).attest(token, AMPLE) == VALID
    request = server.received[-1]
    assert (request.method, request.path) == ("POST", f"/v1beta/projects/{PROJECT}:verifyAppCheckToken")
    assert request.json() == {"app_check_token": token}


def test_a_token_that_was_spent_is_replayed(server: FakeHttpServer) -> None:
    server.answer_with(published(), answer_json({"alreadyConsumed": True}))
    assert type(refusal_of(app_check_at(server, consumes=True), app_check_token())) is AppCheckReplayed


@pytest.mark.parametrize(
    "answer",
    [
        *(answer_json({"alreadyConsumed": odd}) for odd in list[object](["true", "false", 1, 0, None, [], {}])),
        *(
            answer_json(odd)
            for odd in list[object]([{"error": "x"}, {"consumed": True}, {"kind": "other"}, [], None, "true", False])
        ),
        *(Answer(status, b"{}") for status in (201, 301, 400, 401, 403, 404, 429, 500, 503)),
        *(Answer(200, body) for body in (b"", b"<html>", b"[" * 60_000, b" " * 70_000)),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:24]!r}",
)
def test_an_odd_answer_about_a_spent_token_is_an_outage_and_asked_for_once(
    server: FakeHttpServer, answer: Answer
) -> None:
    server.answer_with(published(), answer)
    assert type(refusal_of(app_check_at(server, consumes=True), app_check_token())) is AppCheckUnavailable
    assert len(server.received) == 2


def test_monitoring_tells_what_was_found_and_refuses_nobody(server: FakeHttpServer) -> None:
    server.answer_with(Answer(500), published())
    monitored = MonitoredAppCheck(app_check_at(server))
    assert monitored.attest(app_check_token(), AMPLE) == Attestation("unavailable", None)
    assert monitored.attest(None, AMPLE) == Attestation("missing", None)
    assert monitored.attest("no JWT", AMPLE) == Attestation("invalid", None)
    assert monitored.attest(app_check_token(), AMPLE) == VALID
