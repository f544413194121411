"""Reads a profile's `[config]` against the schema of the mint and finds every fault at once, at every depth."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from difflib import get_close_matches

from live_tokens.placeholders import looks_filled_in
from live_tokens.profile_schema import (
    ENUMS,
    GENERATION_FIELDS,
    MESSAGES,
    NOT_TAKEN,
    OTHER_NAMES,
    ROOT,
    TEXT_ONLY,
    UNKNOWN_IN_SCHEMA,
    UNPROVEN,
    UNSPECIFIED,
    fields_of,
)

DEEPEST = 64
"""Messages within messages. Protobuf's own limit is 100, with those around the config."""
_LONGEST_SHOWN = 40
_PLAIN_NAME = re.compile(r"[\w$-]{1,64}", re.ASCII)
# A value in the wrong place may be a key or a token: neither is shown, not even in part.
_LIKE_A_CREDENTIAL = re.compile(r"AIza|AQ\.|auth_tokens|(?=[\w+/=.-]*[0-9])[\w+/=.-]{24}", re.ASCII)
_PART_WITHIN_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Unreadable:
    """Stands for a value that is there and has a fault of its own: the rules of models have nothing to add to it."""


UNREADABLE = Unreadable()


@dataclass(frozen=True, slots=True)
class Shape:
    """What a `[config]` says.

    Attributes:
        setup: as it is meant: snake_case names at every depth, enums in capitals, `UNREADABLE` for values with a fault.
        faults: sentences that begin with the path of a field.
        doubts: the same, of what nobody has tried.
    """

    setup: Mapping[str, object]
    faults: tuple[str, ...]
    doubts: tuple[str, ...]


def read_shape(config: Mapping[str, object]) -> Shape:
    """Read a `[config]`."""
    reader = _Reader()
    setup = reader.message(ROOT, dict(config), "config", 0)
    return Shape(setup, (*reader.faults, *_mixtures(setup)), tuple(reader.doubts))


def shown(value: object) -> str:
    """Return a value as a message shows it: bounded, one line, and never what may be a credential."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            text = value
        case int() | float() | datetime() | date() | time():
            text = str(value)
            return text if len(text) <= _LONGEST_SHOWN else "a very long number"
        case dict():
            return "a table"
        case list() if value and all(isinstance(item, str) for item in value):
            return f"[{', '.join(shown(item) for item in value[:4])}{', …' if len(value) > 4 else ''}]"
        case list():
            return "a list" if value else "an empty list"
        case _:
            return "something else"
    if _LIKE_A_CREDENTIAL.search(text):
        return f"a text of {len(text)} characters"
    return json.dumps(text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…", ensure_ascii=True)


def snake_case(name: str) -> str:
    """Return the name that google-genai has for a camelCase one of the wire."""
    return "_".join(_PART_WITHIN_WORDS.split(name)).lower()


@dataclass(slots=True)
class _Reader:
    faults: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def message(self, message: str, table: Mapping[str, object], path: str, depth: int) -> dict[str, object]:
        if depth > DEEPEST:
            self.faults.append(f"{path[:200]}… has more than {DEEPEST} tables within each other.")
            return {}
        known = fields_of(message)
        read: dict[str, object] = {}
        for typed, value in table.items():
            inner = f"{path}.{_name(typed)}"
            name = typed if typed in known or typed in NOT_TAKEN.get(message, {}) else snake_case(typed)
            if name in NOT_TAKEN.get(message, {}):
                self.faults.append(f"{inner}: {NOT_TAKEN[message][name]}.")
                read[name] = UNREADABLE
                continue
            if message == "Part" and name in TEXT_ONLY:
                self._misspelt(typed, name, inner)
                self.doubts.append(f"{inner}: a system instruction takes text only; Gemini may refuse it.")
                continue
            if name not in known:
                self.faults.append(f"{inner}: {_unknown(message, name)}.")
                continue
            self._misspelt(typed, name, inner)
            if name in read:
                self.faults.append(f"{inner}: {name} is there already; leave one of them out.")
                continue
            if name in UNPROVEN.get(message, {}):
                self.doubts.append(
                    f"{inner}: google-genai sends it, but Google's reference of the Developer API does not name it, "
                    "so Gemini may refuse every token of this profile. Try it with `make smoke PROFILE=…`."
                )
            read[name] = self._field(known[name], value, inner, depth)
        return read

    def _misspelt(self, typed: str, name: str, path: str) -> None:
        if typed != name:
            self.faults.append(f"{path}: names are in snake_case here; write {name}.")

    def _field(self, kind: str, value: object, path: str, depth: int) -> object:
        if kind == "Content":
            return self._instruction(value, path, depth)
        label, _, element = kind.rpartition(" ")
        if label == "repeated":
            return self._list(element, value, path, depth)
        if label == "map":
            if not isinstance(value, dict):
                return self._wrong(value, path, "a table")
            return {name: self._single(element, item, f"{path}.{_name(name)}", depth) for name, item in value.items()}
        return self._single(kind, value, path, depth)

    def _list(self, element: str, value: object, path: str, depth: int) -> object:
        if isinstance(value, list):
            return [self._single(element, item, f"{path}[{index}]", depth) for index, item in enumerate(value)]
        is_table = element in MESSAGES or element in UNPROVEN
        example = ": [{ … }]" if is_table else f": [{shown(value)}]" if isinstance(value, str) else ""
        self._wrong(value, path, f"a list{example}")
        if isinstance(value, dict):
            self._single(element, value, path, depth)  # for its own faults
        return UNREADABLE

    def _instruction(self, value: object, path: str, depth: int) -> object:
        """Read what google-genai makes a `Content` of: text, a part, a list of these, or a `Content` itself."""
        match value:
            case "":
                self.faults.append(f"{path} is empty; leave it out.")
                return UNREADABLE
            case str():
                return value
            case list():
                if not value:
                    self.faults.append(f"{path} is empty; leave it out.")
                return [
                    item if isinstance(item, str) else self._single("Part", item, f"{path}[{index}]", depth)
                    for index, item in enumerate(value)
                ]
            case dict() if any(snake_case(name) in TEXT_ONLY | {"text"} for name in value):
                return self.message("Part", value, path, depth + 1)
            case dict():
                if not value:
                    self.faults.append(f"{path} is empty; leave it out.")
                return self.message("Content", value, path, depth + 1)
        return self._wrong(value, path, "a text")

    def _single(self, kind: str, value: object, path: str, depth: int) -> object:
        if kind in MESSAGES or kind in UNPROVEN:
            if not isinstance(value, dict):
                return self._wrong(value, path, "a table")
            return self.message(kind, value, path, depth + 1)
        if kind in ENUMS:
            return self._enum(kind, value, path)
        problem = _SCALARS[kind](value)
        if problem:
            return self._wrong(value, path, problem)
        return value

    def _enum(self, kind: str, value: object, path: str) -> object:
        allowed = ENUMS[kind]
        if kind == "Type" and isinstance(value, list):
            return self._types(value, path)
        if isinstance(value, str) and value.upper() in (*allowed, UNSPECIFIED[kind]):
            return value.upper()
        meant = _meant(value.upper(), allowed) if isinstance(value, str) else None
        cure = f" Did you mean {meant}?" if meant else ""
        self.faults.append(f"{path} is {shown(value)}; allowed: {', '.join(allowed)}.{cure}")
        return UNREADABLE

    def _types(self, values: list[object], path: str) -> object:
        others = [value for value in values if not (isinstance(value, str) and value.upper() == "NULL")]
        cure = f"write {json.dumps(others[0])}" if len(others) == 1 and isinstance(others[0], str) else "write one"
        if len(others) < len(values):
            cure += " and use nullable = true beside it"
        if len(others) > 1:
            cure += "; for alternatives use any_of"
        self.faults.append(f"{path} is {shown(values)}; Gemini takes one type, not a list: {cure}.")
        return UNREADABLE

    def _wrong(self, value: object, path: str, wanted: str) -> Unreadable:
        self.faults.append(f"{path} is {shown(value)}; it must be {wanted}.")
        return UNREADABLE


def _unknown(message: str, name: str) -> str:
    """Return what is said of a name that is in none of the tables."""
    if message == "Schema":
        return UNKNOWN_IN_SCHEMA
    known = fields_of(message)
    if message == ROOT and name in MESSAGES["GenerationConfig"]:
        return "only generation_config has it, which cannot stand together with its other fields in [config]"
    if message == ROOT and name in OTHER_NAMES:
        return f"not known; its place is config.{OTHER_NAMES[name]}"
    extended = [each for each in known if each.startswith(f"{name}_")]
    if close := extended or get_close_matches(name, known, n=1, cutoff=0.75):
        return f"not known; the name is probably {close[0]}"
    if places := [f"{path}.{name}" for path, there in _places(ROOT, "config") if name in there]:
        return f"not known here; its place is {places[0]}"
    return f"not known; allowed here: {', '.join(known) or 'nothing, it is an empty table'}"


def _places(message: str, path: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Walk the schema, without generation_config, which has the fields of [config] once more, and without `Schema`."""
    yield path, MESSAGES[message]
    for name, kind in MESSAGES[message].items():
        label, _, element = kind.rpartition(" ")
        if element in MESSAGES and element not in ("GenerationConfig", "Schema"):
            yield from _places(element, f"{path}.{name}{'[…]' if label == 'repeated' else ''}")


def _mixtures(setup: Mapping[str, object]) -> Iterator[str]:
    beside = [name for name in setup if name in GENERATION_FIELDS]
    if "generation_config" in setup and beside:
        yield (
            f"config: generation_config together with {', '.join(beside)}: google-genai cannot send both. "
            f"Move what is in generation_config up into [config]."
        )


def placeholders_elsewhere(setup: Mapping[str, object]) -> Iterator[str]:
    """Return the paths of texts with `{uid}` or `{claim:NAME}` that nobody fills in."""
    rest = {name: value for name, value in setup.items() if name != "system_instruction"}
    for path, text in _texts(rest, "config"):
        if looks_filled_in(text):
            yield path


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield path, value
        case dict():
            for name, item in value.items():
                yield from _texts(item, f"{path}.{_name(str(name))}")
        case list():
            for index, item in enumerate(value):
                yield from _texts(item, f"{path}[{index}]")


def _meant(value: str, allowed: tuple[str, ...]) -> str | None:
    ends = [name for name in allowed if name.endswith(f"_{value}")]
    return next(iter(ends or get_close_matches(value, allowed, n=1, cutoff=0.6)), None)


def _name(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name) and not _LIKE_A_CREDENTIAL.search(name.replace("_", " ")):
        return name
    return shown(name)


def _text(value: object) -> str:
    return "" if isinstance(value, str) else "a text"


def _bool(value: object) -> str:
    return "" if isinstance(value, bool) else "true or false"


def _number(value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return "" if is_number else "a number"


def _int32(value: object) -> str:
    return _whole(value, 2**31)


def _int64(value: object) -> str:
    return _whole(value, 2**63)


def _whole(value: object, most: int) -> str:
    if _number(value) or not isinstance(value, int | float) or int(value) != value:
        return "a whole number"
    return "" if -most <= value < most else f"a whole number from {-most} to {most - 1}"


def _bytes(value: object) -> str:
    try:
        base64.b64decode(value if isinstance(value, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        return "base64"
    return ""


def _time(value: object) -> str:
    wanted = "a time with its offset, such as 2026-11-27T09:00:00Z"
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return wanted
    return "" if isinstance(moment, datetime) and moment.tzinfo else wanted


def _json(value: object) -> str:
    match value:
        case bool() | str() | int():
            return ""
        case float():
            return "" if math.isfinite(value) else "JSON, which has no infinite numbers"
        case dict():
            return next((problem for item in value.values() if (problem := _json(item))), "")
        case list():
            return next((problem for item in value if (problem := _json(item))), "")
    return "JSON, which has no times; write a text"


_SCALARS: Mapping[str, Callable[[object], str]] = {
    "text": _text,
    "bool": _bool,
    "number": _number,
    "int32": _int32,
    "int64": _int64,
    "bytes": _bytes,
    "time": _time,
    "json": _json,
}
"""Scalar → returns what a value must be, or nothing if it is."""
