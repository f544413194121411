"""Output for the operator. Times are UTC. Control characters in the texts of others have no effect."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from live_tokens_operations.admin.quotas import Today
from live_tokens_operations.admin.switches import Switch

# Output to a pipe is not wrapped or cut.
_WIDTH_OF_A_FILE = 10_000


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
    return Text("".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text))


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
    console.print(f"Today, since midnight UTC: {today.tokens} live tokens, {today.callers} callers.")
    if not today.heaviest:
        return
    table = _table("TOKENS", "UID")
    table.columns[0].justify = "right"
    for usage in today.heaviest:
        table.add_row(str(usage.tokens), plain(usage.uid))
    console.print(table)


def _state(switch: Switch) -> str:
    if switch.target is None:
        return "stops nothing"
    return "ON" if switch.on else "ended"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        # A state and a time stay in one piece; uids and words may be folded, never cut.
        table.add_column(column, overflow="fold", no_wrap=column in ("STATE", "UNTIL"))
    return table
