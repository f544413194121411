"""A service that stays away costs a caller some seconds, never the function's own time limit.

These outages end with a deadline, or after the libraries' own retries; so as many as possible are waited for at once.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from support.google_hosts.upstream import Silence
from support.production.bad_answers import Drip
from support.production.function_process import Answer, FunctionProcess, Refusal, StartFunction
from support.production.local_google import NO_SECRET, LocalGoogle

OVERLOADED = PlainTextResponse("Unavailable", 503)
ASKING_FOR_AN_HOUR = PlainTextResponse("Unavailable", 503, {"Retry-After": "3600"})
LOOK_UP_FAULTS: dict[str, Response] = {
    "the look-up fails": JSONResponse({"error": {"code": 500, "message": "INTERNAL"}}, 500),
    "the look-up is overloaded": OVERLOADED,
    "the look-up asks for an hour": ASKING_FOR_AN_HOUR,
    "the look-up says nothing": Silence(),
}
REASONS = {
    "the certificates do not come": "IDENTITY_UNAVAILABLE",
    **dict.fromkeys(LOOK_UP_FAULTS, "IDENTITY_UNAVAILABLE"),
    "Secret Manager says nothing": "API_KEY_UNAVAILABLE",
    "Secret Manager is overloaded": "API_KEY_UNAVAILABLE",
    "Secret Manager refuses the connection": "API_KEY_UNAVAILABLE",
    "Gemini says nothing": "GEMINI_UNAVAILABLE",
}


@pytest.fixture(scope="module")
def answers(function: FunctionProcess, new_process: FunctionProcess, google: LocalGoogle) -> Mapping[str, Answer]:
    """The answer to one call in each outage."""
    assert function.call(google.sign_in()).http == 200  # certificates and key are kept from here on
    before = google.gemini.requests
    with ThreadPoolExecutor() as callers:
        in_turn = callers.submit(lambda: dict(_outages_of_what_is_kept(new_process, google)))
        with google.gemini.answering(Silence()):
            at_once = {"Gemini says nothing": callers.submit(function.call, google.sign_in())}
            for name, fault in LOOK_UP_FAULTS.items():
                uid = google.sign_up()
                google.identity.faults[uid] = fault
                at_once[name] = callers.submit(function.call, google.id_tokens.good(uid))
            answers = {name: call.result() for name, call in at_once.items()} | in_turn.result()
    assert google.gemini.requests == before + 1, "only the one that got as far has tried, and not again"
    return answers


@pytest.fixture(scope="module")
def new_process(start_empty_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """A function that has no certificates yet, and gets no key."""
    return start_empty_function({**google.key_file, "GEMINI_API_KEY_SECRET": NO_SECRET})


def _outages_of_what_is_kept(new_process: FunctionProcess, google: LocalGoogle) -> Iterator[tuple[str, Answer]]:
    """One after the other: each lasts for all that the process asks meanwhile."""
    with google.certificates.answering(Silence()):
        yield "the certificates do not come", new_process.call(google.sign_in())
    with google.secret_manager.answering(Silence()):
        yield "Secret Manager says nothing", new_process.call(google.sign_in())
    with google.secret_manager.answering(OVERLOADED):
        yield "Secret Manager is overloaded", new_process.call(google.sign_in())
    with google.proxy.refusing(google.secret_manager.host):
        yield "Secret Manager refuses the connection", new_process.call(google.sign_in())


@pytest.mark.parametrize(("outage", "reason"), REASONS.items(), ids=REASONS)
def test_a_service_that_stays_away_is_an_outage(answers: Mapping[str, Answer], outage: str, reason: str) -> None:
    assert answers[outage].refusal == Refusal(503, "UNAVAILABLE", reason)


def test_an_outage_does_not_outlast_itself(function: FunctionProcess, google: LocalGoogle) -> None:
    """Many callers meet a look-up that asks for an hour of patience; the next one after it gets a token."""
    many = 100
    with google.accounts.answering(ASKING_FOR_AN_HOUR), ThreadPoolExecutor(many) as callers:
        answers = list(callers.map(function.call, [google.sign_in() for _ in range(many)]))
    assert {answer.refusal for answer in answers} == {Refusal(503, "UNAVAILABLE", "IDENTITY_UNAVAILABLE")}

    assert function.call(google.sign_in()).http == 200


def test_callers_behind_a_drip_of_secret_manager_wait_for_it_together(
    start_empty_function: StartFunction, google: LocalGoogle
) -> None:
    function, many, before = start_empty_function(google.key_file), 8, google.secret_manager.requests
    with google.secret_manager.answering(Drip()), ThreadPoolExecutor(many) as callers:
        answers = list(callers.map(function.call, [google.sign_in() for _ in range(many)]))
    assert {answer.refusal for answer in answers} == {Refusal(503, "UNAVAILABLE", "API_KEY_UNAVAILABLE")}
    assert google.secret_manager.requests == before + 1, "one asks for those who come meanwhile"

    assert function.call(google.sign_in()).http == 200


def test_upstreams_just_under_their_limits_do_not_add_up_beyond_the_deadline_of_the_call(
    start_empty_function: StartFunction, google: LocalGoogle
) -> None:
    """Each of them is in time, Gemini too. It is the last, and the others have left it too little."""
    short = start_empty_function({**google.key_file, "APP_CHECK": "monitor", "CALL_DEADLINE_SECONDS": "10"})
    with (
        google.certificates.late(1.0),
        google.accounts.late(1.0),
        google.app_check.answering(Silence()),
        google.secret_manager.late(1.5),
        google.gemini.late(5.2),
    ):
        answer = short.call(google.sign_in(), app_check_token=google.app_check_tokens.good())
    assert answer.refusal == Refusal(503, "UNAVAILABLE", "GEMINI_UNAVAILABLE")
