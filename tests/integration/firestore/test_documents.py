"""What is stored of a caller, and what happens when it has expired, is gone, or goes in between."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integration.firestore.database import Database
from integration.firestore.people import AMPLE, CALLER, NOON, OTHER_PROFILE, PROFILE, outcome, outcomes
from integration.firestore.proxy import WRITE, FirestoreProxy
from live_tokens.errors import QuotaUnavailable
from live_tokens.firestore_quota import user_switch
from live_tokens.issuing import NO_QUOTA, Quota, QuotaState, SessionCall

LIMIT = PROFILE.quota.per_hour or 0
HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


def microseconds(time: datetime) -> int:
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def test_a_document_holds_the_caller_what_is_spent_the_count_of_the_day_and_its_end(database: Database) -> None:
    store = database.store(now=lambda _: NOON)
    outcomes(store, 2)
    outcome(store, profile=replace(OTHER_PROFILE, quota=Quota(per_hour=6, per_day=2)))
    assert database.stored(CALLER.uid) == {
        "uid": CALLER.uid,
        "spent": {
            "default": {"hour": microseconds(NOON + 2 * HOUR / 3), "hour_limit": 3},
            "tutor": {
                "hour": microseconds(NOON + HOUR / 6),
                "hour_limit": 6,
                "day": microseconds(NOON + 12 * HOUR),
                "day_limit": 2,
            },
        },
        "issued": {"date": "2026-11-22", "count": 3, "seconds": 3 * 900},
        "expire_at": NOON + 12 * HOUR,
    }


@pytest.mark.parametrize(
    ("quota", "end"),
    [(Quota(per_hour=3), MIDNIGHT), (Quota(per_day=1), NOON + 24 * HOUR), (Quota(per_day=2), MIDNIGHT)],
)
def test_a_document_ends_when_all_is_as_new_but_not_before_the_day_it_counts(
    database: Database, quota: Quota, end: datetime
) -> None:
    outcome(database.store(now=lambda _: NOON), profile=replace(PROFILE, quota=quota))
    stored = database.stored(CALLER.uid)
    assert stored is not None
    assert stored["expire_at"] == end


def test_the_count_begins_anew_with_the_day_of_utc(database: Database) -> None:
    clock = [MIDNIGHT - timedelta(microseconds=1)]
    store = database.store(now=lambda _: clock[0])
    outcomes(store, 2)
    clock[0] = MIDNIGHT
    outcome(store)
    stored = database.stored(CALLER.uid)
    assert stored is not None
    assert stored["issued"] == {"date": "2026-11-23", "count": 1, "seconds": 900}


def test_an_expired_document_that_nobody_has_deleted_is_as_good_as_none(database: Database) -> None:
    clock = [NOON]
    store = database.store(now=lambda _: clock[0])
    outcomes(store, LIMIT)
    stored = database.stored(CALLER.uid)
    assert stored is not None
    clock[0] = stored["expire_at"]
    assert store.spend(CALLER, PROFILE, SessionCall(), AMPLE).quota == QuotaState(LIMIT - 1, clock[0] + HOUR / LIMIT)
    assert outcomes(store, LIMIT) == ["issued"] * (LIMIT - 1) + ["HOURLY_QUOTA_EXCEEDED"]


def test_a_document_that_was_deleted_is_made_anew(database: Database) -> None:
    store = database.store(now=lambda _: NOON)
    outcomes(store, LIMIT)
    database.quota(CALLER.uid).delete()
    assert outcomes(store, LIMIT + 1) == ["issued"] * LIMIT + ["HOURLY_QUOTA_EXCEEDED"]


def test_a_document_that_is_deleted_between_read_and_write_is_made_anew(
    database: Database, proxy: FirestoreProxy
) -> None:
    store = database.store()
    outcomes(store, LIMIT - 1)

    def delete(_: object) -> None:
        proxy.before.clear()
        database.quota(CALLER.uid).delete()

    proxy.before[WRITE] = delete
    state = store.spend(CALLER, PROFILE, SessionCall(), AMPLE).quota
    assert state is not None
    assert state.remaining == LIMIT - 1


def test_a_document_that_somebody_else_makes_between_read_and_write_is_not_overwritten(
    database: Database, proxy: FirestoreProxy
) -> None:
    neighbour = database.store()

    def take_all(_: object) -> None:
        proxy.before.clear()
        assert outcomes(neighbour, LIMIT) == ["issued"] * LIMIT

    proxy.before[WRITE] = take_all
    assert outcome(database.store()) == "HOURLY_QUOTA_EXCEEDED"


@pytest.mark.parametrize(
    "uid",
    ["with/slash", "..", "__uid__", "with space", "Zoë-小明-🦊", "user:1", "%2F", "a.b`c", "x" * 128],
)
def test_any_uid_has_its_own_quota_and_switch(database: Database, uid: str) -> None:
    caller, store = replace(CALLER, uid=uid), database.store()
    assert outcomes(store, LIMIT + 1, caller) == ["issued"] * LIMIT + ["HOURLY_QUOTA_EXCEEDED"]
    assert outcome(store, replace(CALLER, uid=f"{uid}2")) == "issued"
    stored = database.stored(uid)
    assert stored is not None
    assert stored["uid"] == uid
    database.set_switch(user_switch(uid), {})
    assert outcome(store, caller) == "USER_BLOCKED"
    assert outcome(store, replace(CALLER, uid=f"{uid}2")) == "issued"


def test_uids_that_differ_only_in_what_an_id_may_not_hold_share_nothing(database: Database) -> None:
    store = database.store()
    outcomes(store, LIMIT, replace(CALLER, uid="a/b"))
    assert outcome(store, replace(CALLER, uid="a%2Fb")) == "issued"


def test_a_profile_without_quota_stores_nothing(database: Database) -> None:
    assert database.store().spend(CALLER, replace(PROFILE, quota=NO_QUOTA), SessionCall(), AMPLE).quota is None
    assert database.stored(CALLER.uid) is None


@pytest.mark.parametrize(
    "damage",
    [
        *({"spent": None}, {"spent": [1]}, {"issued": None}, {"issued": "many"}),
        *({"spent": {"default": {"hour": hour}}} for hour in ("noon", 2**63 - 1, float("inf"), float("nan"))),
        *({"spent": {"default": {"hour": 1, "hour_limit": limit}}} for limit in (0, -5, "many")),
        {"spent": {"tutor": {"day": 2**63 - 1}}},
    ],
    ids=str,
)
def test_an_unreadable_document_is_an_outage_that_names_it(database: Database, damage: dict[str, object]) -> None:
    store = database.store(now=lambda _: NOON)
    outcome(store)
    database.quota(CALLER.uid).update(damage)
    with pytest.raises(QuotaUnavailable) as refusal:
        store.spend(CALLER, PROFILE, SessionCall(), AMPLE)
    assert refusal.value.diagnosis == "unreadable document live_token_quotas/user:user-1"


@pytest.mark.parametrize(
    "uid", ["\U0001f642" * 128, "/" * 128, "u" * 128, "__u__", ".."], ids=["emoji", "slashes", "u", "__", ".."]
)
def test_every_uid_that_firebase_allows_has_a_document_of_its_own(database: Database, uid: str) -> None:
    caller, almost = replace(CALLER, uid=uid), replace(CALLER, uid=uid[:-1] + "x")
    assert outcomes(database.store(), LIMIT + 1, caller) == ["issued"] * LIMIT + ["HOURLY_QUOTA_EXCEEDED"]
    assert outcome(database.store(), almost) == "issued"
    stored = database.stored(uid)
    assert stored is not None
    assert stored["uid"] == uid


def test_a_long_uid_can_be_blocked(database: Database) -> None:
    uid = "\U0001f642" * 128
    database.set_switch(user_switch(uid), {})
    assert outcome(database.store(), replace(CALLER, uid=uid)) == "USER_BLOCKED"
