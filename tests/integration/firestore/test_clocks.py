"""Clocks that are wrong, that differ or that go back: no units come of it."""

from collections import Counter
from datetime import timedelta
from itertools import cycle

import pytest

from integration.firestore.database import Database
from integration.firestore.people import CALLER, NOON, OTHER_PROFILE, PROFILE, outcome, outcomes
from integration.firestore.spending_process import Order, spending_processes

LIMIT = PROFILE.quota.per_hour or 0
HOUR = timedelta(hours=1)


def test_an_instance_whose_system_clock_is_wrong_gives_nothing_away(database: Database) -> None:
    day = 86_400.0
    with spending_processes(database.project, [-day, 0.0, day]) as (slow, right, fast):
        order = Order(CALLER.uid, 3, {"per_hour": 8})
        results = []
        for instance in (fast, right, slow, fast, right):
            instance.begin(order)
            results += instance.outcomes()
    assert Counter(results) == {"issued": 8, "HOURLY_QUOTA_EXCEEDED": 7}


@pytest.mark.parametrize("error", [-86_400.0, 86_400.0])
def test_what_an_instance_with_a_wrong_clock_stores_is_the_right_time(database: Database, error: float) -> None:
    with spending_processes(database.project, [error]) as (instance,):
        instance.begin(Order("somebody", 1, {"per_hour": 8}))
        assert instance.outcomes() == ["issued"]
    stored, snapshot = database.stored("somebody"), database.quota("somebody").get()
    assert stored is not None
    assert snapshot.update_time is not None
    assert stored["issued"]["date"] == snapshot.update_time.date().isoformat()
    new_at = timedelta(microseconds=stored["spent"]["default"]["hour"])
    written = timedelta(seconds=snapshot.update_time.timestamp())
    assert timedelta() < new_at - written <= HOUR / 8


def test_two_times_that_differ_give_no_more_than_the_later_one_would(database: Database) -> None:
    ahead = database.store(now=lambda _: NOON + timedelta(minutes=5))
    behind = database.store(now=lambda _: NOON - timedelta(minutes=5))
    turns = cycle([ahead, behind])
    results = Counter(outcome(next(turns)) for _ in range(10 * LIMIT))
    assert results == {"issued": LIMIT, "HOURLY_QUOTA_EXCEEDED": 9 * LIMIT}


@pytest.mark.parametrize("back", [timedelta(seconds=1), HOUR, timedelta(days=400)])
def test_a_time_that_goes_back_gives_nothing_back(database: Database, back: timedelta) -> None:
    clock = [NOON]
    store = database.store(now=lambda _: clock[0])
    assert outcomes(store, LIMIT) == ["issued"] * LIMIT
    clock[0] -= back
    assert outcomes(store, LIMIT) == ["HOURLY_QUOTA_EXCEEDED"] * LIMIT


def test_a_time_that_leaps_ahead_and_back_gives_nothing_back_for_another_profile(database: Database) -> None:
    clock = [NOON]
    store = database.store(now=lambda _: clock[0])
    outcomes(store, LIMIT)
    clock[0] += 2 * HOUR
    assert outcome(store, profile=OTHER_PROFILE) == "issued"
    clock[0] = NOON
    assert outcome(store) == "HOURLY_QUOTA_EXCEEDED"
