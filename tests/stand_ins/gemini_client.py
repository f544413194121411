"""The client's side of the stand-in, over real sockets: what a test does to it and what it gets back."""

import base64
import json
import math
import threading
import uuid
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from gemini_live_stand_in import (
    DEFAULT_MODELS,
    ConnectionRecord,
    GeminiStandIn,
    StandInConfig,
    create_app,
    parse_scenario,
)

KEY = "local-gemini-key"
LEAKED_KEY = "leaked-gemini-key"
MODEL = "models/gemini-3.8-live"
SERVICE = "google.ai.generativelanguage"
WAIT_SECONDS = 5.0
RATE = 16_000
SETUP_COMPLETE: dict[str, Any] = {"setupComplete": {}}

Message = dict[str, Any]


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 15, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **span: float) -> None:
        self.time += timedelta(**span)

    def in_future(self, **span: float) -> str:
        return (self.time + timedelta(**span)).isoformat()


class Switchboard:
    """An ASGI app that passes everything on to the stand-in of the running test."""

    app: ASGIApp

    def __init__(self) -> None:
        self._done: set[str] = set()
        self._changed = threading.Condition()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            with self._changed:
                self._done |= {value.decode() for name, value in scope["headers"] if name == b"x-connection"}
                self._changed.notify_all()

    def wait_until_done(self, connection: str) -> None:
        """A client's close returns before the server has noticed; tests that move the clock must know."""
        with self._changed:
            assert self._changed.wait_for(lambda: connection in self._done, WAIT_SECONDS)


class Live:
    """The client's end of one WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def send(self, message: object) -> None:
        self._socket.send(json.dumps(message))

    def send_raw(self, frame: str | bytes) -> None:
        self._socket.send(frame)

    def receive(self) -> Message:
        return self.receive_within(WAIT_SECONDS)

    def receive_within(self, seconds: float) -> Message:
        frame = self._socket.recv(timeout=seconds)
        assert isinstance(frame, bytes), "Google answers in binary frames"
        message: Message = json.loads(frame)
        return message

    def receive_until(self, *names: str) -> list[Message]:
        """Everything up to and including the first message that has the nested key."""
        messages: list[Message] = []
        while not messages or not has(messages[-1], *names):
            messages.append(self.receive())
        return messages

    def turn(self) -> list[Message]:
        return self.receive_until("serverContent", "turnComplete")

    def start(self, setup: Message | None = None) -> Message:
        """Send the setup frame and return the first answer."""
        self.send({"setup": audio_setup() if setup is None else setup})
        return self.receive()

    def ask(self, text: str = "hello") -> list[Message]:
        self.send({"realtimeInput": {"text": text}})
        return self.turn()

    def closing(self) -> tuple[int, str]:
        """The server's close frame, whatever came before it."""
        with pytest.raises(ConnectionClosed) as closed:
            self._drain()
        frame = closed.value.rcvd
        assert frame is not None, "closed without a close frame"
        return frame.code, frame.reason

    def _drain(self) -> None:
        while True:
            self._socket.recv(timeout=WAIT_SECONDS)

    def close(self) -> None:
        self._socket.close()


class Gemini:
    """What a test does to the stand-in: reconfigure it, mint, connect."""

    def __init__(self, address: str, switchboard: Switchboard, clock: Clock, http: requests.Session) -> None:
        self.address = address
        self.clock = clock
        self._switchboard = switchboard
        self._http = http
        self.close_seconds = 10.0  # how long a client waits for the server's answer to its close
        self.configure()

    def configure(self, **settings: Any) -> None:
        defaults: dict[str, Any] = {
            "api_keys": frozenset({KEY}),
            "leaked_keys": frozenset({LEAKED_KEY}),
            "models": DEFAULT_MODELS,
            "pace": 0.0,
        }
        self.stand_in = GeminiStandIn(StandInConfig(**defaults | settings), now=self.clock)
        self._switchboard.app = create_app(self.stand_in, control=True)

    def request(self, method: str, path: str, content: bytes | None = None, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.request(
            method, f"http://{self.address}{path}", data=content, headers=named, timeout=WAIT_SECONDS
        )

    def post(self, body: object, *, version: str = "v1beta", key: str | None = KEY) -> requests.Response:
        headers = {"x_goog_api_key": key} if key is not None else {}
        return self.request("POST", f"/{version}/auth_tokens", json.dumps(body).encode(), **headers)

    def mint(self, body: Message | None = None, *, version: str = "v1beta") -> str:
        response = self.post({} if body is None else body, version=version)
        assert response.status_code == 200, response.text
        name: str = response.json()["name"]
        return name

    def play(self, structure: Message) -> None:
        """Play a scenario given as the structure of a file."""
        self.stand_in.play(parse_scenario(structure, "test"))

    def play_steps(self, *steps: Message, **connection: Any) -> None:
        """Play steps on the next connection."""
        self.play({"connection": [{"steps": list(steps)} | connection]})

    @property
    def talk(self) -> ConnectionRecord:
        """What the journal has of the last connection, once it has ended."""
        self.stand_in.journal.wait_until(lambda journal: journal.connections[-1].ending is not None, WAIT_SECONDS)
        return self.stand_in.journal.connections[-1]

    def mint_locked(self, setup: Message | None = None, **fields: Any) -> str:
        return self.mint({"bidiGenerateContentSetup": audio_setup() if setup is None else setup} | fields)

    @contextmanager
    def open(self, path: str, **headers: str) -> Iterator[Live]:
        url = f"ws://{self.address}{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["x-connection"] = connection = uuid.uuid4().hex
        # Without max_queue=None, leaving with 16 unread frames waits ten seconds for a close that nobody reads.
        with connect(
            url,
            additional_headers=named,
            proxy=None,
            compression=None,
            max_queue=None,
            close_timeout=self.close_seconds,
        ) as socket:
            yield Live(socket)
        self._switchboard.wait_until_done(connection)

    @contextmanager
    def connect(self, token: str, *, version: str = "v1beta") -> Iterator[Live]:
        with self.open(f"{live_path('Constrained', version)}?access_token={token}") as live:
            yield live

    @contextmanager
    def connect_with_key(self, key: str = KEY, *, version: str = "v1beta") -> Iterator[Live]:
        with self.open(live_path("", version), x_goog_api_key=key) as live:
            yield live

    def closing_of(self, token: str, setup: Message | None = None) -> tuple[int, str]:
        """Connect, send a setup, and return how the server ended it."""
        with self.connect(token) as live:
            live.send({"setup": audio_setup() if setup is None else setup})
            return live.closing()

    def works(self, token: str, setup: Message | None = None) -> bool:
        with self.connect(token) as live:
            return live.start(setup) == {"setupComplete": {}}


def live_path(suffix: str = "Constrained", version: str = "v1beta") -> str:
    return f"/ws/{SERVICE}.{version}.GenerativeService.BidiGenerateContent{suffix}"


def audio_setup(**fields: object) -> Message:
    """The smallest setup that works."""
    return {"model": MODEL, "generationConfig": {"responseModalities": ["AUDIO"]}} | fields


def has(message: object, *names: str) -> bool:
    for name in names:
        if not isinstance(message, dict) or name not in message:
            return False
        message = message[name]
    return True


def speech(seconds: float, rate: int = RATE) -> bytes:
    return array("h", [int(9000 * math.sin(i / 5)) for i in range(int(seconds * rate))]).tobytes()


def quiet(seconds: float) -> bytes:
    return bytes(2 * int(seconds * RATE))


def audio(pcm: bytes, mime_type: str = f"audio/pcm;rate={RATE}") -> Message:
    return {"realtimeInput": {"audio": {"data": base64.b64encode(pcm).decode(), "mimeType": mime_type}}}


def text_turn(**fields: object) -> Message:
    return {"clientContent": {"turns": [{"role": "user", "parts": [{"text": "hello"}]}]} | fields}


def contents(messages: list[Message]) -> list[Message]:
    return [message["serverContent"] for message in named(messages, "serverContent")]


def said(messages: list[Message]) -> str:
    return "".join(content.get("outputTranscription", {}).get("text", "") for content in contents(messages))


def heard(messages: list[Message]) -> str:
    return "".join(content.get("inputTranscription", {}).get("text", "") for content in contents(messages))


def tone(hz: float, seconds: float, rate: int = RATE) -> bytes:
    step = 2 * math.pi * hz / rate
    return array("h", [int(9000 * math.sin(i * step)) for i in range(int(seconds * rate))]).tobytes()


def noted(gemini: Gemini, what: str) -> None:
    """Wait until the last connection has come to an event; the time of a step is counted from its event on."""
    gemini.stand_in.journal.wait_until(
        lambda journal: any(event.what == what for talk in journal.connections[-1:] for event in talk.events),
        WAIT_SECONDS,
    )


def named(messages: list[Message], *names: str) -> list[Message]:
    return [message for message in messages if has(message, *names)]


def manual_setup(**fields: object) -> Message:
    detection = {"automaticActivityDetection": {"disabled": True}}
    return audio_setup(realtimeInputConfig=detection, **fields)
