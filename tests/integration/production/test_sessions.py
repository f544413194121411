"""A session in leases, as it is deployed: its token ends with the lease, and it is continued, ended and refused."""

import secrets
from datetime import datetime

import pytest

from support.production.function_process import FunctionProcess, Refusal, StartFunction, functions_with
from support.production.local_google import LocalGoogle

PROFILE = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 60
lease_seconds = 300
session_seconds = 900
[quota]
minutes_per_day = 10
sessions_at_once = 1
[config]
response_modalities = ["AUDIO"]
"""


@pytest.fixture(scope="module")
def leasing(
    start_function: StartFunction, google: LocalGoogle, tmp_path_factory: pytest.TempPathFactory
) -> FunctionProcess:
    """A function with a profile of leases, minutes and one session at a time."""
    functions = functions_with({"leased": PROFILE}, tmp_path_factory.mktemp("leasing"))
    return start_function(google.key_file, functions)


def test_a_session_is_leased_reconnected_ended_and_begun_again_until_the_minutes_are_used(
    leasing: FunctionProcess, google: LocalGoogle
) -> None:
    user = google.sign_in()
    first = leasing.call(user, {"profile": "leased"})
    session = first.result["session"]["id"]
    assert _seconds(first.result["issuedAt"], first.result["expireTime"]) in range(299, 302)
    assert (first.result["session"]["leaseSeconds"], first.result["quota"]["minutesLeft"]) == (300, 5.0)
    event = leasing.audit_event(first.trace)
    assert (event["sessionId"], event["lease"], event["leaseSeconds"]) == (session, "first", 300)

    assert leasing.call(user, {"profile": "leased"}).refusal == Refusal(429, "RESOURCE_EXHAUSTED", "TOO_MANY_SESSIONS")

    handle = secrets.token_urlsafe(32)
    again = leasing.call(user, {"profile": "leased", "session": session, "resumptionHandle": handle})
    assert again.result["expireTime"] == first.result["expireTime"]
    assert leasing.audit_event(again.trace)["leaseSeconds"] == 0

    ended = leasing.call(user, {"end": session})
    assert ended.result == {"ended": session}
    assert leasing.audit_event(ended.trace)["event"] == "live_token.session_ended"
    gone = leasing.call(user, {"profile": "leased", "session": session, "resumptionHandle": handle})
    assert gone.refusal == Refusal(403, "PERMISSION_DENIED", "SESSION_ENDED")

    second = leasing.call(user, {"profile": "leased"})
    leasing.call(user, {"end": second.result["session"]["id"]})
    assert leasing.call(user, {"profile": "leased"}).refusal == Refusal(429, "RESOURCE_EXHAUSTED", "MINUTES_EXCEEDED")


def test_the_shipped_default_is_an_hour_in_leases_of_ten_minutes_and_one_session_at_a_time(
    leasing: FunctionProcess, google: LocalGoogle
) -> None:
    user = google.sign_in()
    issued = leasing.call(user).result
    assert _seconds(issued["issuedAt"], issued["expireTime"]) in range(599, 602)
    assert _seconds(issued["issuedAt"], issued["session"]["endsAt"]) in range(3599, 3602)
    assert (issued["session"]["leaseSeconds"], issued["quota"]["minutesLeft"]) == (600, 50.0)
    assert leasing.call(user).refusal.reason == "TOO_MANY_SESSIONS"


def test_a_mint_that_fails_costs_its_lease_once(leasing: FunctionProcess, google: LocalGoogle) -> None:
    user = google.sign_in()
    keys = google.gemini_stand_in.replace_api_keys
    good = google.secret.versions[-1]
    assert good is not None
    keys(set())
    failed = leasing.call(user, {"profile": "leased"})
    keys({good.decode()})
    session = failed.body["error"]["details"]["session"]
    retried = leasing.call(user, {"profile": "leased", "session": session})
    assert retried.result["session"]["id"] == session
    assert retried.result["quota"]["minutesLeft"] == 5.0


def test_a_mint_that_fails_twice_leaves_a_session_that_is_ended_before_the_next_one_begins(
    leasing: FunctionProcess, google: LocalGoogle
) -> None:
    user = google.sign_in()
    good = google.secret.versions[-1]
    assert good is not None
    google.gemini_stand_in.replace_api_keys(set())
    session = leasing.call(user, {"profile": "leased"}).body["error"]["details"]["session"]
    again = leasing.call(user, {"profile": "leased", "session": session})
    google.gemini_stand_in.replace_api_keys({good.decode()})
    assert again.body["error"]["details"]["session"] == session

    third = leasing.call(user, {"profile": "leased", "session": session})
    assert third.refusal == Refusal(403, "PERMISSION_DENIED", "SESSION_ENDED")
    assert leasing.call(user, {"profile": "leased"}).refusal.reason == "TOO_MANY_SESSIONS"
    assert leasing.call(user, {"end": session}).result == {"ended": session}
    assert leasing.call(user, {"profile": "leased"}).result["session"]["id"] != session


def _seconds(begin: str, end: str) -> int:
    return int((datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds())
