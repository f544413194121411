"""`stop_switches`: what the operator has stopped is stopped, with their words, until they said or for good."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.made_up import ISSUED_AT as NOW
from live_tokens.errors import NotAllowed, ServicePaused, UserBlocked
from live_tokens.stop_switches import StopSwitches

LATER = NOW + timedelta(minutes=5)
SOON = timedelta(microseconds=1)


def refusal_of(switches: StopSwitches, now: datetime = NOW) -> NotAllowed:
    with pytest.raises(NotAllowed) as refusal:
        switches.refuse_stopped(now)
    return refusal.value


def test_without_a_switch_nobody_is_refused() -> None:
    StopSwitches().refuse_stopped(NOW)


@pytest.mark.parametrize(
    ("switches", "kind", "diagnosis"),
    [
        (StopSwitches(service={}), ServicePaused, "switch: service"),
        (StopSwitches(profile={}), ServicePaused, "switch: profile"),
        (StopSwitches(user={}), UserBlocked, None),
    ],
    ids=["service", "profile", "user"],
)
def test_an_empty_document_is_a_switch_without_words_and_without_end(
    switches: StopSwitches, kind: type[NotAllowed], diagnosis: str | None
) -> None:
    refusal = refusal_of(switches)
    assert type(refusal) is kind
    assert refusal.diagnosis == diagnosis
    assert refusal.retry_after is None


@pytest.mark.parametrize("name", ["service", "profile", "user"])
def test_the_callers_learn_the_operators_words_and_how_long_it_takes(name: str) -> None:
    refusal = refusal_of(StopSwitches(**{name: {"message": "Back at nine.", "until": LATER}}))
    assert refusal.message == "Back at nine."
    assert refusal.retry_after == timedelta(minutes=5)


@pytest.mark.parametrize("name", ["service", "profile", "user"])
def test_a_switch_ends_at_its_time_to_the_microsecond(name: str) -> None:
    switches = StopSwitches(**{name: {"until": LATER}})
    assert refusal_of(switches, LATER - SOON).retry_after == SOON
    switches.refuse_stopped(LATER)
    switches.refuse_stopped(LATER + timedelta(days=1))


def test_an_end_may_be_in_any_time_zone() -> None:
    abroad = LATER.astimezone(timezone(timedelta(hours=-8)))
    assert refusal_of(StopSwitches(service={"until": abroad})).retry_after == timedelta(minutes=5)


@pytest.mark.parametrize("until", [None, "2020-01-01T00:00:00Z", 0, NOW.replace(tzinfo=None), False, []])
@pytest.mark.parametrize("name", ["service", "profile", "user"])
def test_in_doubt_about_its_end_a_switch_stays_set(name: str, until: object) -> None:
    assert refusal_of(StopSwitches(**{name: {"until": until}})).retry_after is None


@pytest.mark.parametrize("message", [None, "", 7, ["Back at nine."], {"en": "Back at nine."}])
@pytest.mark.parametrize("name", ["service", "profile", "user"])
def test_words_that_are_none_are_left_out(name: str, message: object) -> None:
    without = refusal_of(StopSwitches(**{name: {}})).message
    assert refusal_of(StopSwitches(**{name: {"message": message}})).message == without


@pytest.mark.parametrize(
    ("set_", "told"),
    [
        (("service", "profile", "user"), "service"),
        (("profile", "user"), "profile"),
        (("service", "user"), "service"),
        (("service", "profile"), "service"),
    ],
)
def test_the_widest_switch_is_told(set_: tuple[str, ...], told: str) -> None:
    """Who is blocked does not learn it while nobody is served."""
    assert refusal_of(StopSwitches(**{name: {"message": name} for name in set_})).message == told


def test_a_switch_that_has_ended_hides_none_that_has_not() -> None:
    ended = {"message": "ended", "until": NOW}
    assert refusal_of(StopSwitches(ended, ended, {"message": "user"})).message == "user"
    assert refusal_of(StopSwitches(ended, {"message": "profile"}, ended)).message == "profile"
    StopSwitches(ended, ended, ended).refuse_stopped(NOW)


fields = st.fixed_dictionaries(
    {},
    optional={
        "message": st.sampled_from([None, "", "Back at nine.", 7]),
        "until": st.sampled_from([None, "soon", 7, NOW, LATER, NOW - SOON, NOW.replace(tzinfo=None)]),
        "who": st.just("me"),
    },
)


@given(service=st.none() | fields, profile=st.none() | fields, user=st.none() | fields)
def test_whatever_the_documents_hold_it_is_a_refusal_or_none(
    service: dict[str, object] | None, profile: dict[str, object] | None, user: dict[str, object] | None
) -> None:
    ended = [
        switch is None or (isinstance(until := switch.get("until"), datetime) and bool(until.tzinfo) and until <= NOW)
        for switch in (service, profile, user)
    ]
    switches = StopSwitches(service, profile, user)
    if all(ended):
        switches.refuse_stopped(NOW)
    else:
        refusal = refusal_of(switches)
        assert refusal.retry_after is None or refusal.retry_after > timedelta()
        assert refusal.message
