"""`sessions`: windows without gaps, each paid once, and no more at once than may be.

Any history of calls is compared with a model in `test_memory_quota.py`, and with Firestore in the integration tests.
"""

from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from function.made_up import ISSUED_AT as START
from function.made_up import PROFILE
from live_tokens.errors import (
    HourlyQuotaExceeded,
    MinutesExceeded,
    SessionEnded,
    TokenNotIssued,
    TooManySessions,
)
from live_tokens.issuing import Lease, Profile, Quota, SessionCall
from live_tokens.sessions import (
    MOST_SESSIONS,
    SHORTEST_LEASE_SECONDS,
    Account,
    end,
    grant,
)

DAY = 86_400
Kind = TypeVar("Kind", bound=TokenNotIssued)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def profile_with(lease: int | None = 600, session: int = 3600, **quota: int) -> Profile:
    return replace(
        PROFILE,
        start_within=seconds(60),
        session=seconds(session),
        lease=None if lease is None else seconds(lease),
        quota=Quota(**quota),
    )


class Caller:
    """One caller of one profile, what is stored for them, and the clock."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.account = Account()
        self.now = START
        self._begun = 0

    def call(self, session: str | None = None, *, resumes: bool = True) -> Lease:
        self._begun += 1
        call = SessionCall(session, resumes)
        self.account, granted = grant(self.profile, call, self.account, self.now, f"session-{self._begun}")
        assert granted.lease is not None
        return granted.lease

    def refusal(self, kind: type[Kind], session: str | None = None, *, resumes: bool = True) -> Kind:
        before = self.account
        with pytest.raises(kind) as refusal:
            self.call(session, resumes=resumes)
        assert self.account == before
        return refusal.value

    def end(self, session: str) -> None:
        self.account = end(self.account, session)

    def at(self, count: float) -> "Caller":
        self.now = START + seconds(count)
        return self


# --- windows


def test_a_first_lease_says_when_it_ends_and_when_the_next_can_be_had() -> None:
    lease = Caller(profile_with()).call()
    assert lease == Lease(
        session="session-1",
        kind="first",
        ends=START + seconds(600),
        seconds=600,
        charged=600,
        session_ends=START + seconds(3600),
        renew_after=START + seconds(540),
        renew_before=START + seconds(590),
    )


def test_windows_follow_each_other_without_a_gap_however_late_in_the_window_the_renewal_comes() -> None:
    caller = Caller(profile_with())
    session = caller.call().session
    ends = [caller.at(600 * n - late).call(session).ends for n, late in [(1, 60), (2, 0.5), (3, 31), (4, 1), (5, 60)]]
    assert ends == [START + seconds(600 * n) for n in (2, 3, 4, 5, 6)]


def test_the_last_window_is_cut_to_the_session_and_has_no_renewal() -> None:
    caller = Caller(profile_with(lease=600, session=1000))
    session = caller.call().session
    last = caller.at(590).call(session)
    assert (last.ends, last.seconds, last.charged) == (START + seconds(1000), 400, 400)
    assert (last.renew_after, last.renew_before) == (None, None)
    assert caller.at(994).call(session).kind == "reconnect"
    caller.at(995).refusal(SessionEnded, session)


@pytest.mark.parametrize("lease", [30, 60, 90, 179])
def test_of_a_short_lease_the_last_third_is_for_the_renewal(lease: int) -> None:
    caller = Caller(profile_with(lease=lease))
    session = caller.call().session
    assert caller.at(lease - lease // 3 - 1).call(session).kind == "reconnect"
    assert caller.at(lease - lease // 3).call(session).kind == "renewal"


def test_a_reconnect_gets_what_is_left_of_the_window_and_takes_a_token_but_no_seconds() -> None:
    caller = Caller(profile_with(per_hour=2, minutes_per_day=10))
    session = caller.call().session
    again = caller.at(300).call(session)
    assert (again.kind, again.ends, again.charged) == ("reconnect", START + seconds(600), 0)
    caller.refusal(HourlyQuotaExceeded, session)


def test_a_renewal_whose_answer_was_lost_is_not_paid_twice() -> None:
    caller = Caller(profile_with())
    session = caller.call().session
    renewed, again = caller.at(560).call(session), caller.at(565).call(session)
    assert (renewed.charged, again.charged) == (600, 0)
    assert renewed.ends == again.ends


def test_after_the_end_of_a_lease_the_next_window_starts_with_the_call() -> None:
    caller = Caller(profile_with())
    session = caller.call().session
    late = caller.at(1000).call(session)
    assert (late.kind, late.ends, late.charged) == ("renewal", START + seconds(1600), 600)


def test_without_leases_one_window_is_the_whole_session() -> None:
    caller = Caller(profile_with(lease=None, session=900, sessions_at_once=1))
    lease = caller.call()
    assert (lease.ends, lease.session_ends, lease.renew_after) == (START + seconds(900), START + seconds(900), None)


def test_a_profile_without_leases_minutes_or_slots_has_no_sessions() -> None:
    plain = profile_with(lease=None, per_hour=20)
    account, granted = grant(plain, SessionCall(), Account(), START, "unused")
    assert granted.lease is None
    assert not account.sessions
    with pytest.raises(SessionEnded):
        grant(plain, SessionCall("session-1"), account, START, "unused")


def test_fractions_of_a_second_are_the_callers() -> None:
    caller = Caller(profile_with())
    assert caller.at(0.9).call().ends == START + seconds(600)


# --- a reconnect without a handle


def test_a_first_connection_that_died_before_its_handle_is_replaced_once() -> None:
    caller = Caller(profile_with())
    session = caller.call(resumes=False).session
    assert caller.at(59).call(session, resumes=False).kind == "reconnect"
    caller.refusal(SessionEnded, session, resumes=False)
    assert caller.call(session).kind == "reconnect", "with a handle it is no new conversation"


def test_after_the_first_start_window_a_reconnect_brings_a_handle() -> None:
    caller = Caller(profile_with())
    session = caller.call().session
    caller.at(60).refusal(SessionEnded, session, resumes=False)


def test_a_renewed_window_is_not_reconnected_to_without_a_handle() -> None:
    caller = Caller(profile_with(lease=60, session=600))
    session = caller.call().session
    assert caller.at(59).call(session, resumes=False).kind == "renewal", "it has paid for its own window"
    caller.refusal(SessionEnded, session, resumes=False)


# --- slots


def test_a_session_beyond_the_limit_is_refused_until_the_second_at_which_a_slot_is_free() -> None:
    caller = Caller(profile_with(sessions_at_once=2))
    caller.call()
    caller.at(100).call()
    refusal = caller.at(200.25).refusal(TooManySessions)
    assert refusal.retry_after == seconds(399.75)
    assert refusal.open_sessions == ("session-1", "session-2")
    assert caller.at(600).call().kind == "first"


def test_an_ended_session_gives_its_slot_back_and_no_seconds() -> None:
    caller = Caller(profile_with(sessions_at_once=1, minutes_per_day=15))
    session = caller.call().session
    caller.end(session)
    caller.refusal(SessionEnded, session)
    assert caller.call().charged == 300


def test_ending_a_session_that_there_is_not_changes_nothing() -> None:
    caller = Caller(profile_with())
    caller.call()
    before = caller.account
    caller.end("another")
    assert caller.account == before


def test_a_session_goes_on_after_its_lease_only_into_a_free_slot() -> None:
    caller = Caller(profile_with(sessions_at_once=1))
    first = caller.call().session
    second = caller.at(700).call().session
    caller.at(800).refusal(TooManySessions, first)
    caller.end(second)
    assert caller.call(first).kind == "renewal"


def test_under_a_smaller_plan_the_oldest_sessions_go_on() -> None:
    caller = Caller(profile_with(sessions_at_once=3))
    first, second, third = (caller.call().session for _ in range(3))
    caller.profile = profile_with(sessions_at_once=2)
    caller.at(550)
    caller.refusal(TooManySessions, third)
    assert [caller.call(session).kind for session in (second, first)] == ["renewal", "renewal"]


def test_no_more_sessions_are_kept_than_fit_into_a_document() -> None:
    caller = Caller(profile_with(lease=30))
    for second in range(2 * MOST_SESSIONS):
        caller.at(31 * second).call()
    assert len(caller.account.sessions) <= MOST_SESSIONS


def test_sessions_that_are_over_are_forgotten() -> None:
    caller = Caller(profile_with())
    caller.call()
    assert caller.account.matters_until == START + seconds(3600)
    caller.at(3600).call()
    assert list(caller.account.sessions) == ["session-2"]


# --- minutes


def test_where_fewer_minutes_are_left_than_a_lease_it_is_shorter() -> None:
    caller = Caller(profile_with(minutes_per_day=15))
    session = caller.call().session
    short = caller.at(590).call(session)
    left = 300 + 590 * 15 * 60 // DAY
    assert (short.charged, short.ends) == (left, START + seconds(600 + left))


@pytest.mark.parametrize(("limits", "period"), [({"minutes_per_day": 10}, "day"), ({"minutes_per_month": 10}, "month")])
def test_below_the_shortest_lease_it_is_refused_until_that_one_is_due(limits: dict[str, int], period: str) -> None:
    caller = Caller(profile_with(**limits))
    session = caller.call().session
    caller.end(session)
    refusal = caller.refusal(MinutesExceeded)
    assert refusal.period == period
    assert refusal.retry_after is not None
    caller.now += refusal.retry_after - timedelta(microseconds=1)
    caller.refusal(MinutesExceeded)
    caller.now += timedelta(microseconds=1)
    assert caller.call().charged == SHORTEST_LEASE_SECONDS


def test_the_rest_of_a_session_may_be_shorter_than_the_shortest_lease() -> None:
    caller = Caller(profile_with(lease=600, session=610, minutes_per_day=20))
    session = caller.call().session
    assert caller.at(590).call(session).charged == 10


def test_a_reconnect_needs_no_minutes() -> None:
    caller = Caller(profile_with(minutes_per_day=10))
    session = caller.call().session
    assert caller.at(10).call(session).kind == "reconnect"
    caller.profile = profile_with(minutes_per_day=1)
    assert caller.at(20).call(session).kind == "reconnect"
