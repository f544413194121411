"""What a call costs: one request to read everything, one to write, and none to write for who is refused."""

import pytest

from integration.firestore.database import Database
from integration.firestore.people import AMPLE, CALLER, PROFILE, outcome, outcomes
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
