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
OTHER_PROFILE = replace(PROFILE, name="tutor")


def outcome(store: QuotaStore, caller: Caller = CALLER, profile: Profile = PROFILE) -> str:
    """Spend, and return `issued` or the reason why not."""
    try:
        store.spend(caller, profile, SessionCall(), AMPLE)
    except TokenNotIssued as error:
        return error.reason
    return "issued"


def outcomes(store: QuotaStore, calls: int, caller: Caller = CALLER, profile: Profile = PROFILE) -> list[str]:
    """Spend so many times, one after the other."""
    return [outcome(store, caller, profile) for _ in range(calls)]
