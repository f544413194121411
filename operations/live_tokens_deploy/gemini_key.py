"""A Gemini API key as it is typed: what can be one, and what people paste instead.

Source of the forms: https://ai.google.dev/gemini-api/docs/api-key
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

KEY_VARIABLE = "GEMINI_API_KEY"
WHERE_TO_GET_IT = "https://aistudio.google.com/apikey"

_KEY = re.compile(r"(AQ\.|AIza)[A-Za-z0-9_.-]{16,}")
_MISTAKEN = (
    (re.compile(r"\s*[{\[]"), "This is JSON, perhaps the key file of a service account"),
    (re.compile(r"ya29\."), "This is an OAuth access token, which ends within the hour"),
    (re.compile(r"auth_tokens/"), "This is an ephemeral token, which a key makes"),
    (re.compile(r"-----BEGIN"), "This is a private key or certificate"),
    (re.compile(r"eyJ"), "This is a JWT, such as an ID token"),
)


class NotAKeyError(Exception):
    """What was given cannot be a Gemini API key. The text says why, and does not repeat it."""


@dataclass(frozen=True, slots=True)
class GeminiKey:
    """A string that has the form of a Gemini API key."""

    value: str = field(repr=False)

    @classmethod
    def read(cls, typed: str) -> GeminiKey:
        """Return what was typed or pasted, without the white space around it.

        Raises:
            NotAKeyError: it is something else.
        """
        text = typed.strip()
        if not text:
            raise NotAKeyError("Nothing was given.")
        for form, mistake in _MISTAKEN:
            if form.match(text):
                raise NotAKeyError(f"{mistake}. {_WANTED}")
        if re.search(r"\s", text):
            raise NotAKeyError(f"There are spaces or line ends in it. {_WANTED}")
        if not _KEY.fullmatch(text):
            raise NotAKeyError(f"This does not look like a Gemini API key. {_WANTED}")
        return cls(text)


_WANTED = f"A key begins with AQ. or AIza: {WHERE_TO_GET_IT}"
