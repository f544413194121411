"""An outage of App Check is 503 where it is enforced, never 401: a good app is not told that it is a bad one."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from support.google_hosts.upstream import Silence
from support.production.function_process import Answer, FunctionProcess, Refusal, StartFunction
from support.production.local_google import LocalGoogle

APP_CHECK_UNAVAILABLE = Refusal(503, "UNAVAILABLE", "APP_CHECK_UNAVAILABLE")
FULL_QUOTA = 20

SIGN_IN_PAGE = HTMLResponse("<!doctype html><title>Sign in to the hotel's network</title>")
ASKING_FOR_AN_HOUR = PlainTextResponse("Unavailable", 503, {"Retry-After": "3600"})

KEY_FAULTS: dict[str, Response] = {
    "500": PlainTextResponse("Internal error", 500),
    "403": PlainTextResponse("Forbidden", 403),
    "redirect": RedirectResponse("https://www.googleapis.com/"),
    "HTML": SIGN_IN_PAGE,
    "empty": Response(b""),
    "not UTF-8": Response(b"\xff\xfe{}", media_type="application/json"),
    "JSON list": JSONResponse(["keys"]),
    "JSON null": JSONResponse(None),
    "no keys": JSONResponse({}),
    "an empty list of keys": JSONResponse({"keys": []}),
    "keys that are none": JSONResponse({"keys": ["a1b2c3"]}),
    "a key without numbers": JSONResponse({"keys": [{"kid": "a1b2c3", "kty": "RSA"}]}),
    "a key of other numbers": JSONResponse({"keys": [{"kid": "a1b2c3", "kty": "RSA", "n": 5, "e": 3}]}),
    "a key of several algorithms": JSONResponse({"keys": [{"kid": "a1b2c3", "kty": "RSA", "alg": ["RS256"]}]}),
    "a key of another kind": JSONResponse({"keys": [{"kid": "a1b2c3", "kty": "EC", "crv": "P-256"}]}),
    "less than it announces": Response(b'{"keys": [', headers={"Content-Length": "10"}),
}
CONSUMPTION_FAULTS: dict[str, Response] = {
    "500": JSONResponse({"error": {"code": 500, "message": "INTERNAL"}}, 500),
    "503, asking for an hour": ASKING_FOR_AN_HOUR,
    "400": JSONResponse({"error": {"code": 400, "message": "INVALID_ARGUMENT"}}, 400),
    "401": JSONResponse({"error": {"code": 401, "message": "UNAUTHENTICATED"}}, 401),
    "403": JSONResponse({"error": {"code": 403, "message": "PERMISSION_DENIED"}}, 403),
    "404": PlainTextResponse("Not found", 404),
    "429": JSONResponse({"error": {"code": 429, "message": "RESOURCE_EXHAUSTED"}}, 429),
    "redirect": RedirectResponse("https://www.googleapis.com/"),
    "HTML": SIGN_IN_PAGE,
    "empty": Response(b""),
    "JSON list": JSONResponse(["alreadyConsumed"]),
    "JSON null": JSONResponse(None),
    "unrelated JSON": JSONResponse({"message": "Welcome to the hotel"}),
    "a text for yes": JSONResponse({"alreadyConsumed": "true"}),
    "a text for no": JSONResponse({"alreadyConsumed": ""}),
    "a number": JSONResponse({"alreadyConsumed": 1}),
    "null for no": JSONResponse({"alreadyConsumed": None}),
    "silence": Silence(),
}
KEY_OUTAGES = [
    *KEY_FAULTS,
    "refused connection",
    "broken handshake",
    "connection closed",
    "connection reset",
    "silence",
]
CONSUMPTION_OUTAGES = [
    *CONSUMPTION_FAULTS,
    "refused connection",
    "connection closed",
    "connection reset",
    "no access token",
]


@pytest.fixture(scope="module")
def keyless_answers(start_empty_function: StartFunction, google: LocalGoogle) -> Mapping[str, Answer]:
    """The answer to one call in each outage of the keys, of a function that never got them; and to one after all."""
    function = start_empty_function({**google.key_file, "APP_CHECK": "enforce"})
    before = google.traffic
    id_token = google.sign_in()
    answers = dict(_outages_of_the_keys(function, google, id_token))
    assert (google.traffic.secret_reads, google.traffic.mints) == (before.secret_reads, before.mints)
    return answers | {"afterwards": _call(function, google, id_token)}


def _outages_of_the_keys(function: FunctionProcess, google: LocalGoogle, id_token: str) -> Iterator[tuple[str, Answer]]:
    """One after the other: each lasts for all that the process asks meanwhile."""
    for name, fault in KEY_FAULTS.items():
        fault.headers["Cache-Control"] = "public, max-age=19845"  # as good ones have it
        with google.app_check.answering(fault):
            yield name, _call(function, google, id_token)
    with google.proxy.refusing(google.app_check.host):
        yield "refused connection", _call(function, google, id_token)
    with google.proxy.hanging_up(google.app_check.host):
        yield "broken handshake", _call(function, google, id_token)
    yield "connection closed", _call_that_loses_app_check(function, google, id_token, google.proxy.drop)
    yield "connection reset", _call_that_loses_app_check(function, google, id_token, google.proxy.reset)
    with google.app_check.answering(Silence()):
        yield "silence", _call(function, google, id_token)
    google.proxy.drop(google.app_check.host)


@pytest.fixture(scope="module")
def consuming(start_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """A function that spends tokens, has the keys, and needs an access token for nothing but spending."""
    settings = {"APP_CHECK": "enforce", "APP_CHECK_CONSUME": "true", "CHECK_REVOKED": "false"}
    function = start_function({**google.key_file, **settings})
    assert _call(function, google, google.sign_in()).http == 200
    return function


@pytest.fixture(scope="module")
def unspent_answers(consuming: FunctionProcess, google: LocalGoogle) -> Mapping[str, Answer]:
    """The answer to one call in each outage of the service that spends tokens; and to one after all of them."""
    id_token, before = google.sign_in(), google.traffic
    with ThreadPoolExecutor() as callers:
        calls = {}
        for name, fault in CONSUMPTION_FAULTS.items():
            token = google.app_check_tokens.good()
            google.app_check_service.faults[token] = fault
            calls[name] = callers.submit(consuming.call, id_token, app_check_token=token)
        answers = {name: call.result() for name, call in calls.items()}
    outages: dict[str, AbstractContextManager[None]] = {
        "refused connection": google.proxy.refusing(google.app_check.host),
        "no access token": google.access_tokens.answering(JSONResponse({"error": "invalid_grant"}, 400)),
    }
    for name, outage in outages.items():
        with outage:
            answers[name] = _call(consuming, google, id_token)
    for name, end in (("connection closed", google.proxy.drop), ("connection reset", google.proxy.reset)):
        answers[name] = _call_that_loses_app_check(consuming, google, id_token, end)
    assert (google.traffic.secret_reads, google.traffic.mints) == (before.secret_reads, before.mints)
    return answers | {"afterwards": _call(consuming, google, id_token)}


@pytest.mark.parametrize("outage", KEY_OUTAGES)
def test_without_its_keys_app_check_is_not_available(keyless_answers: Mapping[str, Answer], outage: str) -> None:
    assert keyless_answers[outage].refusal == APP_CHECK_UNAVAILABLE


def test_the_end_of_an_outage_of_the_keys_is_noticed_at_once_and_it_has_cost_no_quota(
    keyless_answers: Mapping[str, Answer],
) -> None:
    assert keyless_answers["afterwards"].result["quota"]["remaining"] == FULL_QUOTA - 1


@pytest.mark.parametrize("outage", CONSUMPTION_OUTAGES)
def test_a_token_that_cannot_be_spent_is_not_available_and_not_replayed(
    unspent_answers: Mapping[str, Answer], outage: str
) -> None:
    assert unspent_answers[outage].refusal == APP_CHECK_UNAVAILABLE


def test_the_end_of_an_outage_of_spending_is_noticed_at_once_and_it_has_cost_no_quota(
    unspent_answers: Mapping[str, Answer],
) -> None:
    assert unspent_answers["afterwards"].result["quota"]["remaining"] == FULL_QUOTA - 1


def test_an_outage_of_spending_does_not_outlast_itself(consuming: FunctionProcess, google: LocalGoogle) -> None:
    """More callers than there are threads meet a service that asks for an hour; the next one after it is served."""
    many = 40
    with google.app_check.answering(ASKING_FOR_AN_HOUR), ThreadPoolExecutor(many) as callers:
        answers = list(callers.map(lambda id_token: _call(consuming, google, id_token), _sign_ins(google, many)))
    assert {answer.refusal for answer in answers} == {APP_CHECK_UNAVAILABLE}

    assert _call(consuming, google, google.sign_in()).http == 200


def test_many_at_once_are_each_served_with_a_token_of_their_own(
    consuming: FunctionProcess, google: LocalGoogle
) -> None:
    with ThreadPoolExecutor(40) as callers:
        answers = list(callers.map(lambda id_token: _call(consuming, google, id_token), _sign_ins(google, 40)))

    assert [answer.http for answer in answers] == [200] * 40


def test_a_bad_sign_in_is_the_callers_fault_also_while_app_check_is_away(
    consuming: FunctionProcess, google: LocalGoogle
) -> None:
    with google.proxy.refusing(google.app_check.host):
        answer = consuming.call("a.b.c", app_check_token=google.app_check_tokens.good())

    assert answer.refusal == Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_INVALID")


def _sign_ins(google: LocalGoogle, count: int) -> list[str]:
    return [google.sign_in() for _ in range(count)]


def _call(function: FunctionProcess, google: LocalGoogle, id_token: str) -> Answer:
    return function.call(id_token, app_check_token=google.app_check_tokens.good())


def _call_that_loses_app_check(
    function: FunctionProcess, google: LocalGoogle, id_token: str, end: Callable[[str], None]
) -> Answer:
    """Return the answer to a call whose connection to App Check ends after the question, before the answer."""
    asked_before = google.app_check.requests
    with google.app_check.answering(Silence()), ThreadPoolExecutor(1) as caller:
        call = caller.submit(_call, function, google, id_token)
        while google.app_check.requests == asked_before and not call.done():
            time.sleep(0.01)
        end(google.app_check.host)
        return call.result()
