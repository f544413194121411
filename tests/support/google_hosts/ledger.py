"""Everything the function processes said, and everything they must not say."""

import re
from dataclasses import dataclass, field

_SHORTEST_SECRET = 16
"""Anything shorter could turn up by chance; the made-up credentials that are shorter are garbage anyway."""
_PEM_LINE = re.compile(r"[A-Za-z0-9+/=]{40,}")


@dataclass(slots=True)
class Ledger:
    """Kept over a whole run, and balanced at its end.

    Attributes:
        secrets: kind of secret → those that were in play.
        words: where it was said → what was said.
    """

    secrets: dict[str, set[str]] = field(default_factory=dict, repr=False)
    words: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def heard(self, where: str, words: str) -> None:
        """Note what a process wrote or answered."""
        self.words.setdefault(where, []).append(words)

    def secret(self, kind: str, *values: str) -> None:
        """Note what must not appear in any of it."""
        self.secrets.setdefault(kind, set()).update(value for value in values if len(value) >= _SHORTEST_SECRET)

    def id_token(self, token: str) -> None:
        """Note an ID token: as a whole, its payload, which names a person, and its signature."""
        self.secret("ID token", token, *token.split(".")[1:])

    def app_check_token(self, token: str) -> None:
        """Note an App Check token: as a whole, its payload and its signature."""
        self.secret("App Check token", token, *token.split(".")[1:])

    def live_token(self, token: str) -> None:
        """Note an ephemeral token, with and without its prefix."""
        self.secret("live token", token, token.removeprefix("auth_tokens/"))

    def private_key(self, pem: str) -> None:
        """Note a private key, line by line: JSON writes its line ends otherwise."""
        self.secret("private key", *_PEM_LINE.findall(pem))

    def leaks(self) -> list[str]:
        """Return which kind of secret was said where; a secret itself is not repeated."""
        return sorted(
            f"{kind} in {where}"
            for where, words in self.words.items()
            for kind, secrets in self.secrets.items()
            if any(secret in word for word in words for secret in secrets)
        )
