"""What one caller has open and left, by the function's own arithmetic and Firestore's own time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from live_tokens.errors import QuotaExceeded
from live_tokens.firestore_quota import QUOTAS, quota_id, stored_account
from live_tokens.issuing import Quota
from live_tokens.quota import Spent, seconds_left, spend
from live_tokens.sessions import Session
from live_tokens_operations.admin.database import Database, time_of
from live_tokens_operations.admin.quotas import Usage, usage_of
from live_tokens_operations.process import OperationError

_LIMITS: Mapping[str, tuple[str, int, Callable[[int], Quota]]] = {
    "hour": ("live tokens an hour", 1, lambda allowed: Quota(per_hour=allowed)),
    "day": ("live tokens a day", 1, lambda allowed: Quota(per_day=allowed)),
    "talk_day": ("minutes a day", 60, lambda allowed: Quota(minutes_per_day=allowed)),
    "talk_month": ("minutes in 30 days", 60, lambda allowed: Quota(minutes_per_month=allowed)),
}
"""How a limit is stored → its words, how many stored units make one of those, and the quota with that limit alone."""


class UnreadableAccountError(OperationError):
    """Somebody has written to a caller's document by hand."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that has not ended.

    Attributes:
        leased: whether its lease is not over, so that it holds a slot. Otherwise the app can still renew it.
    """

    profile: str
    session_id: str
    session: Session
    leased: bool


@dataclass(frozen=True, slots=True)
class LimitState:
    """One limit, as of the caller's last call: the document does not name the plan, but keeps what it allowed.

    Attributes:
        of: what it counts and the period, such as `minutes a day`.
        allowed: how many of those a period has.
        left: how many of them can be taken at once. Minutes are rounded down to a tenth.
    """

    profile: str
    of: str
    allowed: int
    left: float

    @property
    def used(self) -> float:
        return round(self.allowed - self.left, 1)


@dataclass(frozen=True, slots=True)
class Account:
    """What is stored of a caller.

    Attributes:
        at: aware time of the reading.
        today: None if the caller has taken nothing since midnight UTC.
    """

    uid: str
    at: datetime
    today: Usage | None
    sessions: tuple[OpenSession, ...]
    limits: tuple[LimitState, ...]


def account_of(database: Database, uid: str) -> Account:
    """Read the account of a caller; of one of whom nothing is stored, it is empty.

    Raises:
        UnreadableAccountError: the document has been changed by hand.
    """
    snapshot = database.read(QUOTAS, quota_id(uid))
    stored, now = snapshot.to_dict() or {}, time_of(snapshot)
    try:
        return Account(uid, now, usage_of(snapshot), tuple(_sessions(stored, now)), tuple(_limits(stored, now)))
    except (AttributeError, TypeError, ValueError, ArithmeticError) as error:
        raise UnreadableAccountError(
            f"Somebody has changed the document {QUOTAS}/{quota_id(uid)} by hand, and it cannot be read. Calls of this "
            f"user are refused with QUOTA_UNAVAILABLE. `reset {uid}` deletes it."
        ) from error


def _sessions(stored: Mapping[str, Any], now: datetime) -> Iterator[OpenSession]:
    at = int(now.timestamp())
    for profile in sorted(stored.get("sessions", {})):
        sessions = stored_account(stored, profile).sessions
        for session_id, session in sorted(sessions.items(), key=lambda item: item[1].started):
            if at < session.ends:
                yield OpenSession(profile, session_id, session, at < session.leased_until)


def _limits(stored: Mapping[str, Any], now: datetime) -> Iterator[LimitState]:
    for profile in sorted(stored.get("spent", {})):
        spent = stored_account(stored, profile).spent
        for name, (of, units, quota) in _LIMITS.items():
            if allowed := spent.get(f"{name}_limit", 0) // units:
                yield LimitState(profile, of, allowed, _left(quota(allowed), spent, now))


def _left(quota: Quota, spent: Spent, now: datetime) -> float:
    """Return how much of a quota with one limit can be taken at once."""
    seconds = seconds_left(quota, spent, now)
    if seconds is not None:
        return seconds // 6 / 10
    try:
        _, state = spend(quota, spent, now)
    except QuotaExceeded:
        return 0
    return 1 + (state.remaining or 0) if state else 0
