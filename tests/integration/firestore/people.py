"""Callers and profiles of these tests, and what they are told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from live_tokens.deadline import Deadline
from live_tokens.errors import TokenNotIssued
from live_tokens.issuing import Caller, Profile, Quota, QuotaStore, SessionCall

AMPLE = Deadline.after(3600)
"""The deadline of what is not about deadlines."""
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CALLER = Caller(uid="user-1", sign_in_provider="password")
PROFILE = Profile(
    name="default",
    model="models/gemini-3.8-live",
    start_within=timedelta(seconds=60),
    session=timedelta(seconds=900),
    config={},
    quota=Quota(per_hour=3),
)
LEASED = replace(PROFILE, lease=timedelta(seconds=300), quota=Quota(minutes_per_day=20, sessions_at_once=2))
"""Four leases a day, two sessions at once."""
NEW_SESSION = SessionCall()
OTHER_PROFILE = replace(PROFILE, name="tutor")


def outcome(
    store: QuotaStore, caller: Caller = CALLER, profile: Profile = PROFILE, call: SessionCall = NEW_SESSION
) -> str:
    """Spend, and return `issued`, or the kind of lease where there is one, or the reason why not."""
    try:
        lease = store.spend(caller, profile, call, AMPLE).lease
    except TokenNotIssued as error:
        return error.reason
    return "issued" if lease is None else lease.kind


def outcomes(store: QuotaStore, calls: int, caller: Caller = CALLER, profile: Profile = PROFILE) -> list[str]:
    """Spend so many times, one after the other."""
    return [outcome(store, caller, profile) for _ in range(calls)]
