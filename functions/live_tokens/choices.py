"""What a caller may choose of a profile: one of the operator's texts for each choice, and nothing else. No I/O."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from live_tokens.errors import MalformedRequest
from live_tokens.placeholders import LONGEST_VALUE, has_placeholder, placeholder_choices

MOST_COMBINATIONS = 64
"""How many combinations of values a profile may have. The start tries each: a mint with it is rehearsed."""

_SHOWN = 40
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
_FIELD = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_NEVER = {
    "model": "it decides what a minute costs, and which config is accepted",
    "tools": "they decide what a conversation can do",
    "response_modalities": "the app is built for them",
    "lifetime": "it decides how long a token can cost money",
    "quota": "it decides how much a caller can take",
    "allow": "it decides who may call",
    "session_resumption": "this service sets it",
    "http_options": "it is not part of a lock",
    "system_instruction": "write {choice:NAME} into the text instead, and leave out `field`",
}
"""Part of a path → why no caller chooses it."""

Fault = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Choice:
    """One table `[choices.<name>]` of a profile.

    Attributes:
        values: the texts on offer, the default first.
        field: path of the field of `config` that the value goes to, or empty if it only goes into the instruction.
    """

    values: tuple[str, ...]
    field: tuple[str, ...] = ()


def read_choices(tables: object, config: Mapping[str, object], fault: Fault) -> Mapping[str, Choice]:
    """Return the choices of a profile.

    Args:
        tables: what the file has as `[choices]`.
        config: what it has as `[config]`: there the choices must fit in.
        fault: called with each wrong field and what is wrong with it.
    """
    if not isinstance(tables, dict):
        fault("[choices]", "must be tables [choices.<name>].")
        return {}
    read = {name: _read(name, table, fault) for name, table in tables.items()}
    _refuse_placeholders_of_no_choice(config, read.keys(), fault)
    choices = {name: choice for name, choice in read.items() if choice}
    _refuse_what_does_not_fit(choices, config, fault)
    number = math.prod(len(choice.values) for choice in choices.values())
    if number > MOST_COMBINATIONS:
        fault(
            "[choices]",
            f"has {number} combinations of values, and each is tried at start. "
            f"A profile may have {MOST_COMBINATIONS}: offer fewer values, or split the profile.",
        )
    return choices


def choose(offered: Mapping[str, Choice], asked: object) -> Mapping[str, str]:
    """Return the value of every choice: what a call asks for, or the default.

    Args:
        asked: what the call has as `choices`. Null, of all or of one, is the same as absent.

    Raises:
        MalformedRequest: it asks for anything that is not on offer.
    """
    if asked is not None and not isinstance(asked, dict):
        raise _not_offered("`choices` must be an object.", offered)
    wanted = {name: value for name, value in (asked or {}).items() if value is not None}
    if not wanted.keys() <= offered.keys():
        raise _not_offered("`choices` names a choice that is not on offer.", offered)
    for name, value in wanted.items():
        if value not in offered[name].values:
            raise _not_offered(f"`choices.{name}` is not one of the values on offer.", offered)
    return {name: choice.values[0] for name, choice in offered.items()} | wanted


def combinations(offered: Mapping[str, Choice]) -> Iterator[Mapping[str, str]]:
    """Yield every combination of values that `choose` can return, the defaults first."""
    for values in product(*(choice.values for choice in offered.values())):
        yield dict(zip(offered, values, strict=True))


def with_fields(
    config: Mapping[str, object], offered: Mapping[str, Choice], chosen: Mapping[str, str]
) -> Mapping[str, object]:
    """Return the config with the chosen values in their fields."""
    for name, choice in offered.items():
        if choice.field:
            config = _with_field(config, choice.field, chosen[name])
    return config


def _with_field(table: Mapping[str, object], field: Sequence[str], value: str) -> Mapping[str, object]:
    first, *rest = field
    inner = table.get(first)
    return {**table, first: _with_field(inner if isinstance(inner, dict) else {}, rest, value) if rest else value}


def _not_offered(problem: str, offered: Mapping[str, Choice]) -> MalformedRequest:
    lists = "; ".join(f"{name}: {_quoted(choice.values)}" for name, choice in offered.items())
    offer = f"This profile offers {lists}." if lists else "This profile offers no choices: leave `choices` out."
    return MalformedRequest(f"{problem} {offer}", problem)


def _quoted(values: Sequence[str]) -> str:
    return ", ".join(json.dumps(value, ensure_ascii=False) for value in values)


# --- one table


def _read(name: str, table: object, fault: Fault) -> Choice | None:
    """Return the choice, or None if it has a fault."""
    where = f"choices.{name}"
    if not _NAME.fullmatch(name):
        fault(where, "has a name that is not a letter and up to 31 more letters, digits and underscores.")
        return None
    if not isinstance(table, dict) or not {"values"} <= table.keys() <= {"field", "values"}:
        fault(f"[{where}]", "must hold values, may hold field, and nothing else.")
        return None
    problems = [*_faults_of_values(table["values"]), *_faults_of_field(table.get("field", ""))]
    for field, problem in problems:
        fault(f"{where}.{field}", problem)
    return None if problems else Choice(tuple(table["values"]), tuple(filter(None, table.get("field", "").split("."))))


def _faults_of_values(values: object) -> Iterator[tuple[str, str]]:
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        yield "values", "must be a list of at least one text, the default first. Write a number as a text."
        return
    for value in dict.fromkeys(values):
        shown = json.dumps(value[:_SHOWN], ensure_ascii=False)
        if not value or value != value.strip() or not value.isprintable() or len(value) > LONGEST_VALUE:
            yield "values", f"has {shown}: a value is one line of 1 to {LONGEST_VALUE} characters without outer spaces."
        if has_placeholder(value):
            yield "values", f"has {shown}: nothing is filled in inside a value."
        if values.count(value) > 1:
            yield "values", f"has {shown} more than once."


def _faults_of_field(field: object) -> Iterator[tuple[str, str]]:
    if field == "":
        return
    if not isinstance(field, str) or not _FIELD.fullmatch(field):
        yield "field", 'must be the path of one field of [config] in snake_case: "speech_config.language_code".'
    elif field.startswith("config."):
        yield "field", f'begins inside [config]: write "{field.removeprefix("config.")}".'
    else:
        never = next((part for part in field.split(".") if part in _NEVER), None)
        if never:
            yield "field", f"names {never}, which is never a caller's choice: {_NEVER[never]}."


# --- all tables, and the config


def _refuse_placeholders_of_no_choice(config: Mapping[str, object], names: Collection[str], fault: Fault) -> None:
    for name in dict.fromkeys(placeholder_choices(config)):
        if name not in names:
            fault("config.system_instruction", f"has {{choice:{name}}}, and there is no [choices.{name}].")


def _refuse_what_does_not_fit(choices: Mapping[str, Choice], config: Mapping[str, object], fault: Fault) -> None:
    used = placeholder_choices(config)
    taken: dict[str, tuple[str, ...]] = {}
    for name, choice in choices.items():
        where = f"choices.{name}.field"
        if not choice.field:
            if name not in used:
                fault(where, f"is missing, and config.system_instruction has no {{choice:{name}}}.")
            continue
        for other, field in taken.items():
            if _overlap(choice.field, field):
                fault(where, f"is, or is in, the field of [choices.{other}].")
        taken[name] = choice.field
        _refuse_what_config_sets(where, choice.field, config, fault)


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _refuse_what_config_sets(where: str, field: Sequence[str], config: Mapping[str, object], fault: Fault) -> None:
    table: object = config
    for depth, part in enumerate(field, start=1):
        if not isinstance(table, Mapping):
            fault(where, f"is in config.{'.'.join(field[: depth - 1])}, which is not a table.")
            return
        if part not in table:
            return
        table = table[part]
    fault(where, f"is set in [config] too. Leave config.{'.'.join(field)} out: the first value is the default.")
