"""Any history of calls that name sessions, for any store of quotas, compared with a model of what is promised.

The model is in exact fractions of seconds, from nothing but what was granted so far. It knows what a modified app
tries: to call without a handle for a conversation of its own in a window that is paid once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from live_tokens.deadline import Deadline
from live_tokens.errors import MinutesExceeded, NotAllowed, QuotaExceeded
from live_tokens.issuing import Caller, Profile, Quota, QuotaStore, SessionCall

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = 86_400
MOST_SECONDS_A_DAY = 24 * 60
MOST_SLOTS = 3
PLANS = (
    Quota(minutes_per_day=12, sessions_at_once=1),
    Quota(minutes_per_day=24, sessions_at_once=2, per_hour=8),
    Quota(minutes_per_day=24, minutes_per_month=30, sessions_at_once=3, per_hour=4),
    Quota(minutes_per_day=12, minutes_per_month=30, sessions_at_once=2),
)
"""Each change of plan halves or doubles the price of a unit, and the clock moves by whole milliseconds: so the stores'
whole microseconds are exact, and an answer can be compared with a fraction."""

PERIODS = {"HOURLY_QUOTA_EXCEEDED": 3600, "day": DAY, "month": 30 * DAY}
_TALK = ("day", "month")


@dataclass(frozen=True)
class Granted:
    """What a call gets. Times are whole seconds since the epoch."""

    kind: str
    begins: int
    ends: int
    charged: int
    seconds_left: int | None


@dataclass(frozen=True)
class Refused:
    """Why a call gets nothing: a reason, or the period of the minutes; and the wait, where it is known."""

    reason: str
    wait: Fraction | None = None


Answer = Granted | Refused


@dataclass
class Model:
    """What is promised to one caller of one profile.

    Attributes:
        grants: when, the limits at that time, and the units taken of each.
        windows: of each session that can go on.
        ends: when a session is over, however often it is renewed.
        replaced: sessions that had their one reconnect without a handle.
        fresh: session and the begin of a window → how many of its tokens began a conversation from nothing.
    """

    lease: int | None
    session: int
    grants: list[tuple[Fraction, Mapping[str, int], Mapping[str, int]]] = field(default_factory=list)
    windows: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    fresh: Counter[tuple[str, int]] = field(default_factory=Counter)

    def out(self, limit: str, now: Fraction) -> Fraction:
        """How many units are out. Each plan takes them back at its own pace, until another plan counts them."""
        out, since, pace = Fraction(), Fraction(), Fraction(1)
        for at, limits, units in self.grants:
            if limit in limits:
                out = max(Fraction(), out - (at - since) / pace) + units[limit]
                since, pace = at, Fraction(PERIODS[limit], limits[limit])
        return max(Fraction(), out - (now - since) / pace)

    def open_at(self, at: int) -> list[str]:
        return [key for key, windows in self.windows.items() if at < windows[-1][1]]

    def kind(self, key: str | None, at: int, *, resumes: bool) -> tuple[str, list[str]]:
        """Return what a call asks for, and the sessions that need their slots before it does."""
        if key is None:
            return "first", self.open_at(at)
        if key not in self.windows or at >= self.ends[key] - 5:
            return "SESSION_ENDED", []
        begins, ends = self.windows[key][-1]
        if at >= ends:
            return "renewal", self.open_at(at)
        if ends < self.ends[key] and at >= ends - min((ends - begins) // 3, 60):
            rank = (self.windows[key][0][0], key)
            return "renewal", [other for other in self.open_at(at) if (self.windows[other][0][0], other) < rank]
        free = len(self.windows[key]) == 1 and at < begins + 60 and key not in self.replaced
        return ("reconnect" if resumes or free else "SESSION_ENDED"), []

    def answer(self, key: str | None, now: Fraction, quota: Quota, *, resumes: bool) -> Answer:
        """Return what is due. Nothing changes."""
        at, limits = int(now), limits_of(quota)
        kind, before = self.kind(key, at, resumes=resumes)
        if kind == "SESSION_ENDED":
            return Refused(kind)
        slots = quota.sessions_at_once
        if slots is not None and kind != "reconnect" and len(before) >= slots:
            return Refused("TOO_MANY_SESSIONS", sorted(self.windows[k][-1][1] for k in before)[-slots] - now)
        last, over = (self.windows[key][-1], self.ends[key]) if key is not None else ((at, at), at + self.session)
        begins = last[0] if kind == "reconnect" else max(at, last[1])
        wanted = min(self.lease or self.session, over - begins)
        left = {limit: max(0, (limits[limit] - self.out(limit, now)) // 1) for limit in _TALK if limit in limits}
        charged = 0 if kind == "reconnect" else max(min(wanted, *left.values()), min(wanted, 30))
        units = {limit: charged if limit in _TALK else 1 for limit in limits}
        waits = {
            limit: (self.out(limit, now) + units[limit] - limits[limit]) * Fraction(PERIODS[limit], limits[limit])
            for limit in limits
            if units[limit]
        }
        longest = max(waits, key=waits.__getitem__, default="")
        if longest and waits[longest] > 0:
            return Refused(longest, waits[longest])
        left_after = min(int((limits[limit] - self.out(limit, now)) // 1) - charged for limit in left)
        return Granted(kind, begins, last[1] if kind == "reconnect" else begins + charged, charged, max(0, left_after))

    def take(self, granted: Granted, key: str, now: Fraction, quota: Quota, *, resumes: bool) -> None:
        """Note what the session of that key was granted."""
        limits = limits_of(quota)
        units = {limit: granted.charged if limit in _TALK else 1 for limit in limits}
        self.grants.append((now, limits, units))
        if granted.charged:
            assert all(self.out(limit, now) <= limits[limit] for limit in limits), "more than the budget"
        if granted.kind == "first":
            self.ends[key] = granted.begins + self.session
        if granted.kind != "reconnect":
            self.windows.setdefault(key, []).append((granted.begins, granted.ends))
        elif not resumes:
            self.replaced.add(key)
        self.fresh[key, granted.begins] += not resumes
        self.windows = {key: windows for key, windows in self.windows.items() if int(now) < self.ends[key]}

    @property
    def charged(self) -> list[int]:
        """The seconds of each window that was granted."""
        return [units["day"] for _, _, units in self.grants if units["day"]]


def limits_of(quota: Quota) -> dict[str, int]:
    """Return the limits of tokens and of seconds: period → units."""
    limits = {
        "HOURLY_QUOTA_EXCEEDED": quota.per_hour or 0,
        "day": 60 * (quota.minutes_per_day or 0),
        "month": 60 * (quota.minutes_per_month or 0),
    }
    return {limit: units for limit, units in limits.items() if units}


class Subject:
    """One store, one caller of it, and what the model says of both.

    Args:
        block: sets the switch of the caller, or clears it.
        stands_still: whether time stands still for this store where the clock goes back.
    """

    def __init__(self, store: QuotaStore, caller: Caller, block: Callable[[bool], None], *, stands_still: bool) -> None:
        self.store, self.caller, self.block, self.stands_still = store, caller, block, stands_still
        self.blocked = False
        self.earliest, self.latest, self.went_back = Fraction(10**12), Fraction(), False
        self.refused_for = Fraction()
        self.known: list[str] = []
        self.model = Model(None, 0)

    def read_clock(self, now: datetime) -> Fraction:
        """Return the time that the store decides with."""
        time = Fraction((now - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1), 1000)
        time = max(time, self.latest) if self.stands_still else time
        self.went_back = self.went_back or time < self.latest
        self.earliest, self.latest = min(self.earliest, time), max(self.latest, time)
        return time

    def session(self, which: int) -> str | None:
        """Return a session of which the app was told, newest first, or `another`, or None for a new one."""
        if which < 0:
            return None
        return self.known[-1 - which] if which < len(self.known) else "another"

    def call(self, now: datetime, profile: Profile, which: int, *, resumes: bool, lost: bool) -> None:
        """Call the store, and compare its answer with the model's."""
        key, time = self.session(which), self.read_clock(now)
        due = self.model.answer(key, time, profile.quota, resumes=resumes)
        if self.blocked:
            due = Refused("USER_BLOCKED")
        call = SessionCall(key, resumes)
        session: str | None
        if lost and isinstance(due, Granted):
            session = self.lose(profile, call)
        else:
            answer, session = self.ask(profile, call)
            assert answer == due
            self.refused_for = answer.wait or Fraction() if isinstance(answer, Refused) else Fraction()
        if isinstance(due, Granted):
            assert session is not None
            self.model.take(due, session, time, profile.quota, resumes=resumes)
            lease = self.model.lease or self.model.session
            assert self.went_back or due.ends - time <= lease + min(lease // 3, 60), "a token that talks too long"
            if not lost and session not in self.known:
                self.known.append(session)

    def ask(self, profile: Profile, call: SessionCall) -> tuple[Answer, str | None]:
        """Return what the store answers, and the session it is about."""
        try:
            grant = self.store.spend(self.caller, profile, call, Deadline.after(30))
        except (NotAllowed, QuotaExceeded) as error:
            reason = error.period if isinstance(error, MinutesExceeded) else error.reason
            wait = error.retry_after // timedelta(microseconds=1) if error.retry_after is not None else None
            return Refused(reason, None if wait is None else Fraction(wait, 10**6)), None
        lease, quota = grant.lease, grant.quota
        assert lease is not None
        ends = int(lease.ends.timestamp())
        left = None if quota is None else quota.seconds_left
        return Granted(lease.kind, ends - lease.seconds, ends, lease.charged, left), lease.session

    def lose(self, profile: Profile, call: SessionCall) -> str:
        """Make a call that is granted and whose answer does not arrive. Return the id that the app is not told."""
        _, session = self.ask(profile, call)
        assert session is not None
        return session

    def end(self, which: int) -> None:
        """End a session, or one that there is not."""
        key = self.session(which) or "another"
        self.store.end(self.caller, key, Deadline.after(30))
        self.model.windows.pop(key, None)

    def keeps_its_promises(self) -> None:
        """Fail unless the budget, the slots and the windows are what they were promised to be."""
        model = self.model
        elapsed = max(Fraction(), self.latest - self.earliest)
        assert sum(model.charged) <= MOST_SECONDS_A_DAY * (1 + elapsed / DAY)
        for (key, begins), conversations in model.fresh.items():
            assert conversations <= (2 if begins == model.ends[key] - model.session else 1)
        for windows in model.windows.values():
            assert all(end <= begin for (_, end), (begin, _) in pairwise(windows))
        if not self.went_back:
            at = int(self.latest)
            assert len(model.open_at(at)) <= MOST_SLOTS
            for windows in model.windows.values():
                assert sum(at < end for _, end in windows) <= 2, "a session is open twice at a swap, and never more"


class Conversations(RuleBasedStateMachine):
    """Calls in any order, at any pace, under changing plans, with blocks and with answers that get lost."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.subjects = self.make_subjects()

    def make_subjects(self) -> list[Subject]:
        """Return the stores to drive, each with the clock `self.now`."""
        raise NotImplementedError

    @initialize(
        lease=st.sampled_from([60, 100, 600, None]),
        session=st.sampled_from([150, 700, 3600]),
        plan=st.sampled_from(PLANS),
    )
    def a_profile_is_written(self, lease: int | None, session: int, plan: Quota) -> None:
        lease = None if lease is None else min(lease, session)
        self.profile = Profile(
            name="default",
            model="models/gemini-3.8-live",
            start_within=timedelta(seconds=60),
            session=timedelta(seconds=session),
            config={},
            quota=plan,
            lease=None if lease is None else timedelta(seconds=lease),
        )
        for subject in self.subjects:
            subject.model = Model(lease, session)

    @rule(seconds=st.sampled_from([0, 1, 5, 29, 61, 150, 700, DAY]), milliseconds=st.integers(0, 999))
    def time_passes(self, seconds: int, milliseconds: int) -> None:
        self.now += timedelta(seconds=seconds, milliseconds=milliseconds)

    @rule(seconds=st.sampled_from([1, 50, 700]))
    def the_clock_goes_back(self, seconds: int) -> None:
        self.now -= timedelta(seconds=seconds)

    @rule(early=st.booleans())
    def the_wait_is_over(self, early: bool) -> None:
        wait = self.subjects[0].refused_for
        if wait > 0:
            self.now += timedelta(milliseconds=-int(-wait * 1000 // 1) - early)

    @rule(blocked=st.sampled_from([False, False, True]))
    def the_operator_acts(self, blocked: bool) -> None:
        for subject in self.subjects:
            subject.block(blocked)
            subject.blocked = blocked

    @rule(which=st.integers(0, 3))
    def a_session_ends(self, which: int) -> None:
        for subject in self.subjects:
            subject.end(which)

    @rule(
        which=st.sampled_from([-1, -1, 0, 0, 1, 2]),
        resumes=st.booleans(),
        lost=st.sampled_from([False, False, False, True]),
        times=st.integers(1, 3),
    )
    def calls_come(self, which: int, resumes: bool, lost: bool, times: int) -> None:
        for subject in self.subjects:
            for _ in range(times):
                subject.call(self.now, self.profile, which, resumes=resumes, lost=lost)

    @rule(plan=st.sampled_from(PLANS), which=st.sampled_from([-1, 0, 1]))
    def a_call_comes_under_another_plan(self, plan: Quota, which: int) -> None:
        self.profile = replace(self.profile, quota=plan)
        self.calls_come(which, resumes=True, lost=False, times=1)

    @rule(
        which=st.integers(0, 2),
        offset=st.sampled_from([-61, -60, -59, -20, -19, -5, -1, 0, 1]),
        plan=st.sampled_from([None, None, *PLANS]),
        resumes=st.booleans(),
    )
    def a_call_comes_near_the_end_of_a_lease(self, which: int, offset: int, plan: Quota | None, resumes: bool) -> None:
        subject = self.subjects[0]
        if windows := subject.model.windows.get(subject.session(which) or ""):
            self.now = max(self.now, datetime.fromtimestamp(windows[-1][1] + offset, UTC))
            self.profile = replace(self.profile, quota=plan or self.profile.quota)
            self.calls_come(which, resumes=resumes, lost=False, times=1)

    @invariant()
    def every_promise_is_kept(self) -> None:
        for subject in self.subjects:
            subject.keeps_its_promises()
