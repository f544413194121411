"""JSON as RFC 8259 defines it. Python's own reader also accepts NaN and Infinity."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def read_json(text: str | bytes) -> Any:
    """Return the value that a JSON text holds.

    Raises:
        ValueError: the text is not JSON, or holds NaN or Infinity.
        RecursionError: the text is nested too deep.
    """
    return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
