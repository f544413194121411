"""The two forms of RFC 3339 timestamps that this service writes. Both take aware UTC times."""

from __future__ import annotations

from datetime import datetime


def with_fraction(time: datetime) -> str:
    """Return a timestamp with the microseconds, if there are any, as in `2026-10-05T09:30:00.250000Z`."""
    return time.isoformat().replace("+00:00", "Z")


def in_whole_seconds(time: datetime) -> str:
    """Return a timestamp without a fraction, as in `2026-10-05T09:30:00Z`. The fraction is cut off, not rounded."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
