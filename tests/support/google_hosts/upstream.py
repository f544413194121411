"""A service of Google as the function meets it: it answers, and a test can make it fail."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_LOOKS_IN_A_SECOND = 100


class Upstream:
    """Counts the requests that reach an app, and can answer them in its place.

    Args:
        host: the host name it stands in for.
        app: what answers as long as nothing fails.
    """

    def __init__(self, host: str, app: ASGIApp) -> None:
        self.host = host
        self.requests = 0
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        await self._app(scope, receive, send)

    @contextmanager
    def crowding(self, many: int, seconds: float) -> Iterator[Crowd]:
        """Let the answers wait for a crowd, or so many seconds."""
        crowd = Crowd(self._app, many, seconds)
        with self.answering(crowd):
            yield crowd

    @contextmanager
    def late(self, seconds: float) -> Iterator[None]:
        """Let each answer come so much later."""
        usual = self._app

        async def later(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(seconds)
            await usual(scope, receive, send)

        with self.answering(later):
            yield

    @contextmanager
    def answering(self, app: ASGIApp) -> Iterator[None]:
        """Let another app answer; a Starlette response is one, and always the same answer."""
        usual, self._app = self._app, app
        try:
            yield
        finally:
            self._app = usual


class Crowd:
    """Holds each answer of an app back until many are waited for, or for some seconds.

    Args:
        app: what answers then.
        many: how many are a crowd.
        seconds: how long each is held back at most.

    Attributes:
        most: how many were waited for at the same time.
    """

    def __init__(self, app: ASGIApp, many: int, seconds: float) -> None:
        self._app = app
        self._many = many
        self._looks = int(seconds * _LOOKS_IN_A_SECOND)
        self._waiting = 0
        self.most = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._waiting += 1
        self.most = max(self.most, self._waiting)
        for _ in range(self._looks):
            if self.most >= self._many:
                break
            await asyncio.sleep(1 / _LOOKS_IN_A_SECOND)
        self._waiting -= 1
        await self._app(scope, receive, send)


class Silence(Response):
    """No response at all, until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, send
        while (await receive())["type"] != "http.disconnect":
            pass
