"""Stop switches: what the operator has stopped, without a deployment. No I/O.

A switch is a small document: `{}`, or with `message` (words for the caller) and `until` (when it ends by itself).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from live_tokens.errors import ServicePaused, UserBlocked

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StopSwitches:
    """The switches that concern one call; None where a switch is not set."""

    service: Document | None = None
    profile: Document | None = None
    user: Document | None = None

    def refuse_stopped(self, now: datetime) -> None:
        """Do nothing unless a switch is set and has not ended.

        Raises:
            ServicePaused, UserBlocked: with the operator's message.
        """
        for name, document in (("service", self.service), ("profile", self.profile)):
            if document is not None and _is_on(document, now):
                raise ServicePaused(_message(document), _left(document, now), f"switch: {name}")
        if self.user is not None and _is_on(self.user, now):
            raise UserBlocked(_message(self.user), _left(self.user, now))


def _is_on(document: Document, now: datetime) -> bool:
    until = _until(document)
    return until is None or now < until


def _left(document: Document, now: datetime) -> timedelta | None:
    until = _until(document)
    return None if until is None else until - now


def _until(document: Document) -> datetime | None:
    """If `until` is invalid, the switch has no end."""
    until = document.get("until")
    return until if isinstance(until, datetime) and until.tzinfo is not None else None


def _message(document: Document) -> str | None:
    message = document.get("message")
    return message if isinstance(message, str) and message else None
