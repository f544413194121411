"""Whatever an upstream answers with, the call ends with that upstream's own 503, and the next one is served."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gemini_live_stand_in.serving import serve
from support.google_hosts.upstream import Upstream
from support.production.bad_answers import MEBIBYTE, astray, endless_answers
from support.production.function_process import Answer, FunctionProcess, Refusal, StartFunction
from support.production.local_google import LocalGoogle
from support.production.raw_http import peak_memory


class Elsewhere:
    """Where redirects lead: it answers everything that is asked there, and counts."""

    def __init__(self, google: LocalGoogle) -> None:
        self.requests: list[str] = []
        self._google = google

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests.append(Request(scope).url.path)
        certificates = {self._google.signing_key.kid: self._google.signing_key.certificate}
        await JSONResponse(certificates)(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Asked:
    """An upstream, in the order in which a call asks for it, and what its outage is called."""

    upstream: Upstream
    reason: str


@pytest.fixture(scope="module")
def elsewhere(google: LocalGoogle) -> Iterator[tuple[str, Elsewhere]]:
    there = Elsewhere(google)
    with serve(there) as address:
        yield f"http://{address.removeprefix('http://')}/elsewhere", there


@pytest.fixture(scope="module")
def new_function(start_empty_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """A function that has nothing yet: no certificates, no access token, no keys."""
    app_check = {"APP_CHECK": "enforce", "APP_CHECK_CONSUME": "true"}
    return start_empty_function({**google.key_file, **app_check})


@pytest.fixture(scope="module")
def memory_before(new_function: FunctionProcess) -> int:
    """How much memory a function that has asked nobody holds."""
    return peak_memory(new_function.pid)


@pytest.fixture(scope="module")
def answers(
    new_function: FunctionProcess, google: LocalGoogle, elsewhere: tuple[str, Elsewhere], memory_before: int
) -> Mapping[tuple[str, str], Answer]:
    """Upstream and fault → the answer to one call. In the order in which a call asks, so that nothing is kept yet."""
    there, _ = elsewhere
    # What is counted as a time-out stands between what is not, or the circuit would open.
    faults: dict[str, ASGIApp] = {}
    for name, app in endless_answers().items():
        faults |= {name: app, **(astray(there) if not faults else {})}
    answers = {}
    for name, asked in _asked(google).items():
        for fault, app in faults.items():
            with asked.upstream.answering(app):
                answers[name, fault] = _call(new_function, google)
    return answers | {("all", "well"): _call(new_function, google)}


def _asked(google: LocalGoogle) -> Mapping[str, Asked]:
    return {
        "certificates": Asked(google.certificates, "IDENTITY_UNAVAILABLE"),
        "access tokens": Asked(google.access_tokens, "IDENTITY_UNAVAILABLE"),
        "look-up": Asked(google.accounts, "IDENTITY_UNAVAILABLE"),
        "App Check": Asked(google.app_check, "APP_CHECK_UNAVAILABLE"),
        "Secret Manager": Asked(google.secret_manager, "API_KEY_UNAVAILABLE"),
        "Gemini": Asked(google.gemini, "GEMINI_UNAVAILABLE"),
    }


def _call(function: FunctionProcess, google: LocalGoogle) -> Answer:
    return function.call(google.sign_in(), app_check_token=google.app_check_tokens.good())


FAULTS = [*endless_answers(), *astray("http://elsewhere.invalid")]
GEMINIS_OWN = {"an odd error"}
"""Gemini's 400 means that it refuses what was asked, whatever is in it."""


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "upstream", ["certificates", "access tokens", "look-up", "App Check", "Secret Manager", "Gemini"]
)
def test_the_answer_is_the_outage_of_the_upstream(
    answers: Mapping[tuple[str, str], Answer], google: LocalGoogle, upstream: str, fault: str
) -> None:
    expected = Refusal(503, "UNAVAILABLE", _asked(google)[upstream].reason)
    if upstream == "Gemini" and fault in GEMINIS_OWN:
        expected = Refusal(500, "INTERNAL", "INTERNAL")
    assert answers[upstream, fault].refusal == expected


def test_when_all_is_well_again_the_next_call_is_served(answers: Mapping[tuple[str, str], Answer]) -> None:
    assert answers["all", "well"].http == 200


@pytest.mark.usefixtures("answers")
def test_no_redirect_is_followed(elsewhere: tuple[str, Elsewhere]) -> None:
    assert elsewhere[1].requests == []


@pytest.mark.usefixtures("answers")
def test_no_large_answer_is_held_in_memory(new_function: FunctionProcess, memory_before: int) -> None:
    assert peak_memory(new_function.pid) - memory_before < 40 * MEBIBYTE, "less than one of the large answers"


@pytest.fixture(scope="module")
def spending_function(start_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """A function that has all it needs, and spends App Check tokens."""
    function = start_function({**google.key_file, "APP_CHECK": "enforce", "APP_CHECK_CONSUME": "true"})
    assert _call(function, google).http == 200
    return function


@pytest.mark.parametrize("fault", FAULTS)
def test_an_app_check_token_that_cannot_be_spent_in_time_is_not_available(
    spending_function: FunctionProcess, google: LocalGoogle, elsewhere: tuple[str, Elsewhere], fault: str
) -> None:
    apps = {**endless_answers(), **astray(elsewhere[0])}
    with google.app_check.answering(apps[fault]):
        answer = _call(spending_function, google)

    assert answer.refusal == Refusal(503, "UNAVAILABLE", "APP_CHECK_UNAVAILABLE")
    assert elsewhere[1].requests == []


# --- the metadata server, where a function on Cloud Run finds its credentials


@pytest.fixture(scope="module")
def on_cloud_run(start_empty_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """A function whose metadata server has not answered yet."""
    return start_empty_function(google.metadata_server)


NO_TOKENS: dict[str, ASGIApp] = {
    "a token without an end": JSONResponse({"access_token": "ya29.made-up", "token_type": "Bearer"}),
    "no token": JSONResponse({}),
}


@pytest.mark.parametrize("fault", [*FAULTS, *NO_TOKENS])
def test_a_metadata_server_that_answers_oddly_is_an_outage_of_what_needs_it(
    on_cloud_run: FunctionProcess, google: LocalGoogle, elsewhere: tuple[str, Elsewhere], fault: str
) -> None:
    apps = {**endless_answers(), **astray(elsewhere[0]), **NO_TOKENS}
    with google.metadata.answering(apps[fault]):
        answer = on_cloud_run.call(google.sign_in())

    assert answer.refusal == Refusal(503, "UNAVAILABLE", "IDENTITY_UNAVAILABLE")
    assert on_cloud_run.call(google.sign_in()).http == 200
    assert elsewhere[1].requests == []
