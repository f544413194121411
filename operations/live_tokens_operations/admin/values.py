"""Reads arguments of `admin`. Each function is a `type` of argparse and raises ArgumentTypeError."""

from __future__ import annotations

import re
import unicodedata
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

from live_tokens_operations.arguments import like

LONGEST_MESSAGE = 500
# Source: https://firebase.google.com/docs/auth/admin/manage-users#create_a_user
LONGEST_UID = 128

_DATABASE = r"\(default\)|[a-z][a-z0-9-]*"
# What `live_tokens.profiles` takes for a name; a test holds the two together.
_PROFILE = r"[a-z0-9][a-z0-9-]{0,62}"
_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9:]{5})")
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def database(text: str) -> str:
    return like(_DATABASE, text, "the name of a Firestore database, such as (default)")


def profile(text: str) -> str:
    """Return the name of a profile. The deployed service may have profiles that this checkout lacks."""
    return like(_PROFILE, text, "the name of a profile: lower-case letters, digits and hyphens, 63 at most")


def uid(text: str) -> str:
    """Return a Firebase user id, which may contain slashes."""
    if not 1 <= len(text) <= LONGEST_UID or _has(text, {"Cs"}):
        raise ArgumentTypeError(f"{text!r} is not a Firebase user id: 1 to {LONGEST_UID} characters")
    return text


def message(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_MESSAGE or _has(text, {"Cc", "Cs"}):
        raise ArgumentTypeError(f"must be one line of 1 to {LONGEST_MESSAGE} characters: callers read it")
    return text


def moment(text: str) -> datetime:
    try:
        if _RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # 30 February, 25 o'clock, or beyond the years there are
    raise ArgumentTypeError(f"{text!r} is not a time with its offset, such as 2026-11-30T18:00:00Z or …T19:00:00+01:00")


def duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ArgumentTypeError(f"{text!r} is not a length of time, such as 90s, 30m, 2h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def limit(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def emulator(text: str) -> str:
    return like(r"[A-Za-z0-9.-]+:[0-9]{1,5}", text, "host:port without a scheme")


def _has(text: str, categories: set[str]) -> bool:
    """Whether a text has such characters: Cc is control, Cs stands for bytes that were not UTF-8."""
    return any(unicodedata.category(character) in categories for character in text)
