"""`worst_bill`: what a caller can cost at most; no history of calls, honest or not, gets more out of the function."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function.made_up import ISSUED_AT as START
from function.made_up import PROFILE
from live_tokens.errors import TokenNotIssued
from live_tokens.issuing import Lease, Profile, Quota, SessionCall
from live_tokens.model_prices import PRICES
from live_tokens.sessions import Account, end, grant
from live_tokens.worst_bill import DAY, HONEST, HOUR, MODIFIED, MONTH, App, talk_seconds, what_lowers, worst_bill

(PRICE,) = PRICES
COMPRESSED = {"context_window_compression": {"trigger_tokens": 25_000, "sliding_window": {}}}
TRIGGER = "config.context_window_compression.trigger_tokens"


def profile(lease: int | None = 600, session: int = 3600, **quota: int) -> Profile:
    return replace(
        PROFILE,
        start_within=timedelta(seconds=60),
        session=timedelta(seconds=session),
        lease=None if lease is None else timedelta(seconds=lease),
        quota=Quota(**quota),
        config=COMPRESSED,
    )


def minute(config: Mapping[str, object], app: App = HONEST) -> Decimal:
    return worst_bill(replace(profile(), config=config), app, PRICE).minute


# --- a minute


def test_a_minute_is_audio_both_ways_and_the_context_again_with_each_turn() -> None:
    assert minute(COMPRESSED) == Decimal("0.005") + Decimal("0.018") + 4 * Decimal("0.075")
    assert minute(COMPRESSED, MODIFIED) == Decimal("0.023") + 60 * Decimal("0.075")


@pytest.mark.parametrize(
    "compression",
    [
        None,
        {"sliding_window": {}},
        {"trigger_tokens": 500_000, "sliding_window": {}},
        {"trigger_tokens": 0, "sliding_window": {}},
    ],
)
def test_where_nothing_compresses_before_the_context_is_full_a_turn_costs_all_of_it(compression: object) -> None:
    config = {} if compression is None else {"context_window_compression": compression}
    assert minute(config) == Decimal("1.596")


def test_the_trigger_of_the_compression_counts_in_every_spelling_that_a_profile_can_have() -> None:
    assert minute({"contextWindowCompression": {"triggerTokens": 25_000, "slidingWindow": {}}}) == minute(COMPRESSED)


def test_transcriptions_and_searches_are_charged() -> None:
    assert minute({**COMPRESSED, "input_audio_transcription": {}}) == Decimal("0.325")
    assert minute({**COMPRESSED, "output_audio_transcription": {}, "input_audio_transcription": {}}) == Decimal("0.326")
    assert minute({**COMPRESSED, "tools": [{"google_search": {}}]}) == minute(COMPRESSED) + 4 * Decimal("0.014")
    assert minute({**COMPRESSED, "tools": [{"function_declarations": []}]}) == minute(COMPRESSED)


# --- how long


def test_without_sessions_every_token_is_one_whole_session() -> None:
    plain = profile(lease=None, session=900, per_hour=20, per_day=30)
    for app in (HONEST, MODIFIED):
        assert [talk_seconds(plain, app, span) for span in (HOUR, DAY, MONTH)] == [31 * 900, 60 * 900, 930 * 900]


def test_an_honest_app_is_bound_by_minutes_and_slots() -> None:
    assert talk_seconds(profile(sessions_at_once=1), HONEST, HOUR) == 3600
    assert talk_seconds(profile(sessions_at_once=3), HONEST, HOUR) == 3 * 3600
    metered = profile(per_hour=40, minutes_per_day=60, sessions_at_once=1)
    assert [talk_seconds(metered, HONEST, span) for span in (HOUR, DAY, MONTH)] == [3600, 7200, 31 * 3600]


def test_an_honest_app_is_bound_by_tokens_where_they_are_fewer() -> None:
    assert talk_seconds(profile(per_day=4, minutes_per_day=600, sessions_at_once=9), HONEST, HOUR) == 4 * 600


def test_a_modified_app_is_bound_by_tokens_each_to_the_end_of_a_lease_that_was_asked_for_early() -> None:
    assert talk_seconds(profile(per_day=30, minutes_per_day=60, sessions_at_once=1), MODIFIED, DAY) == 60 * 660


def test_a_modified_app_needs_a_lease_that_is_paid_for_its_further_tokens() -> None:
    short = profile(per_hour=60, minutes_per_day=5, sessions_at_once=1)
    at_once = 60 + 11
    assert talk_seconds(short, MODIFIED, DAY) == at_once * (600 + 200)


def test_without_a_limit_of_tokens_nothing_bounds_a_modified_app_not_even_minutes() -> None:
    metered = profile(minutes_per_day=60, sessions_at_once=1)
    bill = worst_bill(metered, MODIFIED, PRICE)
    assert (bill.hour, bill.day, bill.month) == (None, None, None)
    assert worst_bill(metered, HONEST, PRICE).day is not None
    assert worst_bill(profile(lease=None), HONEST, PRICE).hour is None


def test_a_bill_is_minutes_times_the_price_of_one_rounded_up_to_a_cent() -> None:
    metered = profile(minutes_per_day=60, sessions_at_once=1)
    assert worst_bill(metered, HONEST, PRICE).day == Decimal("38.76")
    with_text = replace(metered, config={**COMPRESSED, "input_audio_transcription": {}})
    assert worst_bill(with_text, HONEST, PRICE).day == Decimal("38.93")


# --- whatever callers do

PROFILES = st.builds(
    profile,
    lease=st.none() | st.sampled_from([30, 90, 100, 600]),
    session=st.sampled_from([600, 601, 1000]),
    per_hour=st.integers(1, 12),
    per_day=st.integers(1, 20),
    minutes_per_day=st.integers(1, 30),
    sessions_at_once=st.integers(1, 3),
)
GAPS = st.sampled_from([0, 1, 20, 29, 59, 300, 540, 599, 3600])
SPANS = st.sampled_from([HOUR, DAY])


class Talk:
    """A caller, and how long they talk on the tokens that they got."""

    def __init__(self, metered: Profile) -> None:
        self.profile, self.account, self.now = metered, Account(), START
        self.begun = 0
        self.leases: list[tuple[Lease, timedelta]] = []

    def call(self, session: str | None, *, resumes: bool) -> Lease | None:
        self.begun += 1
        call = SessionCall(session, resumes)
        try:
            self.account, granted = grant(self.profile, call, self.account, self.now, f"session-{self.begun}")
        except TokenNotIssued:
            return None
        if granted.lease:
            self.leases.append((granted.lease, granted.lease.ends - self.now))
        return granted.lease


@given(metered=PROFILES, span=SPANS, steps=st.lists(st.tuples(GAPS, st.integers(0, 9)), max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_modified_app_gets_more_than_its_bound(
    metered: Profile, span: timedelta, steps: list[tuple[int, int]]
) -> None:
    """Every token carries a conversation of its own, from the call to the end of the token. Slots are given back."""
    caller = Talk(metered)
    for gap, choice in steps:
        caller.now += timedelta(seconds=gap)
        if caller.now > START + span:
            break
        known = [lease.session for lease, _ in caller.leases[-3:]]
        if choice < 3 or not known:
            for session in caller.account.sessions:
                caller.account = end(caller.account, session)
            caller.call(None, resumes=True)
        else:
            for _ in range(choice - 2):
                caller.call(known[choice % len(known)], resumes=True)
    talked = sum((life for _, life in caller.leases), timedelta())
    bound = talk_seconds(metered, MODIFIED, span)
    assert bound is not None
    assert talked <= timedelta(seconds=bound)


@given(metered=PROFILES, span=SPANS, steps=st.lists(GAPS, max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_honest_app_gets_more_than_its_bound(metered: Profile, span: timedelta, steps: list[int]) -> None:
    """It goes on with the session that it has, and begins another when that is over; slots are all in use."""
    caller = Talk(metered)
    granted = 0
    for gap in steps:
        caller.now += timedelta(seconds=gap)
        if caller.now > START + span:
            break
        for session in (*caller.account.sessions, None):
            lease = caller.call(session, resumes=True)
            granted += lease.charged if lease else 0
    seconds = span // timedelta(seconds=1)
    talked = min(granted, seconds * (metered.quota.sessions_at_once or 1))
    bound = talk_seconds(metered, HONEST, span)
    assert bound is not None
    assert talked <= bound


# --- what lowers it


def test_the_settings_that_lower_a_bill_are_those_that_bind() -> None:
    by_tokens = profile(per_hour=40, per_day=30, minutes_per_day=60, sessions_at_once=1)
    assert what_lowers(by_tokens, PRICE) == ["quota.per_day", "lifetime.lease_seconds", TRIGGER]
    by_minutes = profile(per_hour=40, minutes_per_day=5)
    assert what_lowers(by_minutes, PRICE) == [
        *("quota.per_hour", "quota.per_day", "quota.minutes_per_day", "lifetime.lease_seconds"),
        TRIGGER,
    ]
    whole = profile(lease=None, session=900, per_day=30)
    assert what_lowers(whole, PRICE) == ["quota.per_day", "lifetime.session_seconds", "lifetime.lease_seconds", TRIGGER]


def test_a_limit_of_tokens_lowers_what_has_no_bound() -> None:
    assert what_lowers(profile(minutes_per_day=60), PRICE) == ["quota.per_day"]
