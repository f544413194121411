"""The two recordings the stand-in can say, and how they are cut into chunks."""

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RATE = 24_000
"""Samples per second of everything the server says."""

CHUNK_SECONDS = 0.1

_RECORDINGS = Path(__file__).parent / "recordings"
_SAMPLE_BYTES = 2


@dataclass(frozen=True, slots=True)
class Chunk:
    """About 100 ms of audio and the words that are transcribed with it (often none)."""

    pcm: bytes
    words: str


@dataclass(frozen=True, slots=True)
class Speech:
    """A recording with its transcript."""

    transcript: str
    pcm: bytes

    @property
    def seconds(self) -> float:
        """How long it takes to listen to."""
        return len(self.pcm) / _SAMPLE_BYTES / RATE

    def chunks(self) -> Iterator[Chunk]:
        """Cut the audio into chunks and spread the words evenly over them."""
        size = int(RATE * CHUNK_SECONDS) * _SAMPLE_BYTES
        parts = [self.pcm[start : start + size] for start in range(0, len(self.pcm), size)]
        words = self.transcript.split(" ")
        said = 0
        for index, part in enumerate(parts, 1):
            until = len(words) * index // len(parts)
            piece = " ".join(words[said:until])
            # The pieces add up to the transcript, so all but the first begin with a space.
            yield Chunk(part, f" {piece}" if piece and said else piece)
            said = until


@cache
def first_reply() -> Speech:
    """Return what is said in the first turn of a conversation."""
    return Speech("Hello, I am the stand-in for Gemini.", _read("first_reply.wav"))


@cache
def later_reply() -> Speech:
    """Return what is said in every later turn, also after a resumption: context has survived."""
    return Speech("I remember what you told me.", _read("later_reply.wav"))


def _read(name: str) -> bytes:
    with wave.open(str(_RECORDINGS / name), "rb") as recording:
        return recording.readframes(recording.getnframes())
