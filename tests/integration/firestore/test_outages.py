"""A store that is down, slow, erring or overrun: QUOTA_UNAVAILABLE, which issues nothing."""

from itertools import count

import grpc  # type: ignore[import-untyped]  # published without types
import pytest

from integration.firestore.database import Database
from integration.firestore.people import AMPLE, CALLER, PROFILE, outcome, outcomes
from integration.firestore.proxy import READ, WRITE, FirestoreProxy, failing, hanging
from live_tokens.errors import QuotaUnavailable
from live_tokens.issuing import SessionCall
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
