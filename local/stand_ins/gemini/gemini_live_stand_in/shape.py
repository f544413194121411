"""Proto JSON, read as Google reads it: unknown names and wrong types are faults, one value may stand for a list."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from gemini_live_stand_in.wire_schema import ENUMS, MESSAGES

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_INTEGER_BITS = {"int32": 32, "int64": 64}
_TYPE_PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1beta."
_DEEPEST = 100  # protobuf's own limit on nested messages


class ShapeError(Exception):
    """The JSON does not fit the message; `field` is the path in proto spelling, the text is Google's."""

    def __init__(self, text: str, field: str) -> None:
        super().__init__(text)
        self.field = field


def parse(message: str, value: object, path: str = "") -> dict[str, Any]:
    """Check `value` against `message` and return it with camelCase names and Python values.

    Timestamps become aware datetimes, bytes become bytes, enums their upper-case names; null is absent.
    """
    return _message(message, value, path, 0)


def snake_case(name: str) -> str:
    """Return the .proto spelling of a camelCase name."""
    return re.sub(r"[A-Z]", lambda letter: "_" + letter.group().lower(), name)


@cache
def _spellings(message: str) -> Mapping[str, str]:
    """Both accepted spellings of every field, each mapped to the camelCase one."""
    camel = {name: name for name in MESSAGES[message]}
    return camel | {snake_case(name): name for name in MESSAGES[message]}


def _message(message: str, value: object, path: str, depth: int) -> dict[str, Any]:
    if not isinstance(value, dict) or depth > _DEEPEST:
        raise _invalid(path, _TYPE_PACKAGE + message, value)
    parsed: dict[str, Any] = {}
    for name, content in value.items():
        field = _spellings(message).get(name)
        if field is None:
            raise _unknown(name, path, "Cannot find field.")
        inner = f"{path}.{snake_case(field)}".lstrip(".")
        if field in parsed:
            raise ShapeError(f"Invalid JSON payload received. '{inner}' is set twice.", inner)
        if content is not None:
            kind = MESSAGES[message][field]
            if isinstance(content, list) and not _takes_a_list(kind):
                raise _unknown(name, path, "Proto field is not repeating, cannot start list.")
            parsed[field] = _field(kind, content, inner, depth + 1)
    return parsed


def _takes_a_list(kind: str) -> bool:
    return kind == "Value" or kind.startswith("repeated ")


def _field(kind: str, value: object, path: str, depth: int) -> Any:
    label, _, element = kind.rpartition(" ")
    if label == "repeated":
        if isinstance(value, list):
            return [_single(element, item, f"{path}[{index}]", depth) for index, item in enumerate(value)]
        # One value stands for a list of it: live-api-web-console and Google's cookbook send this, and it works.
        return [_single(element, value, path, depth)]
    if label == "map":
        if not isinstance(value, dict):
            raise _invalid(path, _type_name(element), value)
        # Google counts the entries of a map in its paths, and does not repeat their keys.
        return {
            key: _single(element, item, f"{path}[{index}].value", depth)
            for index, (key, item) in enumerate(value.items())
        }
    return _single(element, value, path, depth)


def _single(kind: str, value: object, path: str, depth: int) -> Any:
    if kind in MESSAGES:
        return _message(kind, value, path, depth)
    read = _enum(kind) if kind in ENUMS else _READERS[kind]
    try:
        return read(value)
    except (ValueError, TypeError, OverflowError):
        raise _invalid(path, _type_name(kind), value) from None


def _enum(kind: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        name = value.upper() if isinstance(value, str) else ""
        if name not in ENUMS[kind]:
            raise ValueError(kind)
        return name

    return read


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    return float(value)


def _integer(bits: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, str):
            number = int(value) if re.fullmatch(r"-?\d{1,19}", value) else None
        else:
            number = int(_float(value)) if _float(value).is_integer() else None
        if number is None or not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
            raise ValueError
        return number

    return read


def _bytes(value: object) -> bytes:
    text = _string(value).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError from error


def _timestamp(value: object) -> datetime:
    text = _string(value)
    if not _RFC_3339.fullmatch(text):
        raise ValueError
    # Nanoseconds are legal on the wire and beyond datetime.
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))


def _struct(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


_READERS: Mapping[str, Callable[[object], Any]] = {
    "string": _string,
    "bool": _bool,
    "float": _float,
    "int32": _integer(_INTEGER_BITS["int32"]),
    "int64": _integer(_INTEGER_BITS["int64"]),
    "bytes": _bytes,
    "Timestamp": _timestamp,
    "Struct": _struct,
    "Value": lambda value: value,
}


def _type_name(kind: str) -> str:
    if kind in MESSAGES or kind in ENUMS:
        return _TYPE_PACKAGE + kind
    if kind[0].isupper():
        return "type.googleapis.com/google.protobuf." + kind
    return "TYPE_" + kind.upper()


def _unknown(name: str, path: str, why: str) -> ShapeError:
    place = f" at '{path}'" if path else ""
    return ShapeError(f'Invalid JSON payload received. Unknown name "{name}"{place}: {why}', path)


def _invalid(path: str, type_name: str, value: object) -> ShapeError:
    shown = json.dumps(value)
    shown = shown if len(shown) <= 80 else shown[:80] + "..."
    return ShapeError(f"Invalid value at '{path}' ({type_name}), {shown}", path)
