"""What a call costs: one request to read everything, one to write, and none to write for who is refused."""

from datetime import timedelta

import pytest

from integration.firestore.database import Database
from integration.firestore.people import AMPLE, CALLER, LEASED, NOON, PROFILE, outcome, outcomes
from integration.firestore.proxy import READ, WRITE, FirestoreProxy
from live_tokens.firestore_quota import SERVICE_SWITCH, profile_switch, user_switch
from live_tokens.issuing import SessionCall

LIMIT = PROFILE.quota.per_hour or 0


def test_an_allowed_call_reads_once_and_writes_once(database: Database, proxy: FirestoreProxy) -> None:
    store = database.store()
    for _ in range(LIMIT):
        proxy.calls.clear()
        assert outcome(store) == "issued"
        assert proxy.calls == [READ, WRITE]


def test_each_lease_of_a_session_costs_one_read_and_one_write_and_so_does_its_end(
    database: Database, proxy: FirestoreProxy
) -> None:
    now = NOON
    store = database.store(now=lambda _: now)
    first = store.spend(CALLER, LEASED, SessionCall(), AMPLE).lease
    assert first is not None
    assert proxy.calls == [READ, WRITE]
    for second, kind in [(10, "reconnect"), (250, "renewal"), (260, "reconnect"), (700, "renewal")]:
        now = NOON + timedelta(seconds=second)
        proxy.calls.clear()
        assert outcome(store, profile=LEASED, call=SessionCall(first.session, resumes=True)) == kind
        assert proxy.calls == [READ, WRITE]
    proxy.calls.clear()
    store.end(CALLER, first.session, AMPLE)
    assert proxy.calls == [READ, WRITE]


def test_a_session_that_is_refused_or_ended_already_causes_no_write(database: Database, proxy: FirestoreProxy) -> None:
    store = database.store(now=lambda _: NOON)
    assert [outcome(store, profile=LEASED) for _ in range(2)] == ["first", "first"]
    proxy.calls.clear()
    assert outcome(store, profile=LEASED) == "TOO_MANY_SESSIONS"
    assert outcome(store, profile=LEASED, call=SessionCall("another", resumes=True)) == "SESSION_ENDED"
    store.end(CALLER, "another", AMPLE)
    assert proxy.calls == [READ, READ, READ]


def test_a_caller_without_units_causes_no_write(database: Database, proxy: FirestoreProxy) -> None:
    store = database.store()
    outcomes(store, LIMIT)
    proxy.calls.clear()
    assert outcome(store) == "HOURLY_QUOTA_EXCEEDED"
    assert proxy.calls == [READ]


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        (SERVICE_SWITCH, "SERVICE_PAUSED"),
        (profile_switch(PROFILE.name), "SERVICE_PAUSED"),
        (user_switch(CALLER.uid), "USER_BLOCKED"),
    ],
)
def test_a_stopped_caller_is_found_in_the_same_read_and_causes_no_write(
    database: Database, proxy: FirestoreProxy, switch: str, reason: str
) -> None:
    database.set_switch(switch, {})
    assert outcome(database.store()) == reason
    assert proxy.calls == [READ]


def test_a_call_that_lost_a_race_reads_and_writes_once_more(database: Database, proxy: FirestoreProxy) -> None:
    neighbour = database.store()
    outcome(neighbour)
    proxy.calls.clear()

    def take_one(_: object) -> None:
        proxy.before.clear()
        assert outcome(neighbour) == "issued"

    proxy.before[WRITE] = take_one
    state = database.store().spend(CALLER, PROFILE, SessionCall(), AMPLE).quota
    assert state is not None
    assert state.remaining == LIMIT - 3
    of_neighbour = [READ, WRITE]
    assert proxy.calls == [READ, WRITE, *of_neighbour, READ, WRITE]
