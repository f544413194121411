"""What the stand-in can say: five recordings, other people's WAV files and any text in tones; cut into chunks."""

import math
import re
import wave
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

RATE = 24_000
"""Samples per second of everything the server says."""

CHUNK_SECONDS = 0.1

GREETING = "hello"
RECORDINGS: Mapping[str, str] = {
    GREETING: "Hello, I am the stand-in for Gemini.",
    "remember": "I remember what you told me.",
    "still-know": "Yes, I still know what we talked about.",
    "go-on": "Let us go on from there.",
    "in-mind": "I have all of it in mind.",
}
"""Name → transcript. The first opens a conversation; the others say that its context has survived."""

_FOLDER = Path(__file__).parent / "recordings"
_SAMPLE_BYTES = 2
_WORD = re.compile(r"\s*\S+")  # with the space before it, so that pieces add up to the transcript
_TONE_SECONDS_PER_CHARACTER = 0.06
_TONE_AMPLITUDE = 8000
_PITCHES = (200, 250, 300, 350, 400)  # each has whole periods in the length of a character


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


class WavError(Exception):
    """A file is not what can be said: a WAV of 16 bit, mono, 24 kHz."""


def _seconds(pcm: bytes) -> float:
    return len(pcm) / _SAMPLE_BYTES / RATE


@cache
def recording(name: str) -> Speech:
    """Return one of `RECORDINGS`."""
    return Speech(RECORDINGS[name], read_wav(_FOLDER / f"{name}.wav"))


def in_turn(turns: int) -> Speech:
    """Return what is said after so many turns of a conversation, also after a resumption."""
    greeting, *later = RECORDINGS
    return recording(later[(turns - 1) % len(later)] if turns else greeting)


def read_wav(path: Path) -> bytes:
    """Return the samples of a WAV file.

    Raises:
        WavError: it cannot be read or has another format.
    """
    try:
        with wave.open(str(path), "rb") as file:
            form = (file.getsampwidth() * 8, file.getnchannels(), file.getframerate())
            if form != (16, 1, RATE):
                raise WavError("{} bit, {} channels, {} Hz".format(*form))
            return file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise WavError(str(error)) from error


def in_tones(text: str) -> Speech:
    """Return any text as sound: a tone for each character, so that the sound is as long as speech would be."""
    return Speech(text, b"".join(_tone(ord(character) if character.strip() else 0) for character in text))


@cache
def _tone(character: int) -> bytes:
    count = int(RATE * _TONE_SECONDS_PER_CHARACTER)
    if not character:
        return bytes(count * _SAMPLE_BYTES)
    step = 2 * math.pi * _PITCHES[character % len(_PITCHES)] / RATE
    return array("h", [round(_TONE_AMPLITUDE * math.sin(step * index)) for index in range(count)]).tobytes()
