"""A store that is down, slow, erring or overrun: QUOTA_UNAVAILABLE, which issues nothing."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import grpc  # type: ignore[import-untyped]  # published without types
import pytest

from integration.firestore.database import Database
from integration.firestore.people import AMPLE, CALLER, PROFILE, outcome, outcomes
from integration.firestore.proxy import READ, WRITE, FirestoreProxy, failing, hanging
from live_tokens.circuit_breaker import TIME_OUTS
from live_tokens.deadline import Deadline
from live_tokens.errors import QuotaUnavailable
from live_tokens.firestore_documents import FirestoreDocuments
from live_tokens.google_credentials import GoogleCredentials
from live_tokens.issuing import SessionCall
from live_tokens.upstream_errors import UpstreamError
from stack.prerequisites import free_ports

LIMIT = PROFILE.quota.per_hour or 0


def diagnosis(database: Database) -> str | None:
    with pytest.raises(QuotaUnavailable) as caught:
        database.store().spend(CALLER, PROFILE, SessionCall(), AMPLE)
    return caught.value.diagnosis


def test_a_store_that_is_down_issues_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{free_ports('127.0.0.1', 1)[0]}")
    assert diagnosis(database) == "ServiceUnavailable"


@pytest.mark.parametrize("method", [READ, WRITE])
@pytest.mark.parametrize(
    ("code", "diagnosed"),
    [
        (grpc.StatusCode.UNAVAILABLE, "ServiceUnavailable"),
        (grpc.StatusCode.PERMISSION_DENIED, "PermissionDenied"),
        (grpc.StatusCode.UNAUTHENTICATED, "Unauthenticated"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "ResourceExhausted"),
        (grpc.StatusCode.INTERNAL, "InternalServerError"),
        (grpc.StatusCode.UNKNOWN, "Unknown"),
    ],
)
def test_a_store_that_errs_issues_nothing_and_is_not_asked_again(
    database: Database, proxy: FirestoreProxy, method: str, code: grpc.StatusCode, diagnosed: str
) -> None:
    proxy.before[method] = failing(code)
    assert diagnosis(database) == diagnosed
    assert proxy.calls.count(method) == 1
    assert database.stored(CALLER.uid) is None


@pytest.mark.parametrize("method", [READ, WRITE])
def test_a_store_that_never_answers_issues_nothing(database: Database, proxy: FirestoreProxy, method: str) -> None:
    proxy.before[method] = hanging
    assert diagnosis(database) == "DeadlineExceeded"
    assert database.stored(CALLER.uid) is None


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.ABORTED, grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.ALREADY_EXISTS]
)
def test_a_store_that_is_overrun_is_asked_a_limited_number_of_times(
    database: Database, proxy: FirestoreProxy, code: grpc.StatusCode
) -> None:
    proxy.before[WRITE] = failing(code)
    assert diagnosis(database) == "contended"
    assert proxy.calls.count(WRITE) == proxy.calls.count(READ) > 1
    assert database.stored(CALLER.uid) is None


def test_a_caller_who_loses_every_race_takes_nothing(database: Database, proxy: FirestoreProxy) -> None:
    races = count(1)

    def win(_: object) -> None:
        # A write that changes nothing would not move the update time.
        database.quota(CALLER.uid).set({"race": next(races)})

    proxy.before[WRITE] = win
    assert diagnosis(database) == "contended"
    assert database.stored(CALLER.uid) == {"race": next(races) - 1}


def test_a_unit_whose_receipt_was_lost_is_spent_once_and_issues_nothing(
    database: Database, proxy: FirestoreProxy
) -> None:
    proxy.after[WRITE] = failing(grpc.StatusCode.UNAVAILABLE)
    assert diagnosis(database) == "ServiceUnavailable"
    proxy.after.clear()
    assert outcomes(database.store(), LIMIT) == ["issued"] * (LIMIT - 1) + ["HOURLY_QUOTA_EXCEEDED"]


def test_one_instance_works_again_as_soon_as_its_store_does(database: Database, proxy: FirestoreProxy) -> None:
    store = database.store()
    proxy.before[READ] = failing(grpc.StatusCode.UNAVAILABLE)
    assert outcome(store) == "QUOTA_UNAVAILABLE"
    proxy.before.clear()
    assert outcome(store) == "issued"


class FailingCredentials(GoogleCredentials):
    """Has an access token until `fail` is set."""

    def __init__(self) -> None:
        self.fail = False

    def authorization(self, deadline: Deadline) -> Mapping[str, str]:  # noqa: ARG002  # never waits
        if self.fail:
            raise UpstreamError("no access token")
        return {"Authorization": "Bearer owner"}


def test_a_failed_access_token_is_no_answer_of_a_store_that_hangs(database: Database, proxy: FirestoreProxy) -> None:
    credentials = FailingCredentials()
    documents = FirestoreDocuments(database.project, "live-tokens", credentials, proxy.host)
    proxy.before[READ] = hanging

    def read(_: object = None) -> str:
        with pytest.raises(UpstreamError) as caught:
            documents.get(["quotas/one"], AMPLE)
        return str(caught.value)

    with ThreadPoolExecutor(TIME_OUTS - 1) as pool:
        assert set(pool.map(read, range(TIME_OUTS - 1))) == {"DeadlineExceeded"}
    credentials.fail = True
    assert read() == "no access token"
    credentials.fail = False
    assert [read(), read()] == ["DeadlineExceeded", "circuit open"]
