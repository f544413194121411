"""A signed-in user gets a live token, whatever happens to the API key meanwhile."""

import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from support.production.function_process import FunctionProcess, Refusal, StartFunction
from support.production.local_google import LocalGoogle, Traffic

WEBSOCKET = (
    "wss://generativelanguage.googleapis.com"
    "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContentConstrained"
)


def test_a_good_id_token_gets_a_live_token_and_all_that_is_needed_to_connect(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    before = google.traffic
    earliest = datetime.now(UTC).replace(microsecond=0)

    answer = function.call(google.sign_in())

    result = answer.result
    token = result["token"]
    assert re.fullmatch(r"auth_tokens/[0-9a-f]{64}", token)
    issued_at = datetime.fromisoformat(result["issuedAt"])
    assert earliest <= issued_at <= datetime.now(UTC)
    assert result == {
        "token": token,
        "websocketUrl": f"{WEBSOCKET}?access_token={token}",
        "setup": {"model": "models/gemini-3.8-live"},
        "apiVersion": "v1beta",
        "model": "models/gemini-3.8-live",
        "profile": "default",
        "issuedAt": _rfc3339(issued_at),
        "newSessionExpireTime": _rfc3339(issued_at + timedelta(seconds=60)),
        "expireTime": _rfc3339(issued_at + timedelta(seconds=900)),
        "quota": {"remaining": 19, "resetTime": result["quota"]["resetTime"]},
    }
    assert datetime.fromisoformat(result["quota"]["resetTime"]) > issued_at
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert google.traffic.mints == before.mints + 1
    assert google.traffic.look_ups == before.look_ups + 1


def test_the_token_is_asked_for_with_the_full_lock_and_the_callers_handle(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    handle = secrets.token_urlsafe(32)

    function.call(google.sign_in(), {"resumptionHandle": handle})

    mint = google.gemini_stand_in.mint_requests[-1]
    assert mint.path == "/v1beta/auth_tokens"
    assert isinstance(mint.body, dict)
    assert mint.body["uses"] == 1
    assert "fieldMask" not in mint.body
    assert mint.body["bidiGenerateContentSetup"]["model"] == "models/gemini-3.8-live"
    assert mint.body["bidiGenerateContentSetup"]["sessionResumption"] == {"handle": handle}


def test_certificates_and_key_are_asked_for_once_and_users_every_time(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    function.call(google.sign_in())
    certificates, before = google.certificates.requests, google.traffic

    for _ in range(3):
        assert function.call(google.sign_in()).http == 200

    assert google.certificates.requests == certificates
    assert google.traffic == Traffic(before.look_ups + 3, before.secret_reads, before.mints + 3)


def test_a_rotated_api_key_is_noticed_by_the_next_call(function: FunctionProcess, google: LocalGoogle) -> None:
    assert function.call(google.sign_in()).http == 200
    before = google.traffic

    _rotate(google)

    answers = [function.call(google.sign_in()) for _ in range(2)]
    assert [answer.http for answer in answers] == [200, 200]
    assert google.traffic.secret_reads == before.secret_reads + 1
    version = f"{google.secret.name}/versions/{len(google.secret.versions)}"
    assert [function.audit_event(answer.trace)["secretVersion"] for answer in answers] == [version, version]


def test_no_call_fails_when_the_api_key_is_rotated_under_many_at_once(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    id_tokens = [google.sign_in() for _ in range(20)]
    assert function.call(google.sign_in()).http == 200

    _rotate(google)

    with ThreadPoolExecutor(len(id_tokens)) as callers:
        answers = list(callers.map(function.call, id_tokens))
    assert [answer.http for answer in answers] == [200] * len(id_tokens)
    assert len({answer.result["token"] for answer in answers}) == len(id_tokens)


def test_many_first_calls_at_once_all_get_a_token(start_empty_function: StartFunction, google: LocalGoogle) -> None:
    """As on Cloud Run: the credentials come from the metadata server. A burst meets an instance with nothing yet."""
    on_cloud_run = start_empty_function(google.metadata_server)
    before = google.traffic

    with ThreadPoolExecutor(10) as callers:
        answers = list(callers.map(on_cloud_run.call, [google.sign_in() for _ in range(10)]))

    assert [answer.http for answer in answers] == [200] * 10
    # Those who came while the first read was under way may share a second one.
    assert google.traffic.secret_reads - before.secret_reads in (1, 2)
    assert google.traffic.mints == before.mints + 10


@pytest.mark.parametrize("service", ["accounts", "gemini"])
def test_connections_that_google_closed_meanwhile_cost_nobody_a_token(
    function: FunctionProcess, google: LocalGoogle, service: str
) -> None:
    assert function.call(google.sign_in()).http == 200

    google.proxy.drop({"accounts": google.accounts, "gemini": google.gemini}[service].host)

    assert function.call(google.sign_in()).http == 200


def test_an_api_key_that_is_refused_and_not_replaced_is_an_outage(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    assert function.call(google.sign_in()).http == 200
    good_keys = {_latest(google)}
    before = google.traffic
    try:
        google.gemini_stand_in.replace_api_keys({google.new_api_key()})
        answer = function.call(google.sign_in())
    finally:
        google.gemini_stand_in.replace_api_keys(good_keys)

    assert answer.refusal == Refusal(503, "UNAVAILABLE", "API_KEY_REJECTED")
    assert google.traffic == Traffic(before.look_ups + 1, before.secret_reads + 1, before.mints + 1)
    assert function.call(google.sign_in()).http == 200


def test_gemini_gets_the_api_key_and_nothing_of_the_callers_credentials(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    id_token = google.sign_in()

    function.call(id_token)

    mint = google.gemini_stand_in.mint_requests[-1]
    assert mint.headers["x-goog-api-key"] == "(hidden)"
    assert "authorization" not in mint.headers
    assert not any(part in str(mint.headers) + str(mint.body) for part in id_token.split("."))


def _rotate(google: LocalGoogle) -> None:
    key = google.new_api_key()
    google.secret.add_version(key.encode())
    google.gemini_stand_in.replace_api_keys({key})


def _latest(google: LocalGoogle) -> str:
    payload = google.secret.versions[-1]
    assert payload is not None
    return payload.decode()


def _rfc3339(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
