"""What happened: one log line per event, and a journal that tests and people read. Never with a credential in it."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from gemini_live_stand_in.records import (
    ConnectionRecord,
    Ended,
    Event,
    MintRecord,
    ToolResponse,
    UserTurn,
    as_json,
)
from gemini_live_stand_in.redaction import fingerprint, redact
from gemini_live_stand_in.sound import Measurement
from gemini_live_stand_in.trace import trace_of
from gemini_live_stand_in.turn_taking import Question, sounds_in

LOGGER = logging.getLogger("gemini_live_stand_in")
"""Events go here at INFO; silent unless the program that imports the stand-in asks for them."""

REMEMBERED = 1_000
"""So many connections and mint requests are kept, the last ones."""

_FLOWING = frozenset({"audio", "outputTranscription", "inputTranscription"})
"""Events that come in pieces and between each other's pieces; each kind becomes one event until another comes."""
_PASSING = "interactionStatus"  # comes between those pieces too, but is whole


class Journal:
    """All connections and mint requests, to be read from any thread."""

    def __init__(self, now: Callable[[], datetime], keys: Callable[[], Iterable[str]]) -> None:
        self._now = now
        self._keys = keys
        self._changed = threading.Condition(threading.RLock())
        self.clear()

    def clear(self) -> None:
        """Forget everything; connections that are open are not in it any more."""
        with self._changed:
            self._connections: deque[ConnectionJournal] = deque(maxlen=REMEMBERED)
            self._mints: deque[MintJournal] = deque(maxlen=REMEMBERED)
            self._opened = 0
            self._changed.notify_all()

    @property
    def connections(self) -> tuple[ConnectionRecord, ...]:
        """The connections so far, in the order in which they were opened."""
        with self._changed:
            return tuple(connection.record() for connection in self._connections)

    @property
    def mints(self) -> tuple[MintRecord, ...]:
        """The mint requests so far."""
        with self._changed:
            return tuple(mint.record for mint in self._mints)

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        return {"connections": as_json(self.connections), "mints": as_json(self.mints)}

    def trace(self) -> str:
        """Return all of it as text to read."""
        return trace_of(self.connections, self.mints)

    def wait_until(self, condition: Callable[["Journal"], bool], seconds: float = 5.0) -> None:
        """Wait until something has happened.

        Args:
            condition: looks at this journal.
            seconds: of real time.

        Raises:
            TimeoutError: it has not; with the trace.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: condition(self), seconds):
                raise TimeoutError(f"It did not happen within {seconds:g} s.\n{self.trace()}")

    def open_connection(self, version: str, *, constrained: bool, scenario: str) -> "ConnectionJournal":
        """Note that a WebSocket was opened."""
        with self._changed:
            self._opened += 1
            start = ConnectionRecord(
                number=self._opened,
                opened_at=self._now(),
                version=version,
                constrained=constrained,
                scenario=scenario,
            )
            connection = ConnectionJournal(start, self._now, self._hide, self._changed)
            self._connections.append(connection)
            self._changed.notify_all()
            return connection

    def open_mint(self, path: str, key: str | None, body: object) -> "MintJournal":
        """Note that a mint request came."""
        record = MintRecord(at=self._now(), path=path, key=fingerprint(key) if key else None, body=self._hide(body))
        with self._changed:
            mint = MintJournal(record, self._changed)
            self._mints.append(mint)
            self._changed.notify_all()
            return mint

    def _hide(self, value: Any) -> Any:
        return redact(value, self._keys())


class MintJournal:
    """The journal of one mint request."""

    def __init__(self, record: MintRecord, changed: threading.Condition) -> None:
        self.record = record
        self._changed = changed

    def answered(self, status: int, token: str | None = None) -> None:
        """Note how it was answered."""
        with self._changed:
            self.record = replace(self.record, status=status, token=fingerprint(token) if token else None)
            self._changed.notify_all()


class ConnectionJournal:
    """The journal of one connection."""

    def __init__(
        self,
        start: ConnectionRecord,
        now: Callable[[], datetime],
        hide: Callable[[Any], Any],
        changed: threading.Condition,
    ) -> None:
        self._record = start
        self._now = now
        self._hide = hide
        self._changed = changed
        self._events: list[Event] = []
        self._flowing: dict[tuple[str, str], int] = {}
        self._sound = Measurement()
        self._turn_sound = Measurement()

    def record(self) -> ConnectionRecord:
        """Return how far it has come."""
        with self._changed:
            return replace(self._record, events=tuple(self._events), audio=self._sound.result())

    def authorized(self, token: str | None) -> None:
        """Note with which token it was opened."""
        self._update(token=fingerprint(token) if token else None)

    def accepted(self, setup: Mapping[str, Any], *, resumed: bool) -> None:
        """Note what the session runs with."""
        self._update(effective_setup=self._hide(setup), resumed=resumed)

    def heard(self, message: Mapping[str, Any]) -> None:
        """Note a message of the client."""
        with self._changed:
            if "setup" in message and self._record.setup is None:
                self._record = replace(self._record, setup=self._hide(message["setup"]))
            realtime = message.get("realtimeInput")
            for name, content in (realtime or message).items():
                if realtime is None or name not in ("audio", "mediaChunks"):
                    self._note("client", name, content)
            for pcm, rate in sounds_in(realtime or {}):
                self._hear(pcm, rate)
            self._changed.notify_all()

    def said(self, message: Mapping[str, Any]) -> None:
        """Note a message of the server."""
        with self._changed:
            for name, content in message.get("serverContent", message).items():
                if name == "modelTurn":
                    # The audio in base64, 4 characters for 3 bytes, 2 bytes for a sample of 24 kHz.
                    size = sum(len(part["inlineData"]["data"]) for part in content["parts"]) * 3 // 4
                    self._note("server", "audio", {"bytes": size, "seconds": size / 2 / 24_000, "chunks": 1})
                elif name != "usageMetadata":
                    self._note("server", name, content)
            self._changed.notify_all()

    def turn(self, question: Question) -> UserTurn:
        """Note that the user's turn is complete, and return what it was."""
        with self._changed:
            text = self._hide(question.text)
            turn = UserTurn(self._seconds(), text, question.spoken_seconds, self._turn_sound.result())
            self._turn_sound = Measurement()
            spoken = {"spokenSeconds": round(question.spoken_seconds, 3)} if question.spoken_seconds else {}
            self._note("stand-in", "user turn", ({"text": text} if text else {}) | spoken)
            self._update(turns=(*self._record.turns, turn))
            return turn

    def tool_response(self, response: Mapping[str, Any], *, expected: bool) -> None:
        """Note one function response."""
        content = self._hide(response)
        noted = ToolResponse(
            self._seconds(), content["id"], content.get("name", ""), content.get("response", {}), expected
        )
        self._update(tool_responses=(*self._record.tool_responses, noted))

    def unmet(self, expectation: str) -> None:
        """Note what a scenario expected in vain."""
        with self._changed:
            self._note("stand-in", "unmet", {"expectation": expectation})
            self._update(unmet=(*self._record.unmet, expectation))

    def note(self, what: str, **details: Any) -> None:
        """Note something that the stand-in did."""
        with self._changed:
            self._note("stand-in", what, details)
            self._changed.notify_all()

    def ended(self, by: str, code: int, reason: str) -> None:
        """Note how it ended."""
        self._update(ending=Ended(self._seconds(), by, code, self._hide(reason)))

    def _seconds(self) -> float:
        return round((self._now() - self._record.opened_at).total_seconds(), 3)

    def _update(self, **changes: Any) -> None:
        with self._changed:
            self._record = replace(self._record, **changes)
            self._changed.notify_all()

    def _hear(self, pcm: bytes, rate: int) -> None:
        at = self._now()
        for measurement in (self._sound, self._turn_sound):
            measurement.hear(pcm, rate, at)
        self._note("client", "audio", {"bytes": len(pcm), "seconds": len(pcm) / 2 / rate, "chunks": 1})

    def _note(self, who: str, what: str, content: Any) -> None:
        hidden = self._hide(content)
        details = hidden if isinstance(hidden, dict) else {} if hidden is True else {"value": hidden}
        if what not in _FLOWING:
            if what != _PASSING:
                self._flowing.clear()
        elif (index := self._flowing.get((who, what))) is not None:
            self._events[index] = replace(self._events[index], details=_more(self._events[index].details, details))
            return
        else:
            self._flowing[who, what] = len(self._events)
        self._events.append(Event(self._seconds(), who, what, details))


def _more(before: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    """Add up two pieces of an event: numbers and texts grow."""
    grown = {name: before[name] + content if name in before else content for name, content in then.items()}
    return {name: round(content, 6) if isinstance(content, float) else content for name, content in grown.items()}
