"""Quotas and stop switches in Firestore: one round trip to read, one to write, and no transaction.

Read-write transactions on one hot document collapse under a few parallel calls. Here each write carries the update time
of what was read as its precondition, so of two calls that read the same state one wins and the other reads again.
Source: https://firebase.google.com/docs/firestore/reference/rest/v1/Precondition
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import quote

from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    GoogleAPICallError,
    NotFound,
)

from live_tokens.deadline import Deadline
from live_tokens.errors import QuotaUnavailable
from live_tokens.firestore_documents import FirestoreDocuments, StoredDocument
from live_tokens.google_credentials import GoogleCredentials
from live_tokens.issuing import Caller, Grant, Lease, Profile, SessionCall
from live_tokens.quota import full_again_at
from live_tokens.sessions import Account, Session, grant, new_session_id
from live_tokens.stop_switches import StopSwitches
from live_tokens.upstream_errors import UpstreamError

Result = TypeVar("Result")

QUOTAS = "live_token_quotas"
SWITCHES = "live_token_switches"
SERVICE_SWITCH = "service"

# Of five instances that go on writing to one document, each loses four times out of five.
_ATTEMPTS = 50
_LONGEST_PAUSE_SECONDS = 0.05
_STRIPES = 64
# Of the 1500 bytes of an id. What is longer goes by its digest.
_LONGEST_SPELT_UID = 1_000


def quota_id(uid: str) -> str:
    """Return the id of a caller's quota document."""
    return _user(uid)


def user_switch(uid: str) -> str:
    """Return the id of the switch that blocks a user."""
    return _user(uid)


def profile_switch(name: str) -> str:
    """Return the id of the switch that pauses a profile."""
    return f"profile:{name}"


def _user(uid: str) -> str:
    """Name a user's document: a uid may hold slashes, which an id may not, and spelt out be longer than an id may be.

    Source: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
    """
    spelt = quote(uid, safe="")
    return f"user:{spelt}" if len(spelt) <= _LONGEST_SPELT_UID else f"user-sha256:{sha256(uid.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one round trip brought."""

    stored: StoredDocument
    switches: StopSwitches
    at: datetime


class FirestoreQuotaStore:
    """A `QuotaStore` with one document per caller.

    Time is Firestore's own time of the read, so that instances whose clocks differ give nothing away.

    Args:
        database: its name, `(default)` for the default one.
        credentials: the function's own, or None for the emulator.
        emulator_host: `host:port` of the emulator, or None for Google.
        decide_at: takes Firestore's time of a read and returns the time to decide with. Only tests pass one, to move
            time without waiting.
    """

    def __init__(
        self,
        project_id: str,
        database: str,
        credentials: GoogleCredentials | None = None,
        emulator_host: str | None = None,
        decide_at: Callable[[datetime], datetime] = lambda read_time: read_time,
    ) -> None:
        self._documents = FirestoreDocuments(project_id, database, credentials, emulator_host)
        self._decide_at = decide_at
        # Calls of one caller within this process take turns: they would only beat each other to the write.
        self._stripes = tuple(threading.Lock() for _ in range(_STRIPES))

    def spend(self, caller: Caller, profile: Profile, call: SessionCall, deadline: Deadline) -> Grant:
        new_id = new_session_id()

        def attempt() -> Grant | None:
            reading = self._read(caller, profile, deadline)
            reading.switches.refuse_stopped(reading.at)
            granted, update = _granted(reading, caller, profile, call, new_id)
            if not granted.counts or self._written(reading.stored, update, deadline):
                return granted
            return None

        return self._compare_and_set(caller, deadline, attempt)

    def end(self, caller: Caller, session: str, deadline: Deadline) -> None:
        def attempt() -> bool | None:
            (stored,) = self._documents.get([_quota_name(caller)], deadline).values()
            update = _without_session(stored.to_dict() or {}, session, caller)
            return update is None or self._written(stored, update, deadline) or None

        self._compare_and_set(caller, deadline, attempt)

    def _compare_and_set(self, caller: Caller, deadline: Deadline, attempt: Callable[[], Result | None]) -> Result:
        """Return what an attempt returns that was not beaten to the write."""
        stripe = self._stripes[hash(caller.uid) % _STRIPES]
        if not stripe.acquire(timeout=deadline.left()):
            raise QuotaUnavailable("waited for other calls in this instance")
        try:
            for _ in range(_ATTEMPTS):
                if not deadline.left():
                    break
                result = attempt()
                if result is not None:
                    return result
                time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))  # noqa: S311  # jitter
            raise QuotaUnavailable("contended")
        except UpstreamError as error:
            raise QuotaUnavailable(str(error), error.retry_after) from error
        except GoogleAPICallError as error:
            raise QuotaUnavailable(type(error).__name__) from error
        finally:
            stripe.release()

    def _read(self, caller: Caller, profile: Profile, deadline: Deadline) -> _Reading:
        switches = (SERVICE_SWITCH, profile_switch(profile.name), user_switch(caller.uid))
        names = [_quota_name(caller), *(f"{SWITCHES}/{switch}" for switch in switches)]
        found = self._documents.get(names, deadline)
        stored, service, paused, blocked = (found[name] for name in names)
        return _Reading(
            stored,
            StopSwitches(service.to_dict(), paused.to_dict(), blocked.to_dict()),
            self._decide_at(stored.read_time),
        )

    def _written(self, stored: StoredDocument, fields: dict[str, Any], deadline: Deadline) -> bool:
        """Write unless somebody else has written since the reading."""
        try:
            self._documents.write(stored, fields, deadline)
        except (AlreadyExists, FailedPrecondition, NotFound, Aborted):
            return False
        return True


def _quota_name(caller: Caller) -> str:
    return f"{QUOTAS}/{quota_id(caller.uid)}"


def _granted(
    reading: _Reading, caller: Caller, profile: Profile, call: SessionCall, new_id: str
) -> tuple[Grant, dict[str, Any]]:
    """Return what the call gets, and the document to write."""
    stored = reading.stored.to_dict() or {}
    with _readable(caller):
        account, granted = grant(profile, call, stored_account(stored, profile.name), reading.at, new_id)
        return granted, _update(stored, caller, profile, account, granted.lease, reading.at)


def _without_session(stored: Mapping[str, Any], session: str, caller: Caller) -> dict[str, Any] | None:
    """Return the fields to write, or None if the caller has no such session."""
    with _readable(caller):
        profiles = dict(stored.get("sessions", {}))
        kept = {name: {key: fields[key] for key in fields if key != session} for name, fields in profiles.items()}
        return None if kept == profiles else {"sessions": kept}


@contextmanager
def _readable(caller: Caller) -> Iterator[None]:
    """Raise `QuotaUnavailable` for a document that somebody has written to by hand."""
    try:
        yield
    except (AttributeError, TypeError, LookupError, ValueError, ArithmeticError) as error:
        raise QuotaUnavailable(f"unreadable document {QUOTAS}/{quota_id(caller.uid)}") from error


def stored_account(stored: Mapping[str, Any], profile: str) -> Account:
    """Return what a quota document holds of a profile.

    Raises:
        AttributeError, TypeError, ValueError, ArithmeticError: somebody has written to it by hand. Every call of this
            caller for this profile is then refused.
    """
    spent = stored.get("spent", {}).get(profile, {})
    _refuse_unreadable(spent)
    full_again_at(spent)
    sessions = stored.get("sessions", {}).get(profile, {})
    for fields in sessions.values():
        _refuse_unreadable(fields)
    return Account(spent, {key: Session(**fields) for key, fields in sessions.items()})


def _refuse_unreadable(values: Mapping[str, Any]) -> None:
    """Raise unless these are whole numbers from 0 on. NaN would give everything back."""
    if not all(type(value) is int and value >= 0 for value in values.values()):
        raise TypeError


def _update(
    stored: Mapping[str, Any], caller: Caller, profile: Profile, account: Account, lease: Lease | None, now: datetime
) -> dict[str, Any]:
    """Return the whole new document. No profile is forgotten: if time went back, its units would come back."""
    spent = {**stored.get("spent", {}), profile.name: dict(account.spent)}
    sessions = {**stored.get("sessions", {}), profile.name: {k: asdict(value) for k, value in account.sessions.items()}}
    ends = (fields["ends"] for of_profile in sessions.values() for fields in of_profile.values())
    today = now.date().isoformat()
    issued = stored.get("issued", {})
    before = issued if issued.get("date") == today else {}
    granted = lease.charged if lease else profile.session // timedelta(seconds=1)
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return {
        "uid": caller.uid,
        "spent": spent,
        **({"sessions": sessions} if any(sessions.values()) or "sessions" in stored else {}),
        # For the operator: how many tokens, and the seconds of talk that they grant, since midnight UTC.
        "issued": {"date": today, "count": before.get("count", 0) + 1, "seconds": before.get("seconds", 0) + granted},
        "expire_at": max(
            tomorrow,
            *(full_again_at(times) for times in spent.values()),
            datetime.fromtimestamp(max(ends, default=0), UTC),
        ),
    }
