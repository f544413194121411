"""Sessions in leases: which window a call gets, what it costs, and how many are open at once. No I/O.

A session is one conversation of one caller with one profile, over all its connections. Nobody can revoke a token, so no
token lasts longer than a lease. A session's windows follow each other without a gap, and each is charged once:

    started            leased_until                                     started + session
    |---- window ------|---- window ------|---- window ------|-- last --|
            reconnect ^ ^ renewal: the next window

Times are whole seconds since the epoch, of the store's clock.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from live_tokens.errors import SessionEnded, TooManySessions
from live_tokens.issuing import Grant, Lease, Profile, SessionCall
from live_tokens.quota import Spent, full_again_at, seconds_left, spend

SHORTEST_LEASE_SECONDS = 30
"""Where fewer seconds are left than this, a call is refused until they are due."""

MOST_SESSIONS = 100
"""How many sessions of one caller and profile are kept. Of more, the longest unused are forgotten."""

# A renewal can be asked for in the last third of a window, but no longer than a minute before its end.
_RENEWAL_SECONDS = 60
# The call, the mint and the swap of sockets fit into this.
_SWAP_SECONDS = 10
# A token that ends sooner than this could be over before it is minted.
_LEAST_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Session:
    """What is stored of a session.

    Attributes:
        started: when its first window began.
        ends: when it is over, however often it is renewed.
        leased_from: when its latest window began.
        leased_until: when that window ends. Until then it holds a slot.
        reconnected: 1 if its first window was reconnected to without a handle.
    """

    started: int
    ends: int
    leased_from: int
    leased_until: int
    reconnected: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """What is stored for a caller and a profile.

    Attributes:
        spent: of the limits.
        sessions: id → session, those that can go on.
    """

    spent: Spent = field(default_factory=dict)
    sessions: Mapping[str, Session] = field(default_factory=dict)

    @property
    def matters_until(self) -> datetime:
        """The aware UTC time from which on nothing of this means anything any more."""
        return max(full_again_at(self.spent), *(_time(session.ends) for session in self.sessions.values()), _time(0))


def new_session_id() -> str:
    """Return an id that nobody can guess: 16 characters of a URL."""
    return secrets.token_urlsafe(12)


def renewal_seconds(lease_seconds: int) -> int:
    """Return how long before the end of a lease the next one can be asked for."""
    return min(lease_seconds // 3, _RENEWAL_SECONDS)


def grant(profile: Profile, call: SessionCall, account: Account, now: datetime, new_id: str) -> tuple[Account, Grant]:
    """Decide a call: take a token, and the seconds of its window unless it has them already.

    Args:
        now: aware time of the store.
        new_id: for a session that begins.

    Returns:
        What to store from now on, and what the call gets.

    Raises:
        QuotaExceeded: a limit is reached, or too many sessions are open. Nothing has been taken.
        SessionEnded: the session that is named cannot go on.
    """
    if not profile.has_sessions:
        if call.session is not None:
            raise SessionEnded("this profile has no sessions")
        spent, state = spend(profile.quota, account.spent, now)
        return replace(account, spent=spent), Grant(state)
    at = int(now.timestamp())
    sessions = {key: session for key, session in account.sessions.items() if at < session.ends}
    kind: Literal["first", "renewal", "reconnect"]
    if call.session is None:
        _require_slot(profile, sessions, now)
        session_id, kind, session = new_id, "first", Session(at, at + _whole(profile.session), at, at)
    elif call.session not in sessions or at >= sessions[call.session].ends - _LEAST_SECONDS:
        raise SessionEnded("unknown, ended, or over")
    else:
        session_id, session = call.session, sessions[call.session]
        kind = "renewal" if _is_renewal(session, at) else "reconnect"
    if kind == "reconnect":
        seconds, session = 0, _reconnected(profile, session, call, at)
    else:
        if kind == "renewal":
            _require_slot(profile, _sessions_with_priority(sessions, session_id, at), now)
        seconds = _affordable(profile, session, account.spent, now)
        begins = max(session.leased_until, at)
        session = replace(session, leased_from=begins, leased_until=begins + seconds)
    spent, state = spend(profile.quota, account.spent, now, seconds)
    kept = Account(spent, _newest({**sessions, session_id: session}))
    return kept, Grant(state, _lease(session_id, kind, session, seconds))


def end(account: Account, session: str) -> Account:
    """Give the slot of a session back. Its seconds stay spent: a token cannot be taken back."""
    return replace(account, sessions={key: value for key, value in account.sessions.items() if key != session})


def _is_renewal(session: Session, at: int) -> bool:
    """Whether a call that names this session gets its next window."""
    if at >= session.leased_until:
        return True
    renew_at = _renewable_from(session)
    return renew_at is not None and at >= renew_at


def _renewable_from(session: Session) -> int | None:
    """Return when the next window can be asked for, or None in the last one."""
    if session.leased_until >= session.ends:
        return None
    return session.leased_until - renewal_seconds(session.leased_until - session.leased_from)


def _reconnected(profile: Profile, session: Session, call: SessionCall, at: int) -> Session:
    """Return the session after another token for the same window.

    Without a handle that token begins a conversation from nothing, beside the one that is open. So it is for the case
    that the first connection died before it got a handle, and for once: else one lease would pay for many.
    """
    if call.resumes:
        return session
    in_first_start = session.leased_from == session.started and at < session.started + _whole(profile.start_within)
    if session.reconnected or not in_first_start:
        raise SessionEnded("a reconnect without a handle")
    return replace(session, reconnected=1)


def _require_slot(profile: Profile, others: Mapping[str, Session], now: datetime) -> None:
    """Raise unless one more session may be open beside the others."""
    at_once = min(profile.quota.sessions_at_once or MOST_SESSIONS, MOST_SESSIONS)
    occupied = {key: session for key, session in others.items() if int(now.timestamp()) < session.leased_until}
    if len(occupied) < at_once:
        return
    free_at = _time(sorted(session.leased_until for session in occupied.values())[len(occupied) - at_once])
    raise TooManySessions(free_at - now, free_at, tuple(occupied))


def _sessions_with_priority(sessions: Mapping[str, Session], session_id: str, at: int) -> dict[str, Session]:
    """Return the sessions that come before this one where a smaller plan has too few slots for all.

    The older have the better right, so that after a change of plan as many go on as the new one has slots. A session
    whose lease is over holds no slot: every other comes before it.
    """
    this = sessions[session_id]
    rank = (this.started, session_id)
    others = {key: session for key, session in sessions.items() if key != session_id}
    if at >= this.leased_until:
        return others
    return {key: session for key, session in others.items() if (session.started, key) < rank}


def _affordable(profile: Profile, session: Session, spent: Spent, now: datetime) -> int:
    """Return how long the next window is, in seconds: what is left of session and minutes, at most a lease.

    If that is less than the shortest lease, the seconds of that one are returned, which `spend` refuses with its wait.
    """
    begins = max(session.leased_until, int(now.timestamp()))
    wanted = min(_whole(profile.lease or profile.session), session.ends - begins)
    left = seconds_left(profile.quota, spent, now)
    return wanted if left is None else max(min(wanted, left), min(wanted, SHORTEST_LEASE_SECONDS))


def _newest(sessions: Mapping[str, Session]) -> dict[str, Session]:
    kept = sorted(sessions, key=lambda key: sessions[key].leased_until)[-MOST_SESSIONS:]
    return {key: sessions[key] for key in sessions if key in kept}


def _lease(session_id: str, kind: Literal["first", "renewal", "reconnect"], session: Session, charged: int) -> Lease:
    renew_at = _renewable_from(session)
    until_swap = min(_SWAP_SECONDS, (session.leased_until - renew_at) // 2) if renew_at is not None else 0
    return Lease(
        session=session_id,
        kind=kind,
        ends=_time(session.leased_until),
        seconds=session.leased_until - session.leased_from,
        charged=charged,
        session_ends=_time(session.ends),
        renew_after=None if renew_at is None else _time(renew_at),
        renew_before=None if renew_at is None else _time(session.leased_until - until_swap),
    )


def _whole(duration: timedelta) -> int:
    return duration // timedelta(seconds=1)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
