"""Both stores and a model of a few lines go through the same calls, with clocks that leap both ways, and agree."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from integration.firestore.database import Database
from integration.firestore.people import CALLER, NOON, PROFILE
from live_tokens.deadline import Deadline
from live_tokens.errors import QuotaExceeded
from live_tokens.issuing import Caller, Profile, Quota, QuotaStore, SessionCall
from live_tokens.memory_quota import MemoryQuotaStore

PERIODS = {"HOURLY_QUOTA_EXCEEDED": 3600, "DAILY_QUOTA_EXCEEDED": 86_400}
PLANS = [Quota(per_hour=3), Quota(per_hour=7), Quota(per_hour=4, per_day=5), Quota(per_day=2), Quota()]

Answer = tuple[str, Fraction | int | None]
"""`issued` and what remains, or the reason why not and the seconds to wait."""

ROUNDING_SECONDS = Fraction(1, 1000)
"""The stores count whole microseconds; a change of plan makes more of one."""


class Model:
    """What the README promises, in exact fractions of seconds, from nothing but the tokens issued so far."""

    def __init__(self) -> None:
        self.issued: list[tuple[Fraction, dict[str, int]]] = []

    def spend(self, now: Fraction, limits: dict[str, int]) -> Answer:
        paces = {period: Fraction(PERIODS[period], limits[period]) for period in limits}
        waits = {period: (self.out(period, now) + 1) * paces[period] - PERIODS[period] for period in limits}
        if any(wait > 0 for wait in waits.values()):
            longest = max(waits, key=waits.__getitem__)
            return longest, waits[longest]
        self.issued.append((now, limits))
        return "issued", min((-waits[period] // paces[period] for period in limits), default=None)

    def out(self, period: str, now: Fraction) -> Fraction:
        """How many tokens are out. Each plan takes them back at its own pace, until another plan counts them."""
        out, counted_at, pace = Fraction(), Fraction(), Fraction(1)
        for at, limits in [*self.issued, (now, {})]:
            if period in limits or at is now:
                out = max(Fraction(), out - (at - counted_at) / pace)
                counted_at = at
            if period in limits:
                out, pace = out + 1, Fraction(PERIODS[period], limits[period])
        return out


class Stores(RuleBasedStateMachine):
    """Calls of two callers with two profiles, each on a plan that may change with every call.

    Attributes:
        database: where the store in Firestore is; the same for all runs, which have callers of their own.
    """

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.latest_call = datetime.min.replace(tzinfo=UTC)
        self.firestore = self.database.store(now=lambda _: self.now)
        self.memory = MemoryQuotaStore(now=lambda: self.now)
        self.models: dict[tuple[str, str, str], Model] = {}
        self.callers = [replace(CALLER, uid=uuid.uuid4().hex) for _ in range(2)]

    @rule(
        who=st.integers(0, 1),
        profile=st.sampled_from(["default", "tutor"]),
        quota=st.sampled_from(PLANS),
        times=st.integers(1, 4),
    )
    def spend(self, who: int, profile: str, quota: Quota, times: int) -> None:
        caller, asked = self.callers[who], replace(PROFILE, name=profile, quota=quota)
        # Where time goes back, it stands still for the store in memory. It does not see what nobody asks it about.
        self.latest_call = max(self.latest_call, self.now)
        for _ in range(times):
            agree(answer(self.firestore, caller, asked), self.expected("firestore", self.now, caller, asked))
            agree(answer(self.memory, caller, asked), self.expected("memory", self.latest_call, caller, asked))

    @rule(seconds=st.one_of(st.sampled_from([1, 514, 515, 1199, 1200, 3600, 43_200, 86_400]), st.integers(1, 90_000)))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(seconds=st.integers(1, 90_000))
    def clock_goes_back(self, seconds: int) -> None:
        self.now -= timedelta(seconds=seconds)

    def expected(self, store: str, now: datetime, caller: Caller, profile: Profile) -> Answer:
        limits = {"HOURLY_QUOTA_EXCEEDED": profile.quota.per_hour, "DAILY_QUOTA_EXCEEDED": profile.quota.per_day}
        model = self.models.setdefault((store, caller.uid, profile.name), Model())
        return model.spend(Fraction(now.timestamp()), {period: limit for period, limit in limits.items() if limit})


def answer(store: QuotaStore, caller: Caller, profile: Profile) -> Answer:
    try:
        state = store.spend(caller, profile, SessionCall(), Deadline.after(30)).quota
    except QuotaExceeded as error:
        return error.reason, Fraction((error.retry_after or timedelta()) // timedelta(microseconds=1), 1_000_000)
    return "issued", None if state is None else state.remaining


def agree(answer: Answer, expected: Answer) -> None:
    assert answer[0] == expected[0]
    if answer[1] is None or expected[1] is None or answer[0] == "issued":
        assert answer[1] == expected[1]
    else:
        assert abs(Fraction(answer[1]) - expected[1]) < ROUNDING_SECONDS


def test_firestore_memory_and_the_model_agree(database: Database) -> None:
    run_state_machine_as_test(
        type("StoresOfThisTest", (Stores,), {"database": database}),
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
