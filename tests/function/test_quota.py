"""`quota`: never one too many, never a microsecond too early or too late, and compared with an exact model."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from function.made_up import ISSUED_AT as START
from live_tokens.errors import DailyQuotaExceeded, HourlyQuotaExceeded, MinutesExceeded, QuotaExceeded
from live_tokens.issuing import NO_QUOTA, Quota, QuotaState
from live_tokens.quota import (
    LARGEST_LIMIT,
    LARGEST_MINUTES_PER_DAY,
    LARGEST_MINUTES_PER_MONTH,
    full_again_at,
    most_seconds,
    most_tokens,
    spend,
)

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
EXCEEDED = {"hour": HourlyQuotaExceeded, "day": DailyQuotaExceeded}

limits = st.integers(1, 12) | st.sampled_from([59, 60, 61, 997, 9_999, LARGEST_LIMIT])
quotas = st.builds(Quota, per_hour=st.none() | limits, per_day=st.none() | limits)
limited_quotas = quotas.filter(lambda quota: quota != NO_QUOTA)
gaps = st.one_of(
    st.just(timedelta()),
    st.timedeltas(timedelta(), timedelta(seconds=5)),
    st.timedeltas(timedelta(), timedelta(hours=2)),
    st.timedeltas(timedelta(), timedelta(days=2)),
)


def one_limit(period: str, limit: int) -> Quota:
    return Quota(per_hour=limit) if period == "hour" else Quota(per_day=limit)


@dataclass
class Ledger:
    """Keeps what is stored for one caller."""

    stored: Mapping[str, int] = field(default_factory=dict)

    def spend(self, quota: Quota, now: datetime) -> QuotaState | None:
        self.stored, state = spend(quota, self.stored, now)
        return state

    def refusal(self, quota: Quota, now: datetime) -> QuotaExceeded:
        with pytest.raises(QuotaExceeded) as refusal:
            spend(quota, self.stored, now)
        return refusal.value

    def wait(self, quota: Quota, now: datetime) -> timedelta:
        wait = self.refusal(quota, now).retry_after
        assert wait is not None
        return wait

    def spend_all(self, quota: Quota, now: datetime) -> list[int]:
        """Take all there is at once; return what was told to remain after each."""
        remaining = []
        with contextlib.suppress(QuotaExceeded):
            for _ in range(LARGEST_LIMIT + 1):
                state = self.spend(quota, now)
                assert state is not None
                assert state.remaining is not None
                remaining.append(state.remaining)
        return remaining


class Bucket:
    """The model: a bucket that a period empties, and into which each token pours its share. It must not run over."""

    def __init__(self, period: str, limit: int) -> None:
        self._period = PERIODS[period] // MICROSECOND
        self.share = Fraction(self._period // limit, self._period)
        self.level = Fraction(0)

    def rest(self, gap: timedelta) -> None:
        self.level = max(Fraction(0), self.level - Fraction(gap // MICROSECOND, self._period))

    def wait(self) -> timedelta:
        """How long until another token fits, or nothing."""
        return self._to_drain(max(Fraction(0), self.level + self.share - 1))

    def remaining(self) -> int:
        return (1 - self.level) // self.share

    def empty_in(self) -> timedelta:
        return self._to_drain(self.level)

    def _to_drain(self, level: Fraction) -> timedelta:
        microseconds = level * self._period
        assert microseconds.denominator == 1
        return microseconds.numerator * MICROSECOND


# --- one limit


@pytest.mark.parametrize("period", PERIODS)
@given(limit=st.integers(1, LARGEST_LIMIT))
@example(limit=1)
@example(limit=7)
@example(limit=9_999)
@example(limit=LARGEST_LIMIT)
@settings(max_examples=3)
def test_a_rested_caller_takes_exactly_the_limit_at_once(period: str, limit: int) -> None:
    assert Ledger().spend_all(one_limit(period, limit), START) == list(reversed(range(limit)))


@pytest.mark.parametrize("period", PERIODS)
@given(limit=st.integers(1, 100))
def test_at_an_even_pace_the_limit_is_never_felt_and_a_microsecond_faster_it_is(period: str, limit: int) -> None:
    quota, pace, ledger = one_limit(period, limit), PERIODS[period] // limit, Ledger()
    ledger.spend_all(quota, START)
    due = START + ledger.wait(quota, START)
    for _ in range(20):
        ledger.spend(quota, due)
        due += pace
    assert ledger.wait(quota, due - MICROSECOND) == MICROSECOND


@pytest.mark.parametrize(("period", "kind"), EXCEEDED.items())
def test_the_limit_that_is_reached_names_the_error(period: str, kind: type[QuotaExceeded]) -> None:
    ledger = Ledger()
    ledger.spend(one_limit(period, 1), START)
    refusal = ledger.refusal(one_limit(period, 1), START)
    assert type(refusal) is kind
    assert refusal.retry_after == PERIODS[period]


def test_twenty_an_hour_are_one_every_three_minutes_once_all_are_taken() -> None:
    quota, ledger = Quota(per_hour=20), Ledger()
    ledger.spend_all(quota, START)
    assert ledger.wait(quota, START) == timedelta(minutes=3)
    assert ledger.spend(quota, START + timedelta(minutes=3)) == QuotaState(0, START + timedelta(hours=1, minutes=3))
    assert ledger.wait(quota, START + timedelta(minutes=4)) == timedelta(minutes=2)


def test_a_first_token_leaves_the_others_and_is_forgotten_after_its_share_of_the_period() -> None:
    assert Ledger().spend(Quota(per_hour=20), START) == QuotaState(19, START + timedelta(minutes=3))


@pytest.mark.parametrize(("period", "limit"), [("hour", 1), ("hour", 20), ("day", 64), ("day", 1_000)])
def test_all_may_be_taken_again_at_the_reset_time_and_not_a_microsecond_before(period: str, limit: int) -> None:
    quota, ledger = one_limit(period, limit), Ledger()
    state = ledger.spend(quota, START)
    assert state is not None
    early, in_time = Ledger(ledger.stored), Ledger(ledger.stored)
    assert len(in_time.spend_all(quota, state.reset_time)) == limit
    assert len(early.spend_all(quota, state.reset_time - MICROSECOND)) == limit - 1


# --- minutes


@pytest.mark.parametrize(
    ("quota", "minutes"),
    [
        (Quota(minutes_per_day=LARGEST_MINUTES_PER_DAY), LARGEST_MINUTES_PER_DAY),
        (Quota(minutes_per_month=LARGEST_MINUTES_PER_MONTH), LARGEST_MINUTES_PER_MONTH),
        (Quota(minutes_per_day=7, minutes_per_month=11), 7),
        (Quota(minutes_per_day=11, minutes_per_month=7), 7),
    ],
)
def test_all_the_seconds_of_the_minutes_may_be_taken_at_once_and_not_one_more(quota: Quota, minutes: int) -> None:
    stored, state = spend(quota, {}, START, 60 * minutes - 1)
    assert state is not None
    assert (state.remaining, state.seconds_left) == (None, 1)
    stored, state = spend(quota, stored, START, 1)
    assert state is not None
    assert state.seconds_left == 0
    with pytest.raises(MinutesExceeded):
        spend(quota, stored, START, 1)


def test_a_token_without_seconds_is_issued_although_a_worse_plan_has_none_left() -> None:
    stored, _ = spend(Quota(minutes_per_day=10), {}, START, 600)
    _, state = spend(Quota(minutes_per_day=5), stored, START, 0)
    assert state is not None
    assert state.seconds_left == 0


# --- any history, compared with the model


@given(quota=quotas, history=st.lists(gaps, min_size=1, max_size=30))
def test_whatever_came_before_the_model_agrees(quota: Quota, history: list[timedelta]) -> None:
    named = {"hour": quota.per_hour, "day": quota.per_day}
    buckets = {period: Bucket(period, limit) for period, limit in named.items() if limit is not None}
    ledger, now = Ledger(), START
    for gap in history:
        now += gap
        for bucket in buckets.values():
            bucket.rest(gap)
        waits = {period: bucket.wait() for period, bucket in buckets.items()}
        if any(waits.values()):
            refusal = ledger.refusal(quota, now)
            assert refusal.retry_after == max(waits.values())
            assert type(refusal) in [EXCEEDED[period] for period in waits if waits[period] == max(waits.values())]
            continue
        state = ledger.spend(quota, now)
        for bucket in buckets.values():
            bucket.level += bucket.share
        if not buckets:
            assert state is None
            continue
        assert state == QuotaState(
            remaining=min(bucket.remaining() for bucket in buckets.values()),
            reset_time=now + max(bucket.empty_in() for bucket in buckets.values()),
        )


@given(quota=limited_quotas.filter(lambda quota: min(quota.per_hour or 99, quota.per_day or 99) < 99), gap=gaps)
def test_what_is_told_to_remain_can_be_taken_and_no_more(quota: Quota, gap: timedelta) -> None:
    ledger = Ledger()
    ledger.spend_all(quota, START)
    try:
        state = ledger.spend(quota, START + gap)
    except QuotaExceeded:
        return
    assert state is not None
    assert len(ledger.spend_all(quota, START + gap)) == state.remaining


@given(quota=limited_quotas, history=st.lists(gaps, max_size=5))
def test_the_next_is_due_exactly_when_it_was_told_and_not_a_microsecond_earlier(
    quota: Quota, history: list[timedelta]
) -> None:
    few = Quota(quota.per_hour and min(quota.per_hour, 12), quota.per_day and min(quota.per_day, 12))
    ledger, now = Ledger(), START
    for gap in [*history, timedelta()]:
        now += gap
        ledger.spend_all(few, now)
    wait = ledger.wait(few, now)
    assert wait > timedelta()
    assert ledger.wait(few, now + wait - MICROSECOND) == MICROSECOND
    assert ledger.spend(few, now + wait) is not None


# --- both limits


@pytest.mark.parametrize(
    ("quota", "kind", "wait"),
    [
        (Quota(per_hour=2, per_day=10), HourlyQuotaExceeded, timedelta(minutes=30)),
        (Quota(per_hour=10, per_day=2), DailyQuotaExceeded, timedelta(hours=12)),
        (Quota(per_hour=2, per_day=2), DailyQuotaExceeded, timedelta(hours=12)),
        (Quota(per_hour=1, per_day=24), HourlyQuotaExceeded, timedelta(hours=1)),
    ],
)
def test_the_longer_wait_is_told(quota: Quota, kind: type[QuotaExceeded], wait: timedelta) -> None:
    ledger = Ledger()
    ledger.spend_all(quota, START)
    refusal = ledger.refusal(quota, START)
    assert (type(refusal), refusal.retry_after) == (kind, wait)


def test_a_refusal_by_one_limit_takes_nothing_from_the_other() -> None:
    quota, ledger = Quota(per_hour=1, per_day=3), Ledger()
    ledger.spend(quota, START)
    for _ in range(5):
        assert isinstance(ledger.refusal(quota, START), HourlyQuotaExceeded)
    assert len(ledger.spend_all(Quota(per_day=3), START)) == 2


@given(quota=limited_quotas, stored=st.dictionaries(st.sampled_from(["hour", "day"]), st.integers(0, 2**52)))
def test_what_was_stored_is_never_changed_in_place(quota: Quota, stored: dict[str, int]) -> None:
    before = dict(stored)
    with contextlib.suppress(QuotaExceeded):
        assert spend(quota, stored, START)[0] is not stored
    assert stored == before


def test_asking_again_and_again_makes_the_wait_no_longer() -> None:
    quota, ledger = Quota(per_hour=3), Ledger()
    ledger.spend_all(quota, START)
    waits = {ledger.wait(quota, START + timedelta(seconds=second)) + timedelta(seconds=second) for second in range(60)}
    assert waits == {timedelta(minutes=20)}


# --- limits that change


@given(before=limited_quotas, after=limits, period=st.sampled_from(["hour", "day"]), history=st.lists(gaps, max_size=9))
def test_a_new_plan_never_gives_more_than_its_limit_at_once(
    before: Quota, after: int, period: str, history: list[timedelta]
) -> None:
    ledger, now, few = Ledger(), START, min(after, 61)
    for gap in history:
        now += gap
        with contextlib.suppress(QuotaExceeded):
            ledger.spend(before, now)
    assert len(ledger.spend_all(one_limit(period, few), now)) <= few


def test_a_better_plan_gives_the_rest_of_its_burst_at_once_and_keeps_what_was_taken() -> None:
    ledger = Ledger()
    ledger.spend_all(Quota(per_hour=20), START)
    assert ledger.spend_all(Quota(per_hour=60), START) == list(reversed(range(40)))
    assert ledger.wait(Quota(per_hour=60), START) == timedelta(minutes=1)


def test_a_worse_plan_keeps_what_was_taken_too() -> None:
    ledger = Ledger()
    for _ in range(15):
        ledger.spend(Quota(per_hour=60), START)
    assert ledger.spend_all(Quota(per_hour=20), START) == list(reversed(range(5)))


def test_who_took_more_than_a_worse_plan_has_waits_until_it_is_less() -> None:
    ledger = Ledger()
    for _ in range(30):
        ledger.spend(Quota(per_hour=60), START)
    assert ledger.wait(Quota(per_hour=20), START) == timedelta(minutes=33)


def test_what_was_stored_before_limits_were_is_of_the_limit_of_today() -> None:
    stored, _ = spend(Quota(per_hour=20), {}, START)
    before = {"hour": stored["hour"]}
    assert spend(Quota(per_hour=20), before, START) == spend(Quota(per_hour=20), stored, START)
    assert spend(Quota(per_hour=60), before, START)[0]["hour_limit"] == 60


@dataclass
class ExactTokens:
    """The model of plans that change: how many tokens are out, as a fraction. Each plan takes its own pace from it."""

    out: Fraction = Fraction(0)

    def rest(self, gap: timedelta, limit: int) -> None:
        self.out = max(Fraction(0), self.out - Fraction(gap // MICROSECOND, self.pace(limit)))

    def wait(self, limit: int) -> Fraction:
        """How many microseconds until another one fits, or none."""
        full = Fraction(PERIODS["hour"] // MICROSECOND, self.pace(limit))
        return max(Fraction(0), self.out + 1 - full) * self.pace(limit)

    @staticmethod
    def pace(limit: int) -> int:
        return PERIODS["hour"] // MICROSECOND // limit


class ChangingPlans(RuleBasedStateMachine):
    """Spends, waits and changes plans in any order; the model counts exactly, the arithmetic in whole microseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.limit = 20
        self.model = ExactTokens()
        self.ledger = Ledger()
        self.rounded = Fraction(0)
        """By how many tokens roundings may have put the arithmetic ahead: each change by less than a microsecond."""

    @rule(limit=limits)
    def change_plan(self, limit: int) -> None:
        self.limit = limit

    @rule(gap=gaps)
    def rest(self, gap: timedelta) -> None:
        # What is out drains at the pace of the plan that it was last counted by.
        counted_by = self.ledger.stored.get("hour_limit", self.limit)
        self.model.rest(gap, counted_by)
        self.now += gap

    @rule()
    def spend(self) -> None:
        quota, due = Quota(per_hour=self.limit), self.model.wait(self.limit)
        changed = self.ledger.stored.get("hour_limit", self.limit) != self.limit
        rounded = self.rounded + Fraction(changed, self.model.pace(self.limit))
        late = self.wait_of(quota) - due
        assert 0 <= late <= 1 + rounded * self.model.pace(self.limit), "never more than the model gives, nor much less"
        with contextlib.suppress(QuotaExceeded):
            self.ledger.spend(quota, self.now)
            self.model.out += 1
            self.rounded = rounded

    def wait_of(self, quota: Quota) -> Fraction:
        """How many microseconds the arithmetic makes a caller wait, or none."""
        try:
            spend(quota, self.ledger.stored, self.now)
        except QuotaExceeded as refusal:
            return Fraction((refusal.retry_after or timedelta()) // MICROSECOND)
        return Fraction(0)


TestChangingPlans = ChangingPlans.TestCase
TestChangingPlans.settings = settings(max_examples=60, stateful_step_count=40)


@given(plans=st.lists(limits, min_size=2, max_size=30), period=st.sampled_from(["hour", "day"]))
def test_changing_plans_back_and_forth_at_once_gives_no_more_than_the_best_of_them(
    plans: list[int], period: str
) -> None:
    ledger, taken = Ledger(), 0
    for plan in plans:
        with contextlib.suppress(QuotaExceeded):
            ledger.spend(one_limit(period, plan), START)
            taken += 1
    assert taken <= max(plans)


def test_a_limit_that_is_away_for_a_while_is_not_forgotten() -> None:
    ledger = Ledger()
    ledger.spend_all(Quota(per_day=2), START)
    for _ in range(3):
        ledger.spend(Quota(per_hour=10), START)
    assert ledger.wait(Quota(per_hour=10, per_day=2), START) == timedelta(hours=12)


def test_a_limit_that_is_new_starts_with_all_of_it() -> None:
    ledger = Ledger()
    ledger.spend_all(Quota(per_hour=2), START)
    assert ledger.spend_all(Quota(per_day=5), START) == [4, 3, 2, 1, 0]


def test_what_another_limit_left_behind_is_not_part_of_what_is_told() -> None:
    ledger = Ledger()
    ledger.spend_all(Quota(per_day=1), START)
    assert ledger.spend(Quota(per_hour=20), START) == QuotaState(19, START + timedelta(minutes=3))


def test_without_limits_nothing_is_counted_and_nothing_forgotten() -> None:
    stored = {"hour": 7}
    assert spend(NO_QUOTA, stored, START) == (stored, None)
    assert spend(NO_QUOTA, {}, START) == ({}, None)


# --- clocks


def test_while_time_stands_still_nothing_comes_back() -> None:
    quota, ledger = Quota(per_hour=20), Ledger()
    ledger.spend_all(quota, START)
    assert {ledger.wait(quota, START) for _ in range(100)} == {timedelta(minutes=3)}


@given(back=st.timedeltas(MICROSECOND, timedelta(days=400)))
def test_a_clock_that_goes_back_makes_the_wait_as_much_longer(back: timedelta) -> None:
    quota, ledger = Quota(per_hour=20), Ledger()
    ledger.spend_all(quota, START)
    assert ledger.wait(quota, START - back) == timedelta(minutes=3) + back


@given(
    quota=limited_quotas.map(lambda q: Quota(q.per_hour and min(q.per_hour, 20), q.per_day and min(q.per_day, 20))),
    jumps=st.lists(st.timedeltas(timedelta(hours=-3), timedelta(hours=3)), min_size=1, max_size=60),
)
def test_no_jumping_about_of_clocks_gives_more_than_the_latest_of_them_would(
    quota: Quota, jumps: list[timedelta]
) -> None:
    """What a limit gives from rest until the latest time seen, counted from the first token."""
    ledger, now, taken = Ledger(), START, list[datetime]()
    latest = START
    for jump in jumps:
        now += jump
        latest = max(latest, now)
        with contextlib.suppress(QuotaExceeded):
            ledger.spend(quota, now)
            taken.append(now)
    for period, limit in (("hour", quota.per_hour), ("day", quota.per_day)):
        if limit is not None:
            assert len(taken) * (PERIODS[period] // limit) <= PERIODS[period] + (latest - taken[0])


@given(hours=st.integers(-23, 23))
def test_a_moment_is_the_same_in_every_time_zone(hours: int) -> None:
    elsewhere = START.astimezone(timezone(timedelta(hours=hours)))
    assert spend(Quota(20, 60), {}, elsewhere) == spend(Quota(20, 60), {}, START)


def test_a_time_without_a_zone_is_no_time() -> None:
    with pytest.raises(TypeError):
        spend(Quota(20, 60), {}, START.replace(tzinfo=None))


@given(since=st.timedeltas(timedelta(), timedelta(days=60_000)), limit=limits)
def test_the_reset_time_is_what_is_stored_to_the_microsecond(since: timedelta, limit: int) -> None:
    now = EPOCH + since
    after, state = spend(Quota(per_hour=limit), {}, now)
    assert state == QuotaState(limit - 1, now + PERIODS["hour"] // limit)
    assert full_again_at(after) == state.reset_time


# --- when it may be forgotten


def test_what_was_spent_means_nothing_after_the_last_of_its_times() -> None:
    assert full_again_at({"hour": 1_000_000, "day": 2_500_000}) == EPOCH + timedelta(seconds=2.5)
    assert full_again_at({}) == EPOCH


@given(quota=limited_quotas, history=st.lists(gaps, min_size=1, max_size=9))
def test_from_then_on_a_caller_is_as_good_as_new(quota: Quota, history: list[timedelta]) -> None:
    ledger, now = Ledger(), START
    for gap in history:
        now += gap
        with contextlib.suppress(QuotaExceeded):
            ledger.spend(quota, now)
    reset = full_again_at(ledger.stored)
    assert ledger.spend(quota, reset) == Ledger().spend(quota, reset)


# --- the most within a span


@given(quota=limited_quotas, span=st.timedeltas(timedelta(), timedelta(days=3)))
@settings(max_examples=50)
def test_a_caller_who_takes_each_token_as_soon_as_it_is_due_takes_the_most_within_a_span(
    quota: Quota, span: timedelta
) -> None:
    small = Quota(*(limit and min(limit, 60) for limit in (quota.per_hour, quota.per_day)))
    ledger, now, taken = Ledger(), START, 0
    while now <= START + span:
        try:
            ledger.spend(small, now)
            taken += 1
        except QuotaExceeded:
            now += ledger.wait(small, now)
    assert taken == most_tokens(small, span)


def test_the_most_seconds_within_a_span_are_a_full_limit_and_its_refill() -> None:
    quota = Quota(minutes_per_day=60, minutes_per_month=100)
    assert most_seconds(quota, timedelta()) == 3600
    assert most_seconds(quota, timedelta(hours=24)) == 6000 + 6000 // 30
    assert most_seconds(Quota(minutes_per_day=60), timedelta(hours=24)) == 7200


def test_without_a_limit_there_is_no_most() -> None:
    assert most_tokens(Quota(minutes_per_day=60), timedelta(hours=1)) is None
    assert most_seconds(Quota(per_hour=60), timedelta(hours=1)) is None
