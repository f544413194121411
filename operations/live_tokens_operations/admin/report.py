"""Output for the operator. Times are UTC. Control characters in the texts of others have no effect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from live_tokens_operations.admin.account import Account
from live_tokens_operations.admin.quotas import Today
from live_tokens_operations.admin.switches import Switch
from live_tokens_operations.bounds import Bound
from live_tokens_operations.one_line import one_line

# Output to a pipe is not wrapped or cut.
_WIDTH_OF_A_FILE = 10_000
_NUMBERS = {"MINUTES", "TOKENS", "USED", "LEFT", "WITHIN"}
_IN_ONE_PIECE = {"STATE", "UNTIL"}


def console_on(stream: TextIO) -> Console:
    return Console(
        file=stream,
        width=None if stream.isatty() else _WIDTH_OF_A_FILE,
        soft_wrap=True,
        markup=False,
        highlight=False,
        emoji=False,
    )


def when(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def plain(text: str) -> Text:
    """Return text without control characters."""
    return Text(one_line(text))


def show_switches(console: Console, switches: Iterable[Switch]) -> None:
    """Print a table of the switches that are set: those that stop calls first."""
    rows = sorted(switches, key=lambda switch: not switch.on)
    stopping = sum(switch.on for switch in rows)
    console.print(f"{stopping} switches stop calls at this moment." if stopping != 1 else "1 switch stops calls.")
    if not rows:
        return
    table = _table("WHAT", "STATE", "UNTIL", "MESSAGE")
    for switch in rows:
        table.add_row(
            plain(switch.target.words if switch.target else f"document {switch.switch_id}"),
            _state(switch),
            when(switch.until) if switch.until else "until it is cleared" if switch.on else "",
            plain(switch.message or ""),
        )
    console.print(table)


def show_heaviest(console: Console, today: Today) -> None:
    """Print a table of callers and what they have taken today."""
    console.print(
        f"Today, since midnight UTC: {today.tokens} live tokens for {_minutes(today.seconds)} minutes, "
        f"{today.callers} callers."
    )
    if not today.heaviest:
        return
    table = _table("MINUTES", "TOKENS", "UID")
    for usage in today.heaviest:
        table.add_row(_minutes(usage.seconds), str(usage.tokens), plain(usage.uid))
    console.print(table)


def show_account(console: Console, account: Account) -> None:
    """Print a caller's sessions, and a table of what is left."""
    tokens, seconds = (account.today.tokens, account.today.seconds) if account.today else (0, 0)
    leased = sum(session.leased for session in account.sessions)
    console.print(
        plain(
            f"User {account.uid}, at {when(account.at)}: {tokens} live tokens for {_minutes(seconds)} minutes since "
            f"midnight UTC. Open sessions: {leased}."
        )
    )
    for each in account.sessions:
        # Lines, because a table this wide would be cut.
        session = each.session
        console.print(
            plain(
                f"{each.profile} {each.session_id} {'open' if each.leased else 'lease over'}: "
                f"began {_second(session.started)}, lease ends {_second(session.leased_until)}, "
                f"session ends {_second(session.ends)}"
            )
        )
    if account.limits:
        console.print("The limits are those of this user's plan at the last call.")
        table = _table("PROFILE", "LIMIT", "USED", "LEFT")
        for limit in account.limits:
            table.add_row(plain(limit.profile), f"{limit.allowed} {limit.of}", f"{limit.used:g}", f"{limit.left:g}")
        console.print(table)


def show_bounds(console: Console, bounds: Sequence[Bound]) -> None:
    """Print for how long talk goes on that was granted before a stop."""
    known = [bound.seconds for bound in bounds if bound.seconds is not None]
    if len(known) == len(bounds):
        console.print(f"Nobody can take back a live token, but talk ends within {max(known)} s:")
    else:
        console.print("Nobody can take back a live token. Talk ends, where that is known here, within:")
    table = _table("PROFILE", "WITHIN", "BECAUSE OF")
    for bound in bounds:
        table.add_row(plain(bound.profile), "?" if bound.seconds is None else f"{bound.seconds} s", bound.cause)
    console.print(table)


def _state(switch: Switch) -> str:
    if switch.target is None:
        return "stops nothing"
    return "ON" if switch.on else "ended"


def _second(second: int) -> str:
    return when(datetime.fromtimestamp(second, UTC))


def _minutes(seconds: int) -> str:
    return f"{seconds / 60:.1f}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        # Numbers, a state and a time stay in one piece; uids and words may be folded, never cut.
        number = column in _NUMBERS
        table.add_column(
            column, overflow="fold", justify="right" if number else "left", no_wrap=number or column in _IN_ONE_PIECE
        )
    return table
