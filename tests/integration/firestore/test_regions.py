"""Functions in two regions with one database: their clocks differ, and quotas and sessions are as exact as in one."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from integration.firestore.database import Database
from integration.firestore.people import AMPLE, CALLER, LEASED, NEW_SESSION
from integration.firestore.spending_process import Order, SpendingProcess, spend_at_once, spending_processes

CALLS_EACH = 20
DAY = 86_400.0


@pytest.fixture
def regions(database: Database) -> Iterator[list[SpendingProcess]]:
    """One instance in each: the clock of the first is a day slow, that of the second a day fast."""
    with spending_processes(database.project, [-DAY, DAY]) as processes:
        yield processes


def test_calls_at_once_in_both_regions_get_each_token_minute_and_slot_once(
    database: Database, regions: list[SpendingProcess]
) -> None:
    for quota, granted, reason in (
        ({"per_hour": 15}, {"issued": 15}, "HOURLY_QUOTA_EXCEEDED"),
        ({"minutes_per_day": 12, "sessions_at_once": 30}, {"first": 12}, "MINUTES_EXCEEDED"),
        ({"minutes_per_day": 60, "sessions_at_once": 7}, {"first": 7}, "TOO_MANY_SESSIONS"),
    ):
        uid = uuid.uuid4().hex
        lease = None if reason == "HOURLY_QUOTA_EXCEEDED" else 60
        results = Counter(spend_at_once(regions, Order(uid, CALLS_EACH, quota, lease_seconds=lease)))
        refused = 2 * CALLS_EACH - sum(granted.values())
        assert results == {**granted, reason: refused}
        stored = database.stored(uid)
        assert stored is not None
        assert stored["issued"]["count"] == sum(granted.values())


def test_a_session_that_begins_in_one_region_is_renewed_in_both_at_once_and_charged_once(
    database: Database, regions: list[SpendingProcess]
) -> None:
    caller = replace(CALLER, uid=uuid.uuid4().hex)
    begun = database.store(now=lambda read_time: read_time - timedelta(seconds=250))
    first = begun.spend(caller, LEASED, NEW_SESSION, AMPLE).lease
    assert first is not None
    quota = {"minutes_per_day": 20, "sessions_at_once": 1}
    order = Order(caller.uid, CALLS_EACH, quota, lease_seconds=300, session=first.session)
    assert Counter(spend_at_once(regions, order)) == {"renewal": 1, "reconnect": 2 * CALLS_EACH - 1}
