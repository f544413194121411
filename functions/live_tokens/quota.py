"""Quota arithmetic: how many live tokens are left, and when the next one is due. No I/O.

The generic cell rate algorithm (GCRA): a limit of N per period is one timestamp per caller, which each spend moves on
by period / N. A caller who has rested may take N at once, then one each period / N. Nothing is counted or reset, and a
caller at the limit is told the second at which the next token is due.

Times are whole microseconds since the epoch: in binary fractions, N steps of period / N might not fill the period.
Source: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from live_tokens.errors import DailyQuotaExceeded, HourlyQuotaExceeded
from live_tokens.issuing import Quota, QuotaState

# Up to here, a period of whole microseconds holds N steps and never N + 1.
LARGEST_LIMIT = 10_000

Spent = Mapping[str, int]
"""What is stored for a caller and a profile: period → the time, in microseconds, at which all is as new; and beside it
`<period>_limit`, the limit that this time was reckoned with."""

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PERIODS = {"hour": timedelta(hours=1) // _MICROSECOND, "day": timedelta(days=1) // _MICROSECOND}
_EXCEEDED = {"hour": HourlyQuotaExceeded, "day": DailyQuotaExceeded}


def spend(quota: Quota, spent: Spent, now: datetime) -> tuple[dict[str, int], QuotaState | None]:
    """Take one live token.

    Where the limit has changed since, because the caller has another plan now, what was taken stays taken, and the rest
    of the new limit may be taken at once.

    Args:
        spent: what is stored; empty for a new caller.
        now: aware time.

    Returns:
        What to store from now on, and what is left: None where there is no limit.

    Raises:
        QuotaExceeded: with the longest of the waits. Nothing has been taken.
    """
    moment = _microseconds(now)
    after = dict(spent)
    waits = {}
    for period, limit in _limits(quota).items():
        step = _PERIODS[period] // limit
        after[period] = moment + _taken(spent, period, limit, moment) + step
        after[f"{period}_limit"] = limit
        waits[period] = after[period] - _PERIODS[period] - moment
    if not waits:
        return after, None
    longest = max(waits, key=waits.__getitem__)
    if waits[longest] > 0:
        wait = timedelta(microseconds=waits[longest])
        raise _EXCEEDED[longest](wait, now + wait)
    return after, _state(quota, after, moment)


def as_new_at(spent: Spent) -> datetime:
    """Return the aware UTC time from which on the stored times mean nothing any more."""
    return _EPOCH + timedelta(microseconds=max((spent.get(period, 0) for period in _PERIODS), default=0))


def _taken(spent: Spent, period: str, limit: int, moment: int) -> int:
    """Return how far ahead of the moment the stored time is, in microseconds of this limit.

    A limit of N counts each token as period / N. Rounded up, so that no change of plan gives anything away.
    """
    ahead = max(0, spent.get(period, 0) - moment)
    stored_limit = spent.get(f"{period}_limit", limit)
    if stored_limit == limit:
        return ahead
    return -(-ahead * (_PERIODS[period] // limit) // (_PERIODS[period] // stored_limit))


def _state(quota: Quota, after: Spent, moment: int) -> QuotaState:
    remaining = min(
        (_PERIODS[period] - (after[period] - moment)) // (_PERIODS[period] // limit)
        for period, limit in _limits(quota).items()
    )
    return QuotaState(remaining=remaining, reset_time=as_new_at({p: after[p] for p in _limits(quota)}))


def _limits(quota: Quota) -> Mapping[str, int]:
    limits = {"hour": quota.per_hour, "day": quota.per_day}
    return {period: limit for period, limit in limits.items() if limit is not None}


def _microseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND
