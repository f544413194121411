"""Quotas in memory, for the local stack: the same arithmetic and switches as in Firestore, of one process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from live_tokens.deadline import Deadline
from live_tokens.errors import QuotaUnavailable
from live_tokens.issuing import Caller, Grant, Profile, SessionCall
from live_tokens.sessions import Account, end, grant, new_session_id
from live_tokens.stop_switches import Document, StopSwitches

_KINDS = ("service", "profiles", "users")
_PARTS = ("message", "until")
_SHOWN_OF_A_NAME = 20
_FEWEST_LOOKED_THROUGH = 64


class MemoryQuotaStore:
    """A `QuotaStore` that forgets everything when the process ends. `Settings` refuses it on Cloud Run.

    Args:
        switches_file: JSON file of stop switches, read for every call, or None. Its form is
            `{"service": {…}, "profiles": {"<name>": {…}}, "users": {"<uid>": {…}}}`, all of it optional, each switch
            `{"message"?: string, "until"?: RFC 3339 string}`. With any other name in it, nothing is granted.
        now: the current aware UTC time. When it goes back, time stands still here.
    """

    def __init__(
        self, switches_file: Path | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._switches_file = switches_file
        self._clock = now
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._accounts: dict[tuple[str, str], Account] = {}
        self._look_through_at = _FEWEST_LOOKED_THROUGH
        self._deciding = threading.Lock()

    def spend(self, caller: Caller, profile: Profile, call: SessionCall, deadline: Deadline) -> Grant:  # noqa: ARG002  # never waits
        with self._deciding:
            self._latest = now = max(self._latest, self._clock())
            self._switches(caller, profile).refuse_stopped(now)
            self._drop_full_accounts(now)
            holder = (caller.uid, profile.name)
            account, granted = grant(profile, call, self._accounts.get(holder, Account()), now, new_session_id())
            if granted.counts:
                self._accounts[holder] = account
            return granted

    def end(self, caller: Caller, session: str, deadline: Deadline) -> None:  # noqa: ARG002  # never waits
        with self._deciding:
            for holder, account in self._accounts.items():
                if holder[0] == caller.uid:
                    self._accounts[holder] = end(account, session)

    def _drop_full_accounts(self, now: datetime) -> None:
        """Look through all accounts when they have doubled since the last time: on average one for each call."""
        if len(self._accounts) < self._look_through_at:
            return
        self._accounts = {holder: account for holder, account in self._accounts.items() if account.matters_until > now}
        self._look_through_at = max(_FEWEST_LOOKED_THROUGH, 2 * len(self._accounts))

    def _switches(self, caller: Caller, profile: Profile) -> StopSwitches:
        if self._switches_file is None or not self._switches_file.exists():
            return StopSwitches()
        try:
            switches = json.loads(self._switches_file.read_text(encoding="utf-8"))
            profiles, users = switches.get("profiles", {}), switches.get("users", {})
            _require_known(switches, _KINDS)
            for switch in (switches.get("service"), *profiles.values(), *users.values()):
                _require_known(switch or {}, _PARTS)
            return StopSwitches(
                service=_switch(switches.get("service")),
                profile=_switch(profiles.get(profile.name)),
                user=_switch(users.get(caller.uid)),
            )
        except _UnknownNameError as error:
            raise QuotaUnavailable(f"switches file: {error}") from error
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise QuotaUnavailable(f"switches file: {type(error).__name__}") from error


class _UnknownNameError(Exception):
    """A name in the file that nothing reads: a switch that its writer believes is set."""


def _require_known(document: dict[str, Any], known: tuple[str, ...]) -> None:
    for name in document.keys() - {*known}:
        raise _UnknownNameError(f"“{name[:_SHOWN_OF_A_NAME]}” is not one of {', '.join(known)}")


def _switch(value: dict[str, Any] | None) -> Document | None:
    if value is None:
        return None
    return value | ({"until": datetime.fromisoformat(value["until"])} if "until" in value else {})
