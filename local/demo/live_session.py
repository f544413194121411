"""A Live session over a bare WebSocket: what an app sends and receives, with nothing in between."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

_ANSWER_SECONDS = 30
# Larger than any message of a session: Gemini sends audio in messages of some hundred KB.
_LARGEST_MESSAGE = 16 * 2**20


class SessionClosedError(Exception):
    """The server closed the connection.

    Attributes:
        code: WebSocket close code.
        reason: Gemini's words, at most 123 bytes.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


@dataclass(slots=True)
class Reply:
    """One turn of the model.

    Attributes:
        transcript: what it said.
        audio: 16-bit mono PCM at 24 kHz.
    """

    transcript: str = ""
    audio: bytearray = field(default_factory=bytearray, repr=False)


class LiveSession:
    """An open session.

    Args:
        connection: a connected WebSocket whose setup was accepted.

    Attributes:
        handle: the newest resumption handle, or None.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.handle: str | None = None

    def ask(self, text: str, heard: Callable[[str], None]) -> Reply:
        """Send a turn of text and wait for the reply.

        Args:
            text: the question.
            heard: called with each piece of the transcript.

        Raises:
            SessionClosedError: the server closed the connection.
        """
        turn = {"role": "user", "parts": [{"text": text}]}
        self._connection.send(json.dumps({"clientContent": {"turns": [turn], "turnComplete": True}}))
        reply = Reply()
        for message in _messages(self._connection):
            self._note_handle(message)
            content = message.get("serverContent", {})
            for part in content.get("modelTurn", {}).get("parts", []):
                reply.audio += base64.b64decode(part.get("inlineData", {}).get("data", ""))
            if piece := content.get("outputTranscription", {}).get("text"):
                reply.transcript += piece
                heard(piece)
            if content.get("turnComplete"):
                break
        return reply

    def wait_for_handle(self) -> str:
        """Return a resumption handle, waiting for the first if there is none yet."""
        messages = _messages(self._connection)
        while self.handle is None:
            self._note_handle(next(messages))
        return self.handle

    def _note_handle(self, message: Mapping[str, Any]) -> None:
        update = message.get("sessionResumptionUpdate", {})
        if update.get("resumable") and update.get("newHandle"):
            self.handle = update["newHandle"]


@contextmanager
def live_session(
    url: str, setup: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> Iterator[LiveSession]:
    """Connect, send the setup and yield the session once the server has accepted it.

    Args:
        url: `websocketUrl` of a live token.
        setup: `setup` of a live token, or another one to see that it is ignored.
        headers: more headers for the handshake.

    Raises:
        SessionClosedError: the server closed the connection, now or later.
    """
    try:
        # Gemini answers pings late while it speaks: no ping timeout of our own.
        with connect(url, additional_headers=headers, max_size=_LARGEST_MESSAGE, ping_interval=None) as connection:
            connection.send(json.dumps({"setup": setup}))
            first = next(_messages(connection))
            if "setupComplete" not in first:
                raise SessionClosedError(1002, f"expected setupComplete, got {', '.join(first)}")
            yield LiveSession(connection)
    except ConnectionClosed as closed:
        frame = closed.rcvd
        raise SessionClosedError(*((frame.code, frame.reason) if frame else (1006, ""))) from closed


def _messages(connection: ClientConnection) -> Iterator[dict[str, Any]]:
    """Gemini sends JSON in binary frames; json.loads takes those and text frames alike."""
    while True:
        message: dict[str, Any] = json.loads(connection.recv(_ANSWER_SECONDS))
        yield message
