"""Client frames, text or binary, read into parsed client messages."""

import asyncio
import json
from collections import deque
from collections.abc import Coroutine
from typing import Any

from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from gemini_live_stand_in.journal import ConnectionJournal
from gemini_live_stand_in.refusals import MESSAGE_INVALID, MESSAGE_SHAPE, CloseError
from gemini_live_stand_in.shape import ShapeError, parse


class Frames:
    """What a client sends on one connection; the journal has all of it."""

    def __init__(self, websocket: WebSocket, journal: ConnectionJournal) -> None:
        self._websocket = websocket
        self._journal = journal
        self._early: deque[Message] = deque()

    async def read(self) -> dict[str, Any]:
        """Wait for the next message; it holds exactly one member of the union, in camelCase."""
        event = self._early.popleft() if self._early else _received(await self._websocket.receive())
        message = _parsed(event.get("text") or event.get("bytes") or b"")
        self._journal.heard(message)
        return message

    async def ignore(self) -> None:
        """Read on until the client leaves."""
        while True:
            await self.read()

    async def meanwhile(self, work: Coroutine[None, None, None]) -> None:
        """Wait for some work; what the client sends in that time is read after it. If the client leaves, it ends."""
        working = asyncio.ensure_future(work)
        try:
            while not working.done():
                receiving = asyncio.ensure_future(self._websocket.receive())
                await asyncio.wait({working, receiving}, return_when=asyncio.FIRST_COMPLETED)
                if receiving.done():
                    self._early.append(_received(receiving.result()))
                else:
                    receiving.cancel()
            working.result()
        finally:
            working.cancel()


def _received(event: Message) -> Message:
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event.get("code", 1005), event.get("reason"))
    return event


def _parsed(raw: str | bytes) -> dict[str, Any]:
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        raise CloseError(MESSAGE_INVALID) from None
    if not isinstance(content, dict):
        raise CloseError(MESSAGE_INVALID)
    try:
        message = parse("ClientMessage", content)
    except ShapeError as fault:
        raise CloseError(MESSAGE_SHAPE, fault=str(fault)) from None
    if len(message) != 1:
        raise CloseError(MESSAGE_INVALID)
    return message
