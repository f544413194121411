"""Quota arithmetic: how many live tokens and seconds of talk are left, and when more are due. No I/O.

The generic cell rate algorithm (GCRA): a limit of N per period is one timestamp per caller, which each unit moves on
by period / N. An idle caller can take N at once, then one each period / N. Nothing is counted or reset, and a caller at
the limit is told the second at which the next is due. A token is one unit; a lease of n seconds is n units.

Times are whole microseconds since the epoch: in binary fractions, N steps of period / N might not fill the period.
Source: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from live_tokens.errors import DailyQuotaExceeded, HourlyQuotaExceeded, MinutesExceeded, QuotaExceeded
from live_tokens.issuing import Quota, QuotaState

# Up to these, a period of whole microseconds holds N steps and never N + 1.
LARGEST_LIMIT = 10_000
LARGEST_MINUTES_PER_DAY = 4_000
LARGEST_MINUTES_PER_MONTH = 20_000

Spent = Mapping[str, int]
"""What is stored for a caller and a profile: limit → the time, in microseconds, at which all is as new; and beside it
`<limit>_limit`, the units that this time was computed with."""

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STORED = ("hour", "day", "talk_day", "talk_month")


@dataclass(frozen=True, slots=True)
class _Limit:
    """One limit of a quota.

    Attributes:
        name: how it is stored.
        period: microseconds.
        units: how many tokens, or seconds, the period has.
        exceeded: makes the error from the wait and its end.
    """

    name: str
    period: int
    units: int
    exceeded: Callable[[timedelta, datetime], QuotaExceeded]

    @property
    def step(self) -> int:
        return self.period // self.units

    def taken(self, spent: Spent, moment: int) -> int:
        """Return how far ahead of the moment the stored time is, in microseconds of this limit.

        Where the limit has changed, each unit counts as one of the new limit. Rounded up, so that no change of plan
        gives anything away.
        """
        ahead = max(0, spent.get(self.name, 0) - moment)
        stored_units = spent.get(f"{self.name}_limit", self.units)
        if stored_units == self.units:
            return ahead
        return -(-ahead * self.step // (self.period // stored_units))

    def left(self, spent: Spent, moment: int) -> int:
        """Return how many units may be taken at once."""
        return max(0, (self.period - self.taken(spent, moment)) // self.step)


def spend(quota: Quota, spent: Spent, now: datetime, seconds: int = 0) -> tuple[dict[str, int], QuotaState | None]:
    """Take one live token, and the seconds that it grants.

    Where a limit has changed since, because the caller has another plan now, what was taken stays taken, and the rest
    of the new limit may be taken at once.

    Args:
        spent: what is stored; empty for a new caller.
        now: aware time.
        seconds: of talk.

    Returns:
        What to store from now on, and what is left: None where there is no limit.

    Raises:
        QuotaExceeded: with the longest of the waits. Nothing has been taken.
    """
    moment = _microseconds(now)
    tokens, talk = _token_limits(quota), _talk_limits(quota)
    after = dict(spent)
    waits = {}
    for limit, units in [*((limit, 1) for limit in tokens), *((limit, seconds) for limit in talk)]:
        after[limit.name] = moment + limit.taken(spent, moment) + units * limit.step
        after[f"{limit.name}_limit"] = limit.units
        waits[limit.exceeded] = after[limit.name] - limit.period - moment if units else 0
    if not waits:
        return after, None
    longest = max(waits, key=waits.__getitem__)
    if waits[longest] > 0:
        wait = timedelta(microseconds=waits[longest])
        raise longest(wait, now + wait)
    state = QuotaState(
        remaining=min((limit.left(after, moment) for limit in tokens), default=None),
        reset_time=full_again_at({limit.name: after[limit.name] for limit in (*tokens, *talk)}),
        seconds_left=seconds_left(quota, after, now),
    )
    return after, state


def seconds_left(quota: Quota, spent: Spent, now: datetime) -> int | None:
    """Return how many seconds of talk may be granted at once, or None where they have no limit."""
    moment = _microseconds(now)
    return min((limit.left(spent, moment) for limit in _talk_limits(quota)), default=None)


def most_tokens(quota: Quota, span: timedelta) -> int | None:
    """Return how many tokens an idle caller can take within a span, or None where they have no limit."""
    return _most(_token_limits(quota), span)


def most_seconds(quota: Quota, span: timedelta) -> int | None:
    """Return how many seconds of talk an idle caller can be granted within a span, or None where they have no limit."""
    return _most(_talk_limits(quota), span)


def full_again_at(spent: Spent) -> datetime:
    """Return the aware UTC time from which on the stored times mean nothing any more."""
    return _EPOCH + timedelta(microseconds=max((spent.get(name, 0) for name in _STORED), default=0))


def _token_limits(quota: Quota) -> tuple[_Limit, ...]:
    limits = (
        ("hour", timedelta(hours=1), quota.per_hour, HourlyQuotaExceeded),
        ("day", timedelta(days=1), quota.per_day, DailyQuotaExceeded),
    )
    return tuple(
        _Limit(name, period // _MICROSECOND, units, exceeded) for name, period, units, exceeded in limits if units
    )


def _talk_limits(quota: Quota) -> tuple[_Limit, ...]:
    limits = (
        ("talk_day", timedelta(days=1), quota.minutes_per_day, partial(MinutesExceeded, period="day")),
        ("talk_month", timedelta(days=30), quota.minutes_per_month, partial(MinutesExceeded, period="month")),
    )
    return tuple(
        _Limit(name, period // _MICROSECOND, 60 * minutes, exceeded)
        for name, period, minutes, exceeded in limits
        if minutes
    )


def _most(limits: tuple[_Limit, ...], span: timedelta) -> int | None:
    """Return the units of a full limit and of what refills until the end of the span; the smallest of the limits."""
    return min(((limit.period + span // _MICROSECOND) // limit.step for limit in limits), default=None)


def _microseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND
