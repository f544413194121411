"""A service of Google as the function meets it: it answers, and a test can make it fail."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


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
    def crowding(self, many: int) -> Iterator[Crowd]:
        """Let the answers wait for a crowd."""
        crowd = Crowd(self._app, many)
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
    """Holds each answer of an app back until many are waited for at the same time, however long that takes.

    Args:
        app: what answers then.
        many: how many are a crowd.

    Attributes:
        most: how many were waited for at the same time. Who has given up does not count.
    """

    def __init__(self, app: ASGIApp, many: int) -> None:
        self._app = app
        self._many = many
        self._waiting = 0
        self._complete = asyncio.Event()
        self.most = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        self._waiting += 1
        self.most = max(self.most, self._waiting)
        if self.most >= self._many:
            self._complete.set()
        ends = [asyncio.ensure_future(self._complete.wait()), asyncio.ensure_future(_until_left(receive))]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        self._waiting -= 1
        if self._complete.is_set():
            await self._app(scope, lambda: _next_of(body, receive), send)


async def _body(receive: Receive) -> list[Message]:
    """Return the messages that a request's body comes in."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


async def _next_of(messages: list[Message], receive: Receive) -> Message:
    return messages.pop(0) if messages else await receive()


async def _until_left(receive: Receive) -> bool:
    """Wait until the client gives up."""
    while (await receive())["type"] != "http.disconnect":
        pass
    return True


class Silence(Response):
    """No response at all, until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, send
        await _until_left(receive)
