"""A tiny energy detector: speech starts when a window is loud and ends after enough quiet samples."""

from array import array
from collections.abc import Iterator
from enum import Enum, auto

LOUD = 300
"""Mean amplitude of a 20 ms window (of 32767) from which it counts as speech."""

_WINDOW_MS = 20
_SAMPLE_BYTES = 2


class Activity(Enum):
    """What changed."""

    STARTED = auto()
    ONGOING = auto()
    ENDED = auto()


class VoiceActivity:
    """Listens to PCM16 and counts samples, never the clock: the same audio always gives the same answer."""

    def __init__(self, silence_ms: int) -> None:
        self._silence_ms = silence_ms
        self._quiet_ms = 0
        self._speech_ms = 0
        self._pending = b""
        self.speaking = False

    @property
    def spoken_seconds(self) -> float:
        """How long the current or last utterance was, without the silence at its end."""
        return (self._speech_ms - self._quiet_ms) / 1000

    def hear(self, pcm: bytes, rate: int) -> Iterator[Activity]:
        """Take in audio and yield what it changes."""
        window = rate * _WINDOW_MS // 1000 * _SAMPLE_BYTES
        audio = self._pending + pcm
        whole = len(audio) - len(audio) % window
        self._pending = audio[whole:]
        for start in range(0, whole, window):
            samples = array("h", audio[start : start + window])
            loud = sum(map(abs, samples)) >= LOUD * len(samples)
            self._quiet_ms = 0 if loud else self._quiet_ms + _WINDOW_MS
            if loud and not self.speaking:
                self.speaking = True
                self._speech_ms = 0
                yield Activity.STARTED
            if self.speaking:
                self._speech_ms += _WINDOW_MS
                if self._quiet_ms >= self._silence_ms:
                    self.speaking = False
                    yield Activity.ENDED
                elif loud:
                    yield Activity.ONGOING

    def stop(self) -> None:
        """Forget a half-heard utterance: the stream has ended."""
        self.speaking = False
        self._pending = b""
