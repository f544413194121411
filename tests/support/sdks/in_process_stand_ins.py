"""The stand-ins in this process, where a test can see and change them, and a function that uses them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from gemini_live_stand_in import GeminiStandIn
from secret_manager_stand_in import StandInSecret
from support.sdks.secrets_seen import SecretsSeen


@dataclass(slots=True)
class RequestObserver:
    """An ASGI app in front of the Gemini stand-in: sees every request first, and can be told to act on one.

    Attributes:
        handshakes: the ASGI scopes of WebSocket handshakes, oldest first.
        before_mint: called before each mint request is passed on, when the one before it has been answered.
    """

    app: ASGIApp
    handshakes: list[Scope] = field(default_factory=list, repr=False)
    before_mint: Callable[[], None] = lambda: None
    _one_mint_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            self.handshakes.append(scope)
            await self.app(scope, receive, send)
            return
        async with self._one_mint_at_a_time:
            self.before_mint()
            await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class InProcessStandIns:
    """A function and what it talks to.

    Attributes:
        function_url: the function, whose users are those of the stack.
        secret: the secret in the Secret Manager stand-in.
    """

    function_url: str
    gemini: GeminiStandIn
    observer: RequestObserver
    secret: StandInSecret
    secrets_seen: SecretsSeen = field(repr=False)

    def rotate_key(self) -> None:
        """Store a new API key and make Gemini refuse the old one at once."""
        key = new_api_key(self.secrets_seen)
        self.secret.add_version(key.encode())
        self.gemini.replace_api_keys({key})

    @contextmanager
    def every_key_refused(self) -> Iterator[None]:
        """Make Gemini refuse the stored key, as if it had been deleted."""
        payload = self.secret.versions[-1]
        assert payload is not None
        self.gemini.replace_api_keys({uuid.uuid4().hex})
        try:
            yield
        finally:
            self.gemini.replace_api_keys({payload.decode()})


def new_api_key(secrets_seen: SecretsSeen) -> str:
    """Return an API key that was never used."""
    key = f"AQ.{uuid.uuid4().hex}"
    secrets_seen.collect({"apiKey": key})
    return key
