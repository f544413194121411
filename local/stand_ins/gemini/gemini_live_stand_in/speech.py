"""The two recordings the stand-in can say, and how they are cut into chunks."""

import re
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

RATE = 24_000
"""Samples per second of everything the server says."""

CHUNK_SECONDS = 0.1

_RECORDINGS = Path(__file__).parent / "recordings"
_SAMPLE_BYTES = 2
_WORD = re.compile(r"\s*\S+")  # with the space before it, so that pieces add up to the transcript


@dataclass(frozen=True, slots=True)
class Chunk:
    """About 100 ms of audio and the words that are transcribed with it (often none)."""

    pcm: bytes
    words: str

    @property
    def seconds(self) -> float:
        """How long it takes to listen to."""
        return _seconds(self.pcm)


@dataclass(frozen=True, slots=True)
class Speech:
    """A recording with its transcript."""

    transcript: str
    pcm: bytes

    @property
    def seconds(self) -> float:
        """How long it takes to listen to."""
        return _seconds(self.pcm)

    def parts(self, count: int) -> Sequence["Speech"]:
        """Cut the recording into so many of about the same length, whose transcripts add up to its own."""
        words = _WORD.findall(self.transcript)
        bounds = [(len(words) * index // count, self._sample(index / count)) for index in range(count + 1)]
        return [
            Speech("".join(words[word:next_word]), self.pcm[sample:next_sample])
            for (word, sample), (next_word, next_sample) in pairwise(bounds)
        ]

    def _sample(self, share: float) -> int:
        return int(len(self.pcm) / _SAMPLE_BYTES * share) * _SAMPLE_BYTES

    def chunks(self) -> Iterator[Chunk]:
        """Cut the audio into chunks and spread the words evenly over them."""
        size = int(RATE * CHUNK_SECONDS) * _SAMPLE_BYTES
        parts = [self.pcm[start : start + size] for start in range(0, len(self.pcm), size)]
        words = _WORD.findall(self.transcript)
        said = 0
        for index, part in enumerate(parts, 1):
            until = len(words) * index // len(parts)
            yield Chunk(part, "".join(words[said:until]))
            said = until


def _seconds(pcm: bytes) -> float:
    return len(pcm) / _SAMPLE_BYTES / RATE


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
