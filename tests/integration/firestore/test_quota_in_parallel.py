"""The promise of the quota: however many calls meet, on however many instances, no unit is given twice."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from integration.firestore.database import Database
from integration.firestore.people import CALLER, PROFILE, outcomes
from integration.firestore.spending_process import Order, SpendingProcess, spend_at_once, spending_processes
from live_tokens.issuing import Quota

INSTANCES = 5
CALLS_EACH = 10
ROUNDS = 3


@pytest.fixture
def instances(database: Database) -> Iterator[list[SpendingProcess]]:
    with spending_processes(database.project, [0.0] * INSTANCES) as processes:
        yield processes


def test_fifty_calls_at_once_on_five_instances_get_exactly_the_twenty_units_that_are_left(
    database: Database, instances: list[SpendingProcess]
) -> None:
    for _ in range(ROUNDS):
        uid = uuid.uuid4().hex
        results = spend_at_once(instances, Order(uid, CALLS_EACH, {"per_hour": 20}))
        assert Counter(results) == {"issued": 20, "HOURLY_QUOTA_EXCEEDED": 30}
        stored = database.stored(uid)
        assert stored is not None
        assert stored["issued"]["count"] == 20


def test_the_units_left_of_a_larger_quota_are_given_once_too(
    database: Database, instances: list[SpendingProcess]
) -> None:
    caller = replace(CALLER, uid=uuid.uuid4().hex)
    profile = replace(PROFILE, quota=Quota(per_hour=25))
    assert outcomes(database.store(), 5, caller, profile) == ["issued"] * 5
    results = spend_at_once(instances, Order(caller.uid, CALLS_EACH, {"per_hour": 25}))
    assert Counter(results) == {"issued": 20, "HOURLY_QUOTA_EXCEEDED": 30}


def test_callers_who_are_within_their_quota_are_all_served_however_they_crowd(
    instances: list[SpendingProcess],
) -> None:
    results = spend_at_once(instances, Order(uuid.uuid4().hex, CALLS_EACH, {"per_hour": 100}))
    assert Counter(results) == {"issued": INSTANCES * CALLS_EACH}
