"""However many calls meet on one caller, on however many instances: no second and no slot is given twice."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from integration.firestore.database import Database
from integration.firestore.people import AMPLE, CALLER, LEASED, NEW_SESSION
from integration.firestore.spending_process import Order, SpendingProcess, spend_at_once, spending_processes

INSTANCES = 3
CALLS_EACH = 90
CALLS = INSTANCES * CALLS_EACH


@pytest.fixture
def instances(database: Database) -> Iterator[list[SpendingProcess]]:
    with spending_processes(database.project, [0.0] * INSTANCES) as processes:
        yield processes


@pytest.mark.parametrize(
    ("quota", "granted", "reason"),
    [
        ({"minutes_per_day": 40, "sessions_at_once": 60}, 40, "MINUTES_EXCEEDED"),
        ({"minutes_per_day": 60, "sessions_at_once": 25}, 25, "TOO_MANY_SESSIONS"),
    ],
)
def test_270_calls_at_once_on_three_instances_get_exactly_the_minutes_and_the_slots(
    database: Database, instances: list[SpendingProcess], quota: dict[str, int], granted: int, reason: str
) -> None:
    uid = uuid.uuid4().hex
    results = spend_at_once(instances, Order(uid, CALLS_EACH, quota, lease_seconds=60))
    assert Counter(results) == {"first": granted, reason: CALLS - granted}
    stored = database.stored(uid)
    assert stored is not None
    assert stored["issued"]["count"] == granted
    windows = stored["sessions"]["default"].values()
    assert [window["leased_until"] - window["leased_from"] for window in windows] == [60] * granted


def test_270_renewals_of_one_session_at_once_are_charged_once_and_all_are_served(
    database: Database, instances: list[SpendingProcess]
) -> None:
    caller = replace(CALLER, uid=uuid.uuid4().hex)
    quota = {"minutes_per_day": 20, "sessions_at_once": 1}
    begun = database.store(now=lambda read_time: read_time - timedelta(seconds=250))
    first = begun.spend(caller, LEASED, NEW_SESSION, AMPLE).lease
    assert first is not None
    results = spend_at_once(instances, Order(caller.uid, CALLS_EACH, quota, lease_seconds=300, session=first.session))
    assert Counter(results) == {"renewal": 1, "reconnect": CALLS - 1}
    stored = database.stored(caller.uid)
    assert stored is not None
    (session,) = stored["sessions"]["default"].values()
    assert session["leased_until"] == int(first.ends.timestamp()) + 300
