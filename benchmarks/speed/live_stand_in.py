"""Gemini's side of a Live session that answers at once: it accepts any setup, and any text with a moment of sound."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

_SOUND = base64.b64encode(bytes(4_800)).decode()  # a tenth of a second at 24 kHz


@asynccontextmanager
async def live_stand_in() -> AsyncIterator[int]:
    """Yield the port of a WebSocket server."""
    async with serve(_answer, "127.0.0.1", 0) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def _answer(connection: ServerConnection) -> None:
    with suppress(ConnectionClosed):  # a user who has heard it leaves without a word
        async for message in connection:
            answer = {"setupComplete": {}} if "setup" in json.loads(message) else _sound()
            await connection.send(json.dumps(answer).encode())  # binary, as Google sends it


def _sound() -> dict[str, Any]:
    part = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": _SOUND}}
    return {"serverContent": {"modelTurn": {"parts": [part]}, "turnComplete": True}}
