"""The worst bill of a caller as a table: for `live-tokens bill`, and for `deploy` before its question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from live_tokens.model_prices import AS_OF, SOURCE, prices_of
from live_tokens.profiles import CheckedProfile
from live_tokens.worst_bill import APPS, HONEST, MODIFIED, Bill, worst_bill

_NOTES = f"""\
{HONEST.name}: an unmodified app, {HONEST.turns_per_minute} turns a minute, each billed for the whole context.
{MODIFIED.name}: a client of a caller's own, {MODIFIED.turns_per_minute} turns a minute, a conversation for each token.
Hour, day and month (30 days) are the first after an idle period, the most expensive. Who may use several profiles can
cost their sum.
Prices as of {AS_OF}: {SOURCE}
What is counted and what is not: docs/threat-model.md, "The worst case, in money"."""
_ENDLESS = "A dash: nothing bounds it. Set quota.per_day."


def bill_table(checked: Sequence[CheckedProfile]) -> str:
    """Return the table of all profiles that are not refused."""
    rows = list(_rows(checked))
    notes = [*_without_a_price(checked), _NOTES]
    if any("-" in row for row in rows):
        notes.append(_ENDLESS)
    head = ("profile", "app", "minute", "hour", "day", "month")
    width = max(len(row[0]) for row in (head, *rows))
    lines = [_line(row, width) for row in (head, *rows)]
    return "\n".join(("The worst bill of one caller, in US dollars", *lines, *notes))


def worst_days(checked: Sequence[CheckedProfile]) -> dict[str, Decimal | None]:
    """Return what a caller with a modified app can cost in a day, by profile and plan; None where nothing bounds it.

    Models without a known price are left out.
    """
    return {name: bills[MODIFIED.name].day for name, bills in _bills(checked)}


def _bills(checked: Sequence[CheckedProfile]) -> Iterator[tuple[str, Mapping[str, Bill]]]:
    """Yield name of profile and plan → the bill of each app."""
    for file in (each.profile for each in checked if each.profile):
        prices = prices_of(file.profile.model)
        for plan, profile in file.by_plan().items() if prices else ():
            name = f"{profile.name}, plan {plan!r}" if plan else profile.name
            yield name, {app.name: worst_bill(profile, app, prices) for app in APPS if prices}


def _rows(checked: Sequence[CheckedProfile]) -> Iterator[tuple[str, ...]]:
    for name, bills in _bills(checked):
        for app, bill in bills.items():
            yield (name, app, f"{bill.minute}", *(_usd(each) for each in (bill.hour, bill.day, bill.month)))


def _without_a_price(checked: Sequence[CheckedProfile]) -> Iterator[str]:
    for file in (each.profile for each in checked if each.profile):
        if prices_of(file.profile.model) is None:
            yield f"{file.profile.name}: no price of {file.profile.model.removeprefix('models/')} is known here."


def _usd(amount: Decimal | None) -> str:
    return "-" if amount is None else f"{amount:,}"


def _line(row: tuple[str, ...], width: int) -> str:
    name, app, *amounts = row
    return f"  {name:<{width}}  {app:<8}" + "".join(f"{amount:>14}" for amount in amounts)
