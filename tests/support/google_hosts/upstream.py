"""A service of Google as the function meets it: it answers, and a test can make it fail."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


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
    def answering(self, app: ASGIApp) -> Iterator[None]:
        """Let another app answer; a Starlette response is one, and always the same answer."""
        usual, self._app = self._app, app
        try:
            yield
        finally:
            self._app = usual


class Silence(Response):
    """No response at all, until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, send
        while (await receive())["type"] != "http.disconnect":
            pass
