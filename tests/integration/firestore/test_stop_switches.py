"""Stop switches in the real database: who is stopped, until when, and that the next call knows."""

from datetime import UTC, datetime, timedelta

import pytest

from integration.firestore.database import Database
from integration.firestore.people import AMPLE, CALLER, NOON, OTHER_PROFILE, PROFILE, outcome, outcomes
from live_tokens.errors import NotAllowed, ServicePaused, UserBlocked
from live_tokens.firestore_quota import SERVICE_SWITCH, profile_switch, user_switch
from live_tokens.issuing import SessionCall

SWITCHES: dict[str, type[NotAllowed]] = {
    SERVICE_SWITCH: ServicePaused,
    profile_switch(PROFILE.name): ServicePaused,
    user_switch(CALLER.uid): UserBlocked,
}
LIMIT = PROFILE.quota.per_hour or 0

of_each_kind = pytest.mark.parametrize("switch", SWITCHES)


def refusal(database: Database, switch: str) -> NotAllowed:
    with pytest.raises(SWITCHES[switch]) as caught:
        database.store(now=lambda _: NOON).spend(CALLER, PROFILE, SessionCall(), AMPLE)
    return caught.value


@of_each_kind
def test_the_next_call_after_a_switch_is_set_or_cleared_knows_it(database: Database, switch: str) -> None:
    store = database.store()
    assert outcome(store) == "issued"
    database.set_switch(switch, {})
    assert outcome(store) == SWITCHES[switch].reason
    database.clear_switch(switch)
    assert outcome(store) == "issued"


@of_each_kind
def test_the_caller_reads_the_operators_words(database: Database, switch: str) -> None:
    database.set_switch(switch, {"message": "Back at eight, promised."})
    assert refusal(database, switch).message == "Back at eight, promised."


@of_each_kind
@pytest.mark.parametrize("message", ["", None, 7, ["no"]])
def test_a_switch_without_words_that_can_be_read_uses_ours(database: Database, switch: str, message: object) -> None:
    database.set_switch(switch, {})
    ours = refusal(database, switch).message
    database.set_switch(switch, {"message": message})
    assert refusal(database, switch).message == ours


@of_each_kind
def test_a_switch_with_an_end_says_how_long_it_lasts(database: Database, switch: str) -> None:
    database.set_switch(switch, {"until": NOON + timedelta(seconds=90)})
    assert refusal(database, switch).retry_after == timedelta(seconds=90)


@of_each_kind
@pytest.mark.parametrize("until", [NOON, NOON - timedelta(days=1)])
def test_a_switch_whose_end_has_come_stops_nobody(database: Database, switch: str, until: datetime) -> None:
    database.set_switch(switch, {"until": until})
    assert outcome(database.store(now=lambda _: NOON)) == "issued"


@of_each_kind
@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", 0, None, False, {"seconds": 0}])
def test_a_switch_whose_end_cannot_be_read_stays_on(database: Database, switch: str, until: object) -> None:
    database.set_switch(switch, {"until": until})
    assert refusal(database, switch).retry_after is None


@pytest.mark.parametrize("switch", [profile_switch("tutor"), user_switch("user-2"), "user:", "profile:", "services"])
def test_a_switch_for_somebody_else_stops_nobody(database: Database, switch: str) -> None:
    database.set_switch(switch, {})
    assert outcome(database.store()) == "issued"


def test_a_paused_profile_leaves_the_others_on(database: Database) -> None:
    database.set_switch(profile_switch(OTHER_PROFILE.name), {})
    assert outcome(database.store(), profile=OTHER_PROFILE) == "SERVICE_PAUSED"
    assert outcome(database.store(), profile=PROFILE) == "issued"


def test_a_stopped_call_takes_nothing_from_the_quota(database: Database) -> None:
    store = database.store()
    database.set_switch(SERVICE_SWITCH, {})
    outcomes(store, LIMIT)
    database.clear_switch(SERVICE_SWITCH)
    assert outcomes(store, LIMIT) == ["issued"] * LIMIT


def test_the_end_of_a_switch_is_reached_on_firestores_clock(database: Database) -> None:
    now = datetime.now(UTC)
    database.set_switch(SERVICE_SWITCH, {"until": now + timedelta(hours=1)})
    database.set_switch(user_switch(CALLER.uid), {"until": now - timedelta(hours=1)})
    assert outcome(database.store()) == "SERVICE_PAUSED"
    database.clear_switch(SERVICE_SWITCH)
    assert outcome(database.store()) == "issued"
