"""Sets, clears and lists stop switches. `live_tokens.stop_switches` defines what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from google.cloud.firestore import DocumentSnapshot

from live_tokens.errors import ServicePaused
from live_tokens.firestore_quota import SERVICE_SWITCH, SWITCHES, profile_switch, user_switch
from live_tokens.stop_switches import StopSwitches
from live_tokens_operations.admin.database import Database, time_of

_PREFIX_OF_PROFILES = profile_switch("")
_PREFIX_OF_USERS = user_switch("")


class EndHasPassedError(Exception):
    """A stop would end in the past."""

    def __init__(self, until: datetime, now: datetime) -> None:
        super().__init__(until, now)
        self.until = until
        self.now = now


@dataclass(frozen=True, slots=True)
class Target:
    """What a switch stops."""

    switch_id: str
    words: str

    @classmethod
    def service(cls) -> Target:
        return cls(SERVICE_SWITCH, "the whole service")

    @classmethod
    def profile(cls, name: str) -> Target:
        return cls(profile_switch(name), f"profile {name}")

    @classmethod
    def user(cls, uid: str) -> Target:
        return cls(user_switch(uid), f"user {uid}")

    def concerns(self, uid: str) -> bool:
        """Whether it stops calls of a user, with some profile or with all."""
        return self == Target.user(uid) or not self.switch_id.startswith("user")

    @classmethod
    def of(cls, switch_id: str) -> Target | None:
        """Return the target of a document, or None if no call reads that document."""
        if switch_id == SERVICE_SWITCH:
            return cls.service()
        target = None
        if switch_id.startswith(_PREFIX_OF_PROFILES):
            target = cls.profile(switch_id.removeprefix(_PREFIX_OF_PROFILES))
        elif switch_id.startswith(_PREFIX_OF_USERS):
            target = cls.user(unquote(switch_id.removeprefix(_PREFIX_OF_USERS)))
        return target if target is not None and target.switch_id == switch_id else None


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch that is set.

    Attributes:
        target: what it stops, or None if it stops nothing.
        on: whether it stops calls at this moment.
        message: words for the caller, or None.
        until: aware UTC time at which it ends by itself, or None.
    """

    switch_id: str
    target: Target | None
    on: bool
    message: str | None
    until: datetime | None

    @classmethod
    def read_from(cls, snapshot: DocumentSnapshot[Any]) -> Switch:
        """Return the switch of a document that exists, as it is at Firestore's time of the read."""
        fields = snapshot.to_dict() or {}
        target = Target.of(snapshot.id)
        message = fields.get("message")
        until = fields.get("until")
        return cls(
            switch_id=snapshot.id,
            target=target,
            on=target is not None and _stops(fields, snapshot.read_time),
            message=message if isinstance(message, str) else None,
            until=until if isinstance(until, datetime) else None,
        )


@dataclass(frozen=True, slots=True)
class Ending:
    """When a switch ends by itself. It never does if neither is given.

    Attributes:
        at: an aware time, or None.
        after: how long from now, or None.
    """

    at: datetime | None = None
    after: timedelta | None = None

    def from_now(self, now: datetime) -> datetime | None:
        """Return the time, or None for never.

        Raises:
            EndHasPassedError: it has passed already.
        """
        if self.at is not None and self.at <= now:
            raise EndHasPassedError(self.at, now)
        return self.at if self.after is None else now + self.after


def every_switch(database: Database) -> Iterator[Switch]:
    """Yield all switches that are set, including those that have ended."""
    return map(Switch.read_from, database.every(SWITCHES, ["message", "until"]))


def stop(database: Database, target: Target, message: str | None, ending: Ending) -> tuple[datetime | None, bool]:
    """Set a switch. It replaces an earlier one.

    Returns:
        When it ends, and whether it was on before.

    Raises:
        EndHasPassedError: nothing was written.
    """
    before = database.read(SWITCHES, target.switch_id)
    until = ending.from_now(time_of(before))
    fields = {"message": message, "until": until}
    database.write(SWITCHES, target.switch_id, {name: value for name, value in fields.items() if value is not None})
    return until, before.exists and Switch.read_from(before).on


def let_go_on(database: Database, target: Target) -> bool:
    """Clear a switch, and return whether it was on."""
    before = database.read(SWITCHES, target.switch_id)
    database.delete(SWITCHES, target.switch_id)
    return before.exists and Switch.read_from(before).on


def _stops(fields: Mapping[str, object], now: datetime) -> bool:
    try:
        StopSwitches(service=fields).refuse_stopped(now)
    except ServicePaused:
        return True
    return False
