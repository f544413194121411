"""Cloud Logging's entries and filters, as far as this repository uses them: conjunctions of simple comparisons.

Sources: https://cloud.google.com/logging/docs/view/logging-query-language and, for what becomes of a line on standard
output, https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
"""

import json
import operator
import re
from collections.abc import Callable
from typing import Any

# Taken out of a line by Cloud Logging, into fields of the entry: no filter finds them in jsonPayload.
SPECIAL_FIELDS = {"severity", "time", "logging.googleapis.com/trace", "logging.googleapis.com/labels"}

_LOG_ID = re.compile(r'log_id\("(?P<id>[^"]+)"\)')
_COMPARISON = re.compile(r"(?P<path>[A-Za-z_][\w.]*)(?P<operator>>=|>|=|:)(?P<value>.+)")
_VALUE = r'"[^"]*"|-?\d+(?:\.\d+)?'
_VALUES = re.compile(rf"(?:{_VALUE})|\((?:{_VALUE})(?: OR (?:{_VALUE}))*\)")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    ":": lambda actual, part: str(part).lower() in str(actual).lower(),
}


def entry_of_line(line: str, service: str) -> dict[str, Any]:
    """Return the log entry that a line of JSON on a service's standard output becomes."""
    payload = json.loads(line)
    return {
        "log_id": "run.googleapis.com/stdout",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": service}},
        "severity": payload["severity"],
        "jsonPayload": {name: value for name, value in payload.items() if name not in SPECIAL_FIELDS},
    }


def matches(filter_: str, entry: dict[str, Any]) -> bool:
    """Return whether a filter selects an entry. A filter of any other form than these is a `ValueError`."""
    held = [_holds(term.strip(), entry) for term in re.split(r" AND |\n", filter_)]  # all of them, for the ValueError
    return all(held)


def value_at(path: str, entry: dict[str, Any]) -> Any:
    """Return what is at a dotted path, or None."""
    found: Any = entry
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _holds(term: str, entry: dict[str, Any]) -> bool:
    if term.startswith("NOT "):
        return not _holds(term.removeprefix("NOT "), entry)
    if log_id := _LOG_ID.fullmatch(term):
        return bool(entry.get("log_id") == log_id["id"])
    comparison = _COMPARISON.fullmatch(term)
    if comparison is None or not _VALUES.fullmatch(comparison["value"]):
        raise ValueError(f"Not a comparison: {term}")
    actual = value_at(comparison["path"], entry)
    wanted = [json.loads(value) for value in re.findall(_VALUE, comparison["value"])]
    return actual is not None and any(_OPERATORS[comparison["operator"]](actual, value) for value in wanted)
