"""The user: speaks into the microphone of an app, listens to what it plays, and loses patience at some time."""

import base64
import json
import math
import queue
import subprocess
import threading
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

START_SECONDS = 120.0
"""So long may the app take until it opens its first connection: importing some clients takes half a minute."""

PATIENCE_SECONDS = 20.0
"""So long a user waits while nothing at all happens."""

_QUIET_SECONDS = 1.5
_NO_END_SECONDS = 6.0
_END_SECONDS = 5.0
_POLL_SECONDS = 0.1
_RATE = 16_000
_CHUNK_SECONDS = 0.04
_SPEECH_SECONDS = 0.8


@dataclass(frozen=True, slots=True)
class AppEvent:
    """One line that an app has printed.

    Attributes:
        what: `open`, `said`, `interrupted`, `tool`, `cancelled`, `told`, or `over`.
    """

    what: str
    details: Mapping[str, Any]


@dataclass(slots=True)
class Asked:
    """A question and what was heard until the next one.

    Attributes:
        text: the transcript of what the app played.
        answered: whether the app played anything, and then came to an end with it.
    """

    text: str = ""
    answered: bool = False


class Microphone:
    """Feeds the app with sound in real time: quiet, and the user's voice, which is a tone."""

    def __init__(self, pipe: IO[str]) -> None:
        self._pipe = pipe
        self._speech: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._off = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def speak(self) -> None:
        """Say something."""
        tone = array("h", [round(9000 * math.sin(index / 5)) for index in range(int(_RATE * _SPEECH_SECONDS))])
        size = int(_RATE * _CHUNK_SECONDS)
        for start in range(0, len(tone), size):
            self._speech.put(base64.b64encode(tone[start : start + size].tobytes()).decode())

    def mute(self) -> None:
        """Switch it off after what is being said."""
        self._speech.put("mute")

    def close(self) -> None:
        """Hang up."""
        self._off.set()
        self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        quiet = base64.b64encode(bytes(2 * int(_RATE * _CHUNK_SECONDS))).decode()
        muted = False
        due = time.monotonic()
        try:
            while not self._off.wait(max(0.0, due - time.monotonic())):
                due = max(due + _CHUNK_SECONDS, time.monotonic() - 1)
                line = None if self._speech.empty() else self._speech.get()
                if line or not muted:
                    self._pipe.write(f"{line or quiet}\n")
                    self._pipe.flush()
                muted = muted or line == "mute"
            self._pipe.close()
        except (OSError, ValueError):  # the app has ended; or its end of the pipe was closed here
            return


@dataclass(slots=True)
class App:
    """The program with the client in it, as the user sees it."""

    process: "subprocess.Popen[str]"
    log: Path
    events: list[AppEvent] = field(default_factory=list)
    last_event_at: float = field(default_factory=time.monotonic)
    _listening: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        """Start to listen."""
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def close(self) -> None:
        """Wait until everything that the program printed is read; it has ended."""
        self._listening.join(_END_SECONDS)

    def _listen(self) -> None:
        assert self.process.stdout  # noqa: S101  # for mypy: it is a pipe
        with self.process.stdout as lines:
            for line in lines:
                try:
                    event = json.loads(line)
                    what = event.pop("event")
                except (ValueError, AttributeError, KeyError, TypeError):
                    continue  # a client that prints something of its own
                self.events.append(AppEvent(what, event))
                self.last_event_at = time.monotonic()

    @property
    def ended(self) -> bool:
        """Whether it has given up, or crashed."""
        return self.process.poll() is not None or any(event.what == "over" for event in self.events)

    def texts(self, what: str) -> list[str]:
        """Return the texts of all events of a kind."""
        return [str(event.details.get("text", "")) for event in [*self.events] if event.what == what]

    @property
    def told(self) -> list[str]:
        """What the client has told it: its errors, and the last line of what a crash left behind."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        crash = [lines[-1]] if self.process.poll() and lines else []
        return [*self.texts("told"), *self.texts("over"), *crash]


class User:
    """Talks with an app.

    Args:
        app: the program.
        microphone: of the app.
        stirs: returns a number that grows with everything that happens between client and server.
        floor_free: whether the model has come to the end of what it had to say.
    """

    def __init__(
        self, app: App, microphone: Microphone, stirs: Callable[[], int], floor_free: Callable[[], bool]
    ) -> None:
        self._app = app
        self._microphone = microphone
        self._stirs = stirs
        self._floor_free = floor_free

    def wait_for_opening(self) -> bool:
        """Wait until the app is ready to talk; return whether it was."""
        began = time.monotonic()
        while not self._stirs() and not self._app.ended and time.monotonic() < began + START_SECONDS:
            time.sleep(_POLL_SECONDS)
        opened = self._until(lambda: any(event.what == "open" for event in self._app.events))
        return opened and not self._app.ended

    def ask(self, *, then_mute: bool = False) -> Asked:
        """Say something and listen until the answer is over, or nothing has happened for too long."""
        before = len(self._app.texts("said"))
        self._microphone.speak()
        if then_mute:
            self._microphone.mute()
        self._until(lambda: len(self._app.texts("said")) > before and self._is_quiet())
        text = "".join(self._app.texts("said")[before:])
        return Asked(text, answered=bool(text.strip()))

    def wait(self, seconds: float) -> None:
        """Say nothing for so long."""
        time.sleep(seconds)

    def wait_until_told(self) -> None:
        """Wait until the client says something bad, or nothing has happened for too long."""
        self._until(lambda: bool(self._app.told))

    def _is_quiet(self) -> bool:
        quiet_for = time.monotonic() - self._app.last_event_at
        return quiet_for > (_QUIET_SECONDS if self._floor_free() else _NO_END_SECONDS)

    def _until(self, holds: Callable[[], bool]) -> bool:
        """Wait for something as long as anything happens; what the microphone sends is nothing."""
        stirred = time.monotonic()
        seen: Sequence[int] = ()
        limit = time.monotonic() + 4 * PATIENCE_SECONDS
        while not (done := holds()) and not self._app.ended and time.monotonic() < limit:
            now = (self._stirs(), len(self._app.events))
            if now != seen:
                stirred, seen = time.monotonic(), now
            if time.monotonic() - stirred > PATIENCE_SECONDS:
                return False
            time.sleep(_POLL_SECONDS)
        return done
