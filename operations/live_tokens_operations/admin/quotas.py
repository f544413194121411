"""What callers have taken today."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from google.cloud.firestore import DocumentSnapshot

from live_tokens.firestore_quota import QUOTAS, quota_id
from live_tokens_operations.admin.database import Database

_PREFIX = quota_id("")


@dataclass(frozen=True, slots=True)
class Usage:
    """What one caller has taken since midnight UTC.

    Attributes:
        seconds: of talk, which the tokens grant: their leases, or whole sessions of profiles without leases.
    """

    uid: str
    tokens: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Today:
    """What was taken today, by Firestore's clock.

    Attributes:
        heaviest: the callers with the most talk, most first.
        callers: how many callers there are in all.
    """

    heaviest: tuple[Usage, ...]
    callers: int
    tokens: int
    seconds: int


def today(database: Database, limit: int) -> Today:
    """Count what was taken today.

    Production has no index to ask for the heaviest, so every document is read and sorted here.

    Args:
        limit: how many of the callers to name.
    """
    usages = list(filter(None, map(usage_of, database.every(QUOTAS, ["uid", "issued"]))))
    heaviest = heapq.nsmallest(limit, usages, key=lambda usage: (-usage.seconds, -usage.tokens, usage.uid))
    tokens, seconds = sum(usage.tokens for usage in usages), sum(usage.seconds for usage in usages)
    return Today(tuple(heaviest), len(usages), tokens, seconds)


def usage_of(snapshot: DocumentSnapshot[Any]) -> Usage | None:
    """Return what the caller of a quota document has taken on the day of the reading, or None."""
    fields = snapshot.to_dict() or {}
    issued = fields.get("issued") or {}
    if issued.get("date") != snapshot.read_time.date().isoformat():
        return None
    uid = fields.get("uid") or unquote(snapshot.id.removeprefix(_PREFIX))
    return Usage(uid, issued.get("count", 0), issued.get("seconds", 0))


def forget(database: Database, uid: str) -> bool:
    """Delete what is stored of a caller, and return whether there was anything.

    A call in progress finds the document gone when it writes, and reads again.
    """
    before = database.read(QUOTAS, quota_id(uid))
    database.delete(QUOTAS, quota_id(uid))
    return before.exists
