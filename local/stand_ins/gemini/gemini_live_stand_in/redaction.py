"""Takes keys, tokens and resumption handles out of what the journal keeps: digests stand in their place."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

_TOKEN = re.compile(r"(?:auth_tokens(?:/|%2F))?([0-9a-f]{64,})", re.IGNORECASE)
_HANDLE_NAMES = frozenset({"handle", "newHandle"})
_SHORT_KEY = 8  # shorter keys are found as whole words only


def fingerprint(credential: str) -> str:
    """Return a name for a token, key or handle that is safe to show: the start of its SHA-256."""
    return hashlib.sha256(credential.encode()).hexdigest()[:12]


def redact(value: Any, keys: Iterable[str]) -> Any:
    """Return a copy of a parsed message without a credential and without bytes, so that it is plain JSON."""
    return _redact(value, re.compile("|".join(map(_pattern, sorted(keys, key=len, reverse=True))) or r"(?!)"))


def _pattern(key: str) -> str:
    return re.escape(key) if len(key) >= _SHORT_KEY else rf"(?<!\w){re.escape(key)}(?!\w)"


def _redact(value: Any, keys: re.Pattern[str]) -> Any:
    match value:
        case Mapping():
            return {_text(name, keys): _member(name, content, keys) for name, content in value.items()}
        case list() | tuple():
            return [_redact(item, keys) for item in value]
        case str():
            return _text(value, keys)
        case bytes():
            return f"({len(value)} bytes)"
        case _:
            return value


def _member(name: str, content: Any, keys: re.Pattern[str]) -> Any:
    if name in _HANDLE_NAMES and isinstance(content, str) and content:
        return f"handle {fingerprint(content)}"
    return _redact(content, keys)


def _text(text: str, keys: re.Pattern[str]) -> str:
    without_keys = keys.sub(lambda found: f"key {fingerprint(found[0])}", text)
    return _TOKEN.sub(lambda found: f"token {fingerprint(f'auth_tokens/{found[1].lower()}')}", without_keys)
