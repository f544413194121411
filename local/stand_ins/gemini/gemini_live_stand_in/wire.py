"""The TCP connection under a WebSocket: to drop it, or to leave it half open. Needs the stand-in's own server."""

import asyncio
from collections.abc import Coroutine

from starlette.websockets import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

_STATE = "gemini_live_stand_in.wire"


class DropError(Exception):
    """The server drops the TCP connection."""


class HalfOpenError(Exception):
    """The server leaves the connection half open, for so many seconds; None is without an end."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        super().__init__("half open")


class WireProtocol(WebSocketsSansIOProtocol):
    """The WebSocket protocol of uvicorn, which the app can take hold of. Give it to `uvicorn.Config(ws=…)`."""

    _deaf = False

    def handle_connect(self, event: Request) -> None:
        """Let the app find this connection in its scope."""
        super().handle_connect(event)
        if hasattr(self, "scope"):  # a handshake that fails has none
            self.scope["state"][_STATE] = self

    def data_received(self, data: bytes) -> None:
        """Take in data, unless the connection is half open: then nobody hears it."""
        if not self._deaf:
            super().data_received(data)

    def drop(self) -> None:
        """Drop the connection without a word."""
        self.transport.abort()

    def leave_half_open(self) -> None:
        """Hear nothing from now on."""
        self._deaf = True


def drop(websocket: WebSocket) -> None:
    """Drop the TCP connection: the client sees no close frame."""
    _wire_of(websocket).drop()


async def leave_half_open(websocket: WebSocket, over: Coroutine[None, None, None]) -> None:
    """Neither hear nor answer anything, until the client gives up its TCP connection or `over` returns."""
    wire = _wire_of(websocket)
    wire.leave_half_open()
    waits = {asyncio.create_task(_left(websocket)), asyncio.create_task(over)}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        wire.drop()


async def _left(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


def _wire_of(websocket: WebSocket) -> WireProtocol:
    wire = websocket.scope.get("state", {}).get(_STATE)
    if not isinstance(wire, WireProtocol):
        raise TypeError("drop and half_open need the stand-in's own server: serve() or the command.")
    return wire
