"""One client frame, text or binary, read into one parsed client message."""

import json
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from gemini_live_stand_in.refusals import MESSAGE_INVALID, MESSAGE_SHAPE, CloseError
from gemini_live_stand_in.shape import ShapeError, parse


async def read_message(websocket: WebSocket) -> dict[str, Any]:
    """Wait for the next message; it holds exactly one member of the union, in camelCase."""
    event = await websocket.receive()
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event.get("code", 1005), event.get("reason"))
    raw: str | bytes = event.get("text") or event.get("bytes") or b""
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
