"""Remembers every secret that passes through the tests, so that one of them can look for them where none may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

# What secrets are called in the documents that go to the clients and come from them.
_SECRET_FIELDS = {"token", "idToken", "refreshToken", "password", "resumptionHandle", "newHandle", "apiKey"}
# Shorter values are those of wrong calls, and stand in a log by chance.
_SHORTEST = 16


@dataclass(slots=True)
class SecretsSeen:
    """Secrets by what they are called."""

    _values: dict[str, set[str]] = field(default_factory=dict, repr=False)

    def collect(self, document: object) -> None:
        """Remember the secrets in a JSON document, at any depth."""
        if isinstance(document, dict):
            for name, value in document.items():
                if name in _SECRET_FIELDS and isinstance(value, str) and len(value) >= _SHORTEST:
                    self._remember(name, value)
                else:
                    self.collect(value)
        elif isinstance(document, list | tuple):
            for item in document:
                self.collect(item)

    @property
    def names(self) -> set[str]:
        """What kinds were seen."""
        return set(self._values)

    def found_in(self, text: str) -> Iterator[str]:
        """Yield what the secrets in the text are called."""
        for name, values in self._values.items():
            if any(value in text for value in values):
                yield name

    def _remember(self, name: str, value: str) -> None:
        parts = [value]
        if name == "idToken":
            parts = [part for part in value.split(".") if part]
        elif name == "token":
            parts = [value.removeprefix("auth_tokens/")]
        self._values.setdefault(name, set()).update(parts)
