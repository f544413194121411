"""Sessions in Firestore: exact among instances, bound to their caller, and gone with their document."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from integration.firestore.database import Database
from integration.firestore.people import AMPLE, CALLER, LEASED, NOON
from live_tokens.errors import MinutesExceeded, QuotaUnavailable, SessionEnded, TokenNotIssued, TooManySessions
from live_tokens.issuing import Caller, Lease, QuotaStore, SessionCall

ANOTHER = Caller(uid="user-2", sign_in_provider="password")


def lease_of(store: QuotaStore, session: str | None = None, caller: Caller = CALLER) -> Lease:
    lease = store.spend(caller, LEASED, SessionCall(session, resumes=True), AMPLE).lease
    assert lease is not None
    return lease


def test_a_session_goes_on_in_another_instance(database: Database) -> None:
    clock = [NOON]
    first = lease_of(database.store(now=lambda _: clock[0]))
    clock[0] += timedelta(seconds=250)
    renewed = lease_of(database.store(now=lambda _: clock[0]), first.session)
    assert (renewed.kind, renewed.ends) == ("renewal", first.ends + timedelta(seconds=300))


def test_the_document_has_the_session_and_lives_as_long(database: Database) -> None:
    lease = lease_of(database.store(now=lambda _: NOON))
    stored = database.stored(CALLER.uid)
    assert stored is not None
    started = int(NOON.timestamp())
    assert stored["sessions"] == {
        "default": {
            lease.session: {
                "started": started,
                "ends": started + 900,
                "leased_from": started,
                "leased_until": started + 300,
                "reconnected": 0,
            }
        }
    }
    assert stored["expire_at"] >= lease.session_ends


def test_the_document_counts_each_second_of_the_day_once(database: Database) -> None:
    clock = [NOON]
    store = database.store(now=lambda _: clock[0])
    first = lease_of(store)
    for seconds in (100, 250):  # a reconnect, and a renewal
        clock[0] = NOON + timedelta(seconds=seconds)
        lease_of(store, first.session)
    stored = database.stored(CALLER.uid)
    assert stored is not None
    assert stored["issued"] == {"date": "2026-11-22", "count": 3, "seconds": 600}


def test_calls_at_once_get_no_more_slots_than_there_are(database: Database) -> None:
    stores = [database.store() for _ in range(3)]

    def outcome(number: int) -> str:
        try:
            lease_of(stores[number % 3])
        except TokenNotIssued as error:
            return error.reason
        return "issued"

    with ThreadPoolExecutor(9) as threads:
        outcomes = sorted(threads.map(outcome, range(9)))
    assert outcomes == ["TOO_MANY_SESSIONS"] * 7 + ["issued"] * 2


def test_an_ended_session_frees_its_slot_and_keeps_its_minutes_spent(database: Database) -> None:
    store = database.store(now=lambda _: NOON)
    for _ in range(4):
        store.end(CALLER, lease_of(store).session, AMPLE)
    with pytest.raises(MinutesExceeded):
        lease_of(store)


def test_only_its_caller_ends_or_continues_a_session(database: Database) -> None:
    store = database.store(now=lambda _: NOON)
    sessions = [lease_of(store).session for _ in range(2)]
    store.end(ANOTHER, sessions[0], AMPLE)
    with pytest.raises(SessionEnded):
        lease_of(store, sessions[0], ANOTHER)
    with pytest.raises(TooManySessions):
        lease_of(store)
    store.end(CALLER, sessions[0], AMPLE)
    assert lease_of(store).kind == "first"


def test_ending_what_there_is_not_writes_nothing(database: Database) -> None:
    database.store().end(CALLER, "no-such-session", AMPLE)
    assert database.stored(CALLER.uid) is None


@pytest.mark.parametrize("sessions", [7, {"default": 7}, {"default": {"x": 7}}, {"default": {"x": {"started": "now"}}}])
def test_sessions_that_somebody_has_written_by_hand_are_an_outage(database: Database, sessions: object) -> None:
    store = database.store()
    lease_of(store)
    database.quota(CALLER.uid).update({"sessions": sessions})
    with pytest.raises(QuotaUnavailable):
        lease_of(store)
