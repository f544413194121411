"""`{uid}`, `{claim:NAME}` and `{choice:NAME}` in a system instruction.

They are filled from verified claims and from what a profile offers, and from nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from live_tokens.issuing import Caller

LONGEST_VALUE = 200

_PLACEHOLDER = re.compile(
    r"\{(?:(?P<uid>uid)|claim:(?P<claim>[A-Za-z0-9_.-]{1,64})|choice:(?P<choice>[A-Za-z][A-Za-z0-9_]{0,31}))\}"
)
_ANY_BRACES = re.compile(r"\{\s*(uid|claim|choice)[^}]*\}?", re.IGNORECASE)


class UnusableClaimError(Exception):
    """A claim cannot be filled in. The text is a sentence that says why, without the value."""


def caller_values(config: Mapping[str, object], caller: Caller) -> Mapping[str, str]:
    """Return placeholder → value for those of a `system_instruction` that are about the caller.

    Raises:
        UnusableClaimError: a claim is missing, too long, or not a plain line of text.
    """
    return {match[0]: _value(match, caller) for match in _placeholders(config) if not match["choice"]}


def choice_values(chosen: Mapping[str, str]) -> Mapping[str, str]:
    """Return placeholder → value for what was chosen."""
    return {f"{{choice:{name}}}": value for name, value in chosen.items()}


def fill_placeholders(config: Mapping[str, object], values: Mapping[str, str]) -> Mapping[str, object]:
    """Return the config with the placeholders of its `system_instruction` replaced, all in one go.

    Args:
        values: placeholder → value. Placeholders without one stay; those inside a value are not filled.
    """
    instruction = config.get("system_instruction")
    if not isinstance(instruction, str) or not _PLACEHOLDER.search(instruction):
        return config
    filled = _PLACEHOLDER.sub(lambda match: values.get(match[0], match[0]), instruction)
    return {**config, "system_instruction": filled}


def placeholder_claims(config: Mapping[str, object]) -> list[str]:
    """Return the claims that a system instruction names."""
    return [match["claim"] for match in _placeholders(config) if match["claim"]]


def placeholder_choices(config: Mapping[str, object]) -> list[str]:
    """Return the choices that a system instruction names."""
    return [match["choice"] for match in _placeholders(config) if match["choice"]]


def has_placeholder(text: str) -> bool:
    """Return whether a text has a placeholder, or what looks like one."""
    return bool(_ANY_BRACES.search(text))


def misspelt_placeholders(config: Mapping[str, object]) -> list[str]:
    """Return texts that look like placeholders but are not, because only plain text is filled in."""
    instruction = config.get("system_instruction")
    if not isinstance(instruction, str):
        return [match[0] for match in _ANY_BRACES.finditer(str(instruction))]
    return [match[0] for match in _ANY_BRACES.finditer(instruction) if not _PLACEHOLDER.fullmatch(match[0])]


def looks_filled_in(text: str) -> bool:
    """Return whether a text would be filled in, if it were a system instruction."""
    return _PLACEHOLDER.search(text) is not None


def _placeholders(config: Mapping[str, object]) -> list[re.Match[str]]:
    instruction = config.get("system_instruction")
    return list(_PLACEHOLDER.finditer(instruction)) if isinstance(instruction, str) else []


def _value(match: re.Match[str], caller: Caller) -> str:
    name = match["claim"]
    value = caller.uid if match["uid"] else caller.claims.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnusableClaimError(f"The claim `{name}` is missing, or neither text nor a whole number.")
    text = str(value)
    if len(text) > LONGEST_VALUE or not text.isprintable():
        source = f"claim `{name}`" if name else "uid"
        raise UnusableClaimError(f"The {source} is longer than {LONGEST_VALUE} characters, or not one plain line.")
    return text
