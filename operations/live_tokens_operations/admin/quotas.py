"""How many tokens callers have taken."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from live_tokens.firestore_quota import QUOTAS, quota_id
from live_tokens_operations.admin.database import Database

_PREFIX = quota_id("")


@dataclass(frozen=True, slots=True)
class Usage:
    """What one caller has taken today.

    Attributes:
        tokens: how many live tokens since midnight UTC.
    """

    uid: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Today:
    """What was taken today, by Firestore's clock.

    Attributes:
        heaviest: the callers with the most tokens, most first.
        callers: how many callers there are in all.
    """

    heaviest: tuple[Usage, ...]
    callers: int
    tokens: int


def today(database: Database, limit: int) -> Today:
    """Count the tokens of today.

    Production has no index to ask for the heaviest, so every document is read and sorted here.

    Args:
        limit: how many of the callers to name.
    """
    usages = list(_usages(database))
    heaviest = heapq.nsmallest(limit, usages, key=lambda usage: (-usage.tokens, usage.uid))
    return Today(tuple(heaviest), len(usages), sum(usage.tokens for usage in usages))


def forget(database: Database, uid: str) -> bool:
    """Delete what is stored of a caller, and return whether there was anything.

    A call in progress finds the document gone when it writes, and reads again.
    """
    before = database.read(QUOTAS, quota_id(uid))
    database.delete(QUOTAS, quota_id(uid))
    return before.exists


def _usages(database: Database) -> Iterator[Usage]:
    for snapshot in database.every(QUOTAS, ["uid", "issued"]):
        fields = snapshot.to_dict() or {}
        issued = fields.get("issued") or {}
        if issued.get("date") == snapshot.read_time.date().isoformat():
            uid = fields.get("uid") or unquote(snapshot.id.removeprefix(_PREFIX))
            yield Usage(uid, issued.get("count", 0))
