"""What a start and a call ask of others. More would be slower for every caller."""

from collections.abc import Mapping

from support.production.function_process import FunctionProcess, StartFunction
from support.production.local_google import LocalGoogle


def asked_by_a_call(function: FunctionProcess, google: LocalGoogle) -> Mapping[str, int]:
    before = requests_so_far(google)
    assert function.call(google.sign_in()).result
    return since(before, google)


def since(before: Mapping[str, int], google: LocalGoogle) -> Mapping[str, int]:
    after = requests_so_far(google)
    return {name: after[name] - before[name] for name in after}


def requests_so_far(google: LocalGoogle) -> Mapping[str, int]:
    return {
        "certificates": google.certificates.requests,
        "look-up": google.accounts.requests,
        "metadata server": google.metadata.requests,
        "Secret Manager": google.secret_manager.requests,
        "Gemini": google.gemini.requests,
    }


# The stand-in's access tokens are too short-lived to be kept: each authorised request takes its own, in two requests.
SEARCH, ACCESS_TOKEN = 2, 2
AHEAD = {
    "certificates": 1,
    "look-up": 0,
    "metadata server": SEARCH + ACCESS_TOKEN,
    "Secret Manager": 1,
    "Gemini": 0,
}
CALL = {"certificates": 0, "look-up": 1, "metadata server": ACCESS_TOKEN, "Secret Manager": 0, "Gemini": 1}


def test_a_start_fetches_certificates_credentials_and_key_and_no_call_fetches_them_again(
    start_function: StartFunction, google: LocalGoogle
) -> None:
    before = requests_so_far(google)
    function = start_function(google.metadata_server)
    assert since(before, google) == AHEAD
    assert [asked_by_a_call(function, google) for _ in range(2)] == [CALL, CALL]


def test_an_instance_that_could_not_fetch_anything_ahead_starts_and_its_first_call_does(
    start_empty_function: StartFunction, google: LocalGoogle
) -> None:
    function = start_empty_function(google.metadata_server)
    first = asked_by_a_call(function, google)
    assert first == {name: AHEAD[name] + CALL[name] for name in CALL}
    assert asked_by_a_call(function, google) == CALL


def test_the_first_refused_call_of_an_instance_asks_nobody(start_function: StartFunction, google: LocalGoogle) -> None:
    function = start_function(google.metadata_server)
    before = requests_so_far(google)
    assert function.call("a.b.c").http == 401
    assert set(since(before, google).values()) == {0}
