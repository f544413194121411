"""Many callers at once: an upstream that hangs costs a few their time, and no pool is smaller than the crowd."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.google_hosts.upstream import Silence, Upstream
from support.production.function_process import Answer, FunctionProcess, Refusal, StartFunction
from support.production.local_google import LocalGoogle

GEMINI_UNAVAILABLE = Refusal(503, "UNAVAILABLE", "GEMINI_UNAVAILABLE")
IDENTITY_UNAVAILABLE = Refusal(503, "UNAVAILABLE", "IDENTITY_UNAVAILABLE")
CROWD = 64
MANY = 36
"""More than the half that is the usual number of threads."""
ENOUGH_TO_OPEN = 3
MOST_CALLS = 10


@pytest.fixture(scope="module")
def crowded_function(start_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """A function that answers as many at once as the crowd is large, and spends App Check tokens."""
    settings = {"THREADS": str(CROWD), "APP_CHECK": "enforce", "APP_CHECK_CONSUME": "true"}
    function = start_function({**google.key_file, **settings})
    assert _attested(function, google).http == 200
    return function


@pytest.mark.parametrize("upstream", ["accounts", "app_check", "gemini"])
def test_a_crowd_waits_for_an_upstream_together_and_not_in_turns(
    crowded_function: FunctionProcess, google: LocalGoogle, upstream: str
) -> None:
    """It answers when many of the crowd wait for it at the same time, and not before."""
    asked: Upstream = getattr(google, upstream)
    with asked.crowding(MANY) as crowd, ThreadPoolExecutor(CROWD) as callers:
        answers = [callers.submit(_attested, crowded_function, google) for _ in range(CROWD)]
        served = [answer.result().http for answer in answers]

    assert crowd.most >= MANY
    assert served.count(200) >= MANY


@pytest.fixture
def function_of_its_own(start_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """A function that no other test needs, because an upstream of it is lost for a while."""
    function = start_function(google.key_file)
    assert function.call(google.sign_in()).http == 200
    return function


def test_callers_of_a_hanging_gemini_are_told_at_once_after_the_first_few(
    function_of_its_own: FunctionProcess, google: LocalGoogle
) -> None:
    function = function_of_its_own
    with google.gemini.answering(Silence()):
        _expect_time_outs(function, google, GEMINI_UNAVAILABLE)
        asked = google.gemini.requests

        answer = function.call(google.sign_in())
        assert answer.refusal == GEMINI_UNAVAILABLE
        assert int(answer.headers["Retry-After"]) >= 1
        assert google.gemini.requests == asked, "Gemini was not asked"
        assert function.audit_event(answer.body["error"]["details"]["requestId"])["diagnosis"] == "circuit open"

        refused = function.call("no token at all")
        assert refused.refusal == Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_INVALID")

    assert _is_served_again(function, google)


def test_callers_of_a_hanging_look_up_are_told_at_once_after_the_first_few(
    function_of_its_own: FunctionProcess, google: LocalGoogle
) -> None:
    function = function_of_its_own
    with google.accounts.answering(Silence()):
        _expect_time_outs(function, google, IDENTITY_UNAVAILABLE)
        asked = google.accounts.requests

        answer = function.call(google.sign_in())
        assert answer.refusal == IDENTITY_UNAVAILABLE
        assert int(answer.headers["Retry-After"]) >= 1
        assert google.accounts.requests == asked, "nobody was looked up"

    assert _is_served_again(function, google)


def _expect_time_outs(function: FunctionProcess, google: LocalGoogle, refusal: Refusal) -> None:
    with ThreadPoolExecutor(ENOUGH_TO_OPEN) as callers:
        answers = list(callers.map(function.call, [google.sign_in() for _ in range(ENOUGH_TO_OPEN)]))
    assert [answer.refusal for answer in answers] == [refusal] * ENOUGH_TO_OPEN
    assert ["Retry-After" in answer.headers for answer in answers] == [False] * ENOUGH_TO_OPEN


def _is_served_again(function: FunctionProcess, google: LocalGoogle) -> bool:
    """Call, as apps do that obey `retryAfterSeconds`, until there is a token."""
    for _ in range(MOST_CALLS):
        answer = function.call(google.sign_in())
        if answer.http == 200:
            return True
        time.sleep(int(answer.headers["Retry-After"]))
    return False


def _attested(function: FunctionProcess, google: LocalGoogle) -> Answer:
    return function.call(google.sign_in(), app_check_token=google.app_check_tokens.good())
