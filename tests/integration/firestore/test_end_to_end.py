"""The whole function on the real database: two processes that share one quota, and the words a client reads."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

import pytest
import requests

from gemini_live_stand_in import GeminiStandIn, StandInConfig
from gemini_live_stand_in import create_app as create_gemini_app
from gemini_live_stand_in.serving import serve
from integration.firestore.database import Database
from live_tokens.firestore_quota import SERVICE_SWITCH, user_switch
from secret_manager_stand_in import StandInSecret
from secret_manager_stand_in import create_app as create_secret_manager_app
from stack import PROJECT_ID
from stack.prerequisites import free_ports
from support.production.function_process import functions_with
from support.sdks.function_process import SECRET, running_functions
from support.tokens_only import PER_HOUR, tokens_only_default

CALLS = 50
TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Service:
    """Two instances of the function that share a database, one whose database is down, and what stands behind them.

    Attributes:
        urls: of the two.
        without_store: URL of the third.
        gemini: remembers what was minted.
        database: what the two share.
        log: what the first writes.
    """

    urls: tuple[str, str]
    without_store: str
    gemini: GeminiStandIn
    database: Database
    log: Path

    def audit_event(self, answer: requests.Response) -> dict[str, object]:
        """Return the one audit event of a call to the first."""
        request_id = answer.json()["error"]["details"]["requestId"]
        lines = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines() if '"event"' in line]
        (event,) = (line for line in lines if line["requestId"] == request_id)
        return dict(event)


@dataclass(slots=True)
class User:
    """A signed-in user of the service."""

    service: Service
    uid: str = field(default_factory=lambda: uuid.uuid4().hex)

    def call(self, url: str) -> requests.Response:
        return requests.post(
            url,
            json={"data": None},
            headers={"Authorization": f"Bearer {unsigned_id_token(self.uid)}"},
            timeout=TIMEOUT_SECONDS,
        )

    def call_at_once(self, calls: int) -> list[requests.Response]:
        with ThreadPoolExecutor(calls) as threads:
            return list(threads.map(self.call, islice(cycle(self.service.urls), calls)))


def unsigned_id_token(uid: str) -> str:
    """Return an ID token as the Auth emulator would make it. The function takes it while an emulator is named."""
    now = int(time.time())
    claims = {
        "iss": f"https://securetoken.google.com/{PROJECT_ID}",
        "aud": PROJECT_ID,
        "sub": uid,
        "user_id": uid,
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "firebase": {"sign_in_provider": "password", "identities": {}},
    }
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join(part.decode().rstrip("=") for part in parts) + "."


@pytest.fixture(scope="module")
def service(emulator_host: str, run_directory: Path) -> Iterator[Service]:
    gemini = GeminiStandIn(StandInConfig(api_keys=frozenset({"made-up-key"}), pace=0))
    secret = StandInSecret(SECRET, [b"made-up-key"])
    with serve(create_gemini_app(gemini)) as gemini_host, serve(create_secret_manager_app(secret)) as secret_host:
        nobody = [f"127.0.0.1:{port}" for port in free_ports("127.0.0.1", 2)]
        environment = {
            "QUOTA_STORE": "firestore",
            "FIRESTORE_EMULATOR_HOST": emulator_host,
            "CHECK_REVOKED": "false",
            "FIREBASE_AUTH_EMULATOR_HOST": nobody[0],
            "SECRET_MANAGER_EMULATOR_HOST": secret_host,
            "GEMINI_EMULATOR_HOST": gemini_host,
            "LOG_EXECUTION_ID": "true",  # as infra/function.tf sets it
        }
        environments = {
            "one": environment,
            "two": environment,
            "without-store": environment | {"FIRESTORE_EMULATOR_HOST": nobody[1]},
        }
        main = functions_with({"default": tokens_only_default()}, run_directory / "tokens-only") / "main.py"
        running = running_functions(run_directory / "quota", environments, main)
        with pytest.MonkeyPatch.context() as patch, running as urls:
            patch.setenv("FIRESTORE_EMULATOR_HOST", emulator_host)
            database = Database(emulator_host, PROJECT_ID)
            log = run_directory / "quota" / "one" / "function.log"
            yield Service((urls["one"], urls["two"]), urls["without-store"], gemini, database, log)
            database.close()


@pytest.fixture
def user(service: Service) -> User:
    return User(service)


@pytest.fixture
def paused(service: Service) -> Iterator[Database]:
    """The service's database, whose service switch is cleared afterwards."""
    yield service.database
    service.database.clear_switch(SERVICE_SWITCH)


def test_parallel_calls_on_two_instances_get_the_quota_and_mint_no_more(service: Service, user: User) -> None:
    minted_before = len(service.gemini.mint_requests)
    responses = user.call_at_once(CALLS)
    assert Counter(response.status_code for response in responses) == {200: PER_HOUR, 429: CALLS - PER_HOUR}
    assert len(service.gemini.mint_requests) - minted_before == PER_HOUR
    issued = [response.json()["result"] for response in responses if response.ok]
    assert len({result["token"] for result in issued}) == PER_HOUR
    assert sorted(result["quota"]["remaining"] for result in issued) == list(range(PER_HOUR))


def test_who_is_issued_a_token_reads_what_remains_and_when_all_is_as_new(service: Service, user: User) -> None:
    called_at = datetime.now(UTC)
    first, second = (user.call(url).json()["result"]["quota"] for url in service.urls)
    assert [first["remaining"], second["remaining"]] == [PER_HOUR - 1, PER_HOUR - 2]
    assert called_at < datetime.fromisoformat(first["resetTime"]) < datetime.fromisoformat(second["resetTime"])
    assert first.keys() == second.keys() == {"remaining", "resetTime"}


def test_who_has_taken_all_reads_when_the_next_one_is_due(service: Service, user: User) -> None:
    refused = [response for response in user.call_at_once(PER_HOUR + 2) if not response.ok]
    assert len(refused) == 2
    for response in refused:
        error = response.json()["error"]
        seconds = error["details"]["retryAfterSeconds"]
        assert (response.status_code, error["status"]) == (429, "RESOURCE_EXHAUSTED")
        assert error["details"]["reason"] == "HOURLY_QUOTA_EXCEEDED"
        assert response.headers["Retry-After"] == str(seconds)
        assert 0 < seconds <= 3600 / PER_HOUR


def test_a_paused_service_says_the_operators_words_on_every_instance(
    service: Service, user: User, paused: Database
) -> None:
    minted_before = len(service.gemini.mint_requests)
    until = datetime.now(UTC) + timedelta(minutes=10)
    paused.set_switch(SERVICE_SWITCH, {"message": "Back in ten minutes.", "until": until})
    for url in service.urls:
        response = user.call(url)
        error = response.json()["error"]
        assert (response.status_code, error["status"]) == (403, "PERMISSION_DENIED")
        assert error["message"] == "Back in ten minutes."
        assert error["details"]["reason"] == "SERVICE_PAUSED"
        assert 0 < int(response.headers["Retry-After"]) == error["details"]["retryAfterSeconds"] <= 600
    assert len(service.gemini.mint_requests) == minted_before


def test_a_blocked_user_is_refused_and_nobody_else(service: Service, user: User) -> None:
    service.database.set_switch(user_switch(user.uid), {})
    response = user.call(service.urls[0])
    assert (response.status_code, response.json()["error"]["details"]["reason"]) == (403, "USER_BLOCKED")
    assert "Retry-After" not in response.headers
    assert User(service).call(service.urls[0]).ok


@pytest.mark.parametrize(
    "damage",
    [
        {"spent": {"default": {"hour": 2**63 - 1}}},
        {"spent": {"default": {"hour": "noon"}}},
        {"spent": [1]},
        {"sessions": {"another": {"id": {}}}},
    ],
    ids=["overflow", "a text", "a list", "a session of another profile without fields"],
)
def test_a_document_edited_by_hand_is_an_outage_that_the_log_names(
    service: Service, user: User, damage: dict[str, object]
) -> None:
    assert user.call(service.urls[0]).ok
    service.database.quota(user.uid).update(damage)

    answer = user.call(service.urls[0])

    assert (answer.status_code, answer.json()["error"]["details"]["reason"]) == (503, "QUOTA_UNAVAILABLE")
    event = service.audit_event(answer)
    assert event["diagnosis"] == f"unreadable document live_token_quotas/user:{user.uid}"
    assert "stack" not in event


def test_a_uid_as_long_as_firebase_allows_is_served(service: Service) -> None:
    user = User(service, "\U0001f642" * 128)
    assert user.call(service.urls[0]).json()["result"]["quota"]["remaining"] == PER_HOUR - 1
    assert user.call(service.urls[1]).json()["result"]["quota"]["remaining"] == PER_HOUR - 2


def test_without_its_store_an_instance_mints_nothing(service: Service, user: User) -> None:
    minted_before = len(service.gemini.mint_requests)
    response = user.call(service.without_store)
    assert (response.status_code, response.json()["error"]["status"]) == (503, "UNAVAILABLE")
    assert response.json()["error"]["details"]["reason"] == "QUOTA_UNAVAILABLE"
    assert len(service.gemini.mint_requests) == minted_before
