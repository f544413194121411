"""The public keys that tokens are verified with. This module fetches them from one address and checks them first.

Fetching and verifying are separate steps. A failed fetch is an outage. A failed verification means a bad token. So no
error text has to be read to tell them apart.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from live_tokens.deadline import Deadline
from live_tokens.single_flight import Outcome, SingleFlight
from live_tokens.upstream import Answer, Upstream
from live_tokens.upstream_errors import UpstreamError

# While there are keys, the host is asked at most this often, whatever key ids callers make up.
ASK_AGAIN_SECONDS = 30.0
# A set is fresh for at most this long, whatever its answer says.
LONGEST_MAX_AGE_SECONDS = 86_400.0
# How long an old set is used during an outage of the host. Google rotates its keys daily.
STALE_SECONDS = 86_400.0

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=([0-9]{1,9})(?=$|[\s,])", re.IGNORECASE)

Keys = Mapping[str, Any]
"""Key id → public key, or None for one that cannot be read."""


class UnknownKeyError(Exception):
    """No key of that id is published."""


@dataclass(frozen=True, slots=True)
class _KeySet:
    """A good answer. Times are of the monotonic clock, in seconds."""

    keys: Keys
    fresh_until: float
    serves_until: float


class PublicKeys:
    """The keys at one address, kept for as long as they may be.

    A set that is too old or lacks a key is fetched again, at most once in `ASK_AGAIN_SECONDS`. The old set is used
    until a fetch succeeds.

    Args:
        read: finds the keys in the JSON of an answer. Raises ValueError unless it is of the documented form.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        upstream: Upstream,
        url: str,
        read: Callable[[Mapping[str, object]], Keys],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstream = upstream
        self._url = url
        self._read = read
        self._monotonic = monotonic
        self._kept: _KeySet | None = None
        self._fetching = SingleFlight(self._fetch, monotonic)

    def find(self, key_id: str, deadline: Deadline) -> Any:
        """Return the public key of that id.

        Raises:
            UnknownKeyError: no key of that id is published.
            UpstreamError: the keys could not be fetched, or this one cannot be read.
        """
        kept, now = self._kept, self._monotonic()
        if kept is None or now >= kept.serves_until:
            kept = self._fetching.run(deadline)
        elif kept.keys.get(key_id) is None:
            kept = self._fetching.run(deadline, self._asked_lately)
        elif now >= kept.fresh_until:
            kept = self._refreshed(kept, deadline)
        if key_id not in kept.keys:
            raise UnknownKeyError
        if kept.keys[key_id] is None:
            raise UpstreamError("unreadable key")
        return kept.keys[key_id]

    def fetch(self, deadline: Deadline) -> None:
        """Fetch the keys before they are needed.

        Raises:
            UpstreamError: they could not be fetched. `find` asks again then.
        """
        self._fetching.run(deadline)

    def _refreshed(self, kept: _KeySet, deadline: Deadline) -> _KeySet:
        """Return a newer key set if available. One thread fetches; the others keep the old set."""
        last = self._fetching.last
        if last is not None and self._asked_lately(last):
            return kept
        try:
            return self._fetching.run(deadline, self._asked_lately, wait=False)
        except UpstreamError:
            return kept

    def _asked_lately(self, outcome: Outcome[_KeySet]) -> bool:
        return self._monotonic() - outcome.started < ASK_AGAIN_SECONDS

    def _fetch(self, deadline: Deadline) -> _KeySet:
        answer = self._upstream.ask("GET", self._url, deadline)
        try:
            keys = self._read(answer.json_object())
        except ValueError as error:
            raise UpstreamError(f"unreadable: {type(error).__name__}") from error
        if not any(key is not None for key in keys.values()):
            raise UpstreamError("no readable key")
        now = self._monotonic()
        fresh_until = now + min(_max_age(answer), LONGEST_MAX_AGE_SECONDS)
        self._kept = _KeySet(keys, fresh_until, fresh_until + STALE_SECONDS)
        return self._kept


def _max_age(answer: Answer) -> float:
    """Return for how many seconds an answer may be kept; 0 if it does not say.

    Source: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.1
    """
    found = _MAX_AGE.search(answer.headers.get("Cache-Control", ""))
    return float(found[1]) if found else 0.0
