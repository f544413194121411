"""The minted tokens and what is left of each: uses and time."""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime

from gemini_live_stand_in.lock import Lock
from gemini_live_stand_in.refusals import TOKEN_EXPIRED, TOKEN_TOO_LATE, TOKEN_USED_UP, CloseError

UNLIMITED = 0
"""`uses: 0` on the wire means no limit at all."""


@dataclass(frozen=True, slots=True)
class Token:
    """One ephemeral token as it was minted."""

    name: str = field(repr=False)
    uses: int
    expire_time: datetime
    new_session_expire_time: datetime
    lock: Lock = field(repr=False)

    def require_unexpired(self, now: datetime) -> None:
        """Refuse every connection past `expireTime`, resuming or not."""
        if now >= self.expire_time:
            raise CloseError(TOKEN_EXPIRED)


class Tokens:
    """All minted tokens with their use counts. There is no way to list, read or revoke one, as at Google."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._used: dict[str, int] = {}
        # One event loop alone would be atomic, but a plain and a TLS server may share one stand-in.
        self._counting = threading.Lock()

    def mint(self, *, uses: int, expire_time: datetime, new_session_expire_time: datetime, lock: Lock) -> Token:
        """Create a token: `auth_tokens/` and 64 hex digits."""
        token = Token(f"auth_tokens/{secrets.token_hex(32)}", uses, expire_time, new_session_expire_time, lock)
        self._tokens[token.name] = token
        return token

    def find(self, name: str) -> Token | None:
        """Return the token of that full name, or None if it was never minted."""
        return self._tokens.get(name)

    def spend(self, token: Token, now: datetime) -> None:
        """Count one new session against the token, or refuse it. Resuming is no use and must not come here."""
        if now >= token.new_session_expire_time:
            raise CloseError(TOKEN_TOO_LATE)
        with self._counting:
            used = self._used.get(token.name, 0)
            if token.uses != UNLIMITED and used >= token.uses:
                raise CloseError(TOKEN_USED_UP)
            self._used[token.name] = used + 1
