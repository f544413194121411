"""A Live session over a bare WebSocket: what an app sends and receives, with nothing in between.

SessionError                      the session did not come about, or ended before its time
├── SessionUnreachableError       no connection
├── HandshakeRefusedError         HTTP in place of a WebSocket
├── SessionClosedError            a close frame, which is how Gemini refuses
├── SessionSilentError            nothing in time
└── UnexpectedMessageError        something that the protocol does not have
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException

_ANSWER_SECONDS = 30.0
_HANDLE_SECONDS = 5.0
_GOODBYE_SECONDS = 3.0
# Larger than any message of a session: Gemini sends audio in messages of some hundred KB.
_LARGEST_MESSAGE = 16 * 2**20
REPLY_RATE = 24_000
"""Samples per second of what Gemini says."""

_IDLE = "IDLE"
_REALTIME_TEXT_MODEL = "gemini-3.1-"


class SessionError(Exception):
    """The session did not come about, or ended before its time."""


class SessionUnreachableError(SessionError):
    """There was no connection."""


class HandshakeRefusedError(SessionError):
    """The server answered the handshake with an HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status} in place of a WebSocket")
        self.status = status


class SessionClosedError(SessionError):
    """The server closed the connection.

    Attributes:
        reason: Gemini's words, at most 123 bytes.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class SessionSilentError(SessionError):
    """What was waited for did not come in time."""

    def __init__(self, awaited: str, seconds: float) -> None:
        super().__init__(f"no {awaited} within {seconds:g} s")


class UnexpectedMessageError(SessionError):
    """The server sent something that the protocol does not have there."""


@dataclass(slots=True)
class Reply:
    """What the model says to one prompt, in one turn or several.

    Attributes:
        audio: 16-bit mono PCM at 24 kHz.
    """

    transcript: str = ""
    audio: bytearray = field(default_factory=bytearray, repr=False)


class LiveConnection:
    """A connected WebSocket, set up or not.

    Args:
        runner: the event loop that it lives in. It stands still between two calls.
    """

    def __init__(self, connection: ClientConnection, runner: asyncio.Runner, seconds: float) -> None:
        self._connection = connection
        self._runner = runner
        self.seconds = seconds

    def send(self, message: Mapping[str, object]) -> None:
        """Send a message.

        Raises:
            SessionClosedError: the server closed the connection.
        """
        with _session_errors("way out for a message", self.seconds):
            self._runner.run(self._connection.send(json.dumps(message)))

    def messages(self, awaited: str, seconds: float | None = None) -> Iterator[dict[str, Any]]:
        """Yield what comes.

        Args:
            awaited: what is waited for, for the error.
            seconds: how long from now, or None for the time that an answer may take.

        Raises:
            SessionClosedError: the server closed the connection.
            SessionSilentError: the time is over.
            UnexpectedMessageError: something came that is no JSON object.
        """
        seconds = self.seconds if seconds is None else seconds
        deadline = time.monotonic() + seconds
        while True:
            with _session_errors(awaited, seconds):
                frame = self._runner.run(self._receive(max(0.0, deadline - time.monotonic())))
            # Gemini sends JSON in binary frames; json.loads takes those and text frames alike.
            try:
                message = json.loads(frame)
            except ValueError as error:
                raise UnexpectedMessageError("a frame that is not JSON") from error
            if not isinstance(message, dict):
                raise UnexpectedMessageError("a frame that holds no JSON object")
            yield message

    async def _receive(self, seconds: float) -> str | bytes:
        async with asyncio.timeout(seconds):
            return await self._connection.recv()


class LiveSession:
    """An open session: its setup was accepted.

    Args:
        realtime_text: whether a question is sent as `realtimeInput`. The models of 3.1 take `clientContent` only until
            they have spoken. Source: https://ai.google.dev/gemini-api/docs/models/gemini-3.1-flash-live-preview

    Attributes:
        handle: the newest resumption handle, or None.
        going_away: whether the server has said that it will close the connection.
    """

    def __init__(self, connection: LiveConnection, *, realtime_text: bool = False) -> None:
        self._connection = connection
        self._realtime_text = realtime_text
        self.handle: str | None = None
        self.going_away = False
        self._handle_knows_the_last_turn = False
        self._status: object = None

    def send(self, message: Mapping[str, object]) -> None:
        """Send a message of any kind.

        Raises:
            SessionClosedError: the server closed the connection.
        """
        self._connection.send(message)

    def ask(self, text: str, heard: Callable[[str], None] = lambda _: None, seconds: float | None = None) -> Reply:
        """Send a turn of text and wait for the reply.

        Args:
            heard: called with each piece of the transcript.
            seconds: how long from now, or None for the time that an answer may take.

        Raises:
            SessionError: there was no whole reply.
        """
        if self._realtime_text:
            self.send({"realtimeInput": {"text": text}})
        else:
            turn = {"role": "user", "parts": [{"text": text}]}
            self.send({"clientContent": {"turns": [turn], "turnComplete": True}})
        return self.wait_for_reply(heard, seconds)

    def speak(self, pcm: bytes, rate: int) -> None:
        """Send sound, 16-bit mono PCM.

        Args:
            rate: samples per second.

        Raises:
            SessionClosedError: the server closed the connection.
        """
        size = 2 * rate // 10  # a tenth of a second in each message
        for start in range(0, len(pcm), size):
            data = base64.b64encode(pcm[start : start + size]).decode()
            self.send({"realtimeInput": {"audio": {"data": data, "mimeType": f"audio/pcm;rate={rate}"}}})

    def wait_for_reply(self, heard: Callable[[str], None] = lambda _: None, seconds: float | None = None) -> Reply:
        """Wait for the reply to what was sent.

        A model that sends `interactionStatus` may answer one prompt in several turns, so the reply ends with IDLE.
        Other models never send it, and the first turn is the reply.

        Args:
            heard: called with each piece of the transcript.
            seconds: how long from now, or None for the time that an answer may take.

        Raises:
            SessionError: there was no whole reply.

        Source: LiveServerContent in https://github.com/googleapis/python-genai/blob/main/google/genai/types.py
        """
        reply, generated, ended = Reply(), False, False
        self._handle_knows_the_last_turn = False
        try:
            for message in self._connection.messages("complete answer", seconds):
                self._note(message)
                content = message.get("serverContent", {})
                self._status = content.get("interactionStatus", self._status)
                for part in content.get("modelTurn", {}).get("parts", []):
                    reply.audio += base64.b64decode(part.get("inlineData", {}).get("data", ""))
                if piece := content.get("outputTranscription", {}).get("text"):
                    reply.transcript += piece
                    heard(piece)
                generated = generated or "generationComplete" in content
                ended = ended or bool(content.get("turnComplete") or content.get("interrupted"))
                if ended and self._status in (None, _IDLE):
                    break
        except SessionSilentError:
            # turnComplete is held back until the audio would have ended, and was seen missing.
            if not generated:
                raise
        except (AttributeError, TypeError, ValueError) as error:
            raise UnexpectedMessageError("a message of another shape") from error
        return reply

    def listen(self, seconds: float) -> None:
        """Read what comes while nobody asks anything, until the time is over or the server says that it will close.

        Raises:
            SessionClosedError: the server closed the connection.
            UnexpectedMessageError: something came that is no JSON object.
        """
        with suppress(SessionSilentError):
            for message in self._connection.messages("message", seconds):
                self._note(message)
                if self.going_away:
                    return

    def wait_for_handle(self, seconds: float = _HANDLE_SECONDS) -> str:
        """Return a resumption handle, if possible one that came after the last question.

        Args:
            seconds: how long at most.

        Raises:
            SessionError: there was none.
        """
        messages = self._connection.messages("resumption handle", min(self._connection.seconds, seconds))
        try:
            while self.handle is None or not self._handle_knows_the_last_turn:
                self._note(next(messages))
        except SessionSilentError:
            if self.handle is None:
                raise
        return self.handle

    def _note(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"goAway": _}:
                self.going_away = True
            case {"sessionResumptionUpdate": {"resumable": True, "newHandle": str(handle)}} if handle:
                self.handle = handle
                self._handle_knows_the_last_turn = True


@contextmanager
def live_connection(
    url: str, headers: Mapping[str, str] | None = None, seconds: float = _ANSWER_SECONDS
) -> Iterator[LiveConnection]:
    """Connect, and send nothing.

    Args:
        url: `websocketUrl` of a live token.
        seconds: how long the handshake, and later each answer, may take.

    Raises:
        SessionError: there was no connection.
    """
    # The library's synchronous client waits for ever for a server that is silent after the TLS handshake.
    with asyncio.Runner() as runner:
        with _session_errors("handshake", seconds):
            connection = runner.run(_connect(url, headers, seconds))
        try:
            yield LiveConnection(connection, runner, seconds)
        finally:
            runner.run(connection.close())


async def _connect(url: str, headers: Mapping[str, str] | None, seconds: float) -> ClientConnection:
    return await connect(
        url,
        additional_headers=headers,
        max_size=_LARGEST_MESSAGE,
        # Gemini answers pings late while it speaks: no ping timeout of our own.
        ping_interval=None,
        open_timeout=seconds,
        close_timeout=_GOODBYE_SECONDS,
    )


@contextmanager
def live_session(
    url: str,
    setup: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
    seconds: float = _ANSWER_SECONDS,
) -> Iterator[LiveSession]:
    """Connect, send the setup and yield the session once the server has accepted it.

    Args:
        url: `websocketUrl` of a live token.
        setup: `setup` of a live token, or another one to see that it is ignored.
        seconds: how long the handshake, the acceptance, and later each answer may take.

    Raises:
        SessionError: there was no connection, or the setup was not accepted.
    """
    with live_connection(url, headers, seconds) as connection:
        connection.send({"setup": dict(setup)})
        first = next(connection.messages("setupComplete"))
        if "setupComplete" not in first:
            raise UnexpectedMessageError(f"expected setupComplete, got {', '.join(first)}")
        yield LiveSession(connection, realtime_text=_REALTIME_TEXT_MODEL in str(setup.get("model", "")))


@contextmanager
def _session_errors(awaited: str, seconds: float) -> Iterator[None]:
    """Tell the WebSocket library's errors apart as an app has to."""
    try:
        yield
    except ConnectionClosed as closed:
        frame = closed.rcvd
        raise SessionClosedError(*((frame.code, frame.reason) if frame else (1006, ""))) from closed
    except InvalidStatus as error:
        raise HandshakeRefusedError(error.response.status_code) from error
    except InvalidURI as error:
        raise SessionUnreachableError("that is no URL of a WebSocket") from error
    except TimeoutError as error:
        raise SessionSilentError(awaited, seconds) from error
    except (OSError, WebSocketException) as error:
        raise SessionUnreachableError(f"no connection ({type(error).__name__})") from error
