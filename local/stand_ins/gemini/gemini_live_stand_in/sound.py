"""What the app's microphone sent, measured: level, pauses on the way, rate, and whether it is a tone."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from gemini_live_stand_in.voice_activity import LOUD

_WINDOW_MS = 20
_SAMPLE_BYTES = 2
_FULL_SCALE = 32_768
_GAP_SECONDS = 0.15  # later than that, a chunk has not come when the sound before it was over
_RATE_SECONDS = 1.0  # the rate of arrival is not worth a number over less
_TONAL_SHARE = 0.5  # of a window's energy at one frequency, from which it is a tone
_HZ_TOLERANCE, _HZ_TOLERANCE_SHARE = 10.0, 0.03


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which no sound came although the stream went on after it.

    Attributes:
        at_seconds: where in the sound.
    """

    at_seconds: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """All sound of a connection, or of one turn.

    Attributes:
        rates: the sample rates that the messages named.
        measured_rate: samples per second as they came; None under a second, or if they came all at once.
        speech_seconds: from the first loud moment to the last.
        speech_dbfs: the level of the loud moments, root mean square; None without one.
        clipped: how many samples are at full scale.
        tone_hz: the frequency, if most of the loud moments are a tone.
    """

    bytes: int = 0
    chunks: int = 0
    seconds: float = 0.0
    rates: tuple[int, ...] = ()
    measured_rate: float | None = None
    speech_seconds: float = 0.0
    peak_dbfs: float | None = None
    speech_dbfs: float | None = None
    clipped: int = 0
    tone_hz: float | None = None
    gaps: tuple[Gap, ...] = ()

    @property
    def longest_gap_seconds(self) -> float:
        """The longest of `gaps`; 0 without one."""
        return max((gap.seconds for gap in self.gaps), default=0.0)

    def is_tone_of(self, hz: float) -> bool:
        """Whether it is a tone of about that frequency."""
        return self.tone_hz is not None and abs(self.tone_hz - hz) <= max(_HZ_TOLERANCE, hz * _HZ_TOLERANCE_SHARE)


@dataclass(frozen=True, slots=True)
class Window:
    """What 20 ms of sound are.

    Attributes:
        energy: the sum of the squares; 0 unless it is loud.
        tone_hz: the frequency, if most of the energy is at one.
    """

    peak: int
    clipped: int
    samples: int
    energy: float
    tone_hz: float | None

    @property
    def loud(self) -> bool:
        """Whether it counts as sound and not as quiet."""
        return self.energy > 0

    @classmethod
    def of(cls, samples: "array[int]", rate: int) -> "Window":
        """Measure some samples."""
        sizes = list(map(abs, samples))
        peak = max(sizes)
        clipped = sum(size >= _FULL_SCALE - 1 for size in sizes) if peak >= _FULL_SCALE - 1 else 0
        if sum(sizes) < LOUD * len(sizes):
            return cls(peak, clipped, len(sizes), 0, None)
        energy = sum(size * size for size in sizes)
        hz = _crossings(samples) / 2 * rate / len(samples)
        tonal = _energy_at(hz, samples, rate) >= _TONAL_SHARE * energy
        return cls(peak, clipped, len(sizes), energy, hz if tonal else None)


class Microphone:
    """Listens to the sound of a connection, a message at a time, and measures all of it and each turn."""

    def __init__(self) -> None:
        self._pending = b""
        self._all = Measurement()
        self._turn = Measurement()

    def hear(self, pcm: bytes, rate: int, at: datetime) -> None:
        """Take in one message of PCM16 that came at a time."""
        size = rate * _WINDOW_MS // 1000 * _SAMPLE_BYTES
        audio = self._pending + pcm
        whole = len(audio) - len(audio) % size
        self._pending = audio[whole:]
        windows = [Window.of(array("h", audio[start : start + size]), rate) for start in range(0, whole, size)]
        for measurement in (self._all, self._turn):
            measurement.add(len(pcm), rate, at, windows)

    def result(self) -> Sound:
        """Return what was heard so far."""
        return self._all.result()

    def end_turn(self) -> Sound:
        """Return what was heard since the last turn, and begin the next."""
        sound, self._turn = self._turn.result(), Measurement()
        return sound


@dataclass(slots=True)
class Measurement:
    """What messages of sound add up to."""

    _bytes: int = 0
    _chunks: int = 0
    _seconds: float = 0.0
    _rates: list[int] = field(default_factory=list)
    _samples_before_last: int = 0
    _first_at: datetime | None = None
    _last_at: datetime | None = None
    _due: float = 0.0
    _gaps: list[Gap] = field(default_factory=list)
    _windows: int = 0
    _peak: int = 0
    _clipped: int = 0
    _first_loud: int = 0
    _last_loud: int = 0
    _loud: int = 0
    _loud_energy: float = 0.0
    _loud_samples: int = 0
    _tonal: int = 0
    _tonal_hz: float = 0.0

    def add(self, size: int, rate: int, at: datetime, windows: Sequence[Window]) -> None:
        """Add a message of so many bytes, and the windows that it completed."""
        self._first_at = self._first_at or at
        arrived = (at - self._first_at).total_seconds()
        if arrived - self._due > _GAP_SECONDS:
            self._gaps.append(Gap(round(self._seconds, 3), round(arrived - self._due, 3)))
        seconds = size / _SAMPLE_BYTES / rate
        self._due = max(self._due, arrived) + seconds
        self._samples_before_last = self._bytes // _SAMPLE_BYTES
        self._last_at = at
        self._bytes += size
        self._chunks += 1
        self._seconds += seconds
        if rate not in self._rates:
            self._rates.append(rate)
        for window in windows:
            self._add_window(window)

    def _add_window(self, window: Window) -> None:
        self._windows += 1
        self._peak = max(self._peak, window.peak)
        self._clipped += window.clipped
        if not window.loud:
            return
        self._first_loud = self._first_loud or self._windows
        self._last_loud = self._windows
        self._loud += 1
        self._loud_energy += window.energy
        self._loud_samples += window.samples
        if window.tone_hz is not None:
            self._tonal += 1
            self._tonal_hz += window.tone_hz

    def result(self) -> Sound:
        """Return what was added so far."""
        loud_windows = self._last_loud - self._first_loud + 1 if self._loud else 0
        return Sound(
            bytes=self._bytes,
            chunks=self._chunks,
            seconds=round(self._seconds, 3),
            rates=tuple(self._rates),
            measured_rate=self._measured_rate(),
            speech_seconds=loud_windows * _WINDOW_MS / 1000,
            peak_dbfs=_dbfs(self._peak),
            speech_dbfs=_dbfs(math.sqrt(self._loud_energy / self._loud_samples)) if self._loud else None,
            clipped=self._clipped,
            tone_hz=round(self._tonal_hz / self._tonal, 1) if self._tonal * 2 > self._loud else None,
            gaps=tuple(self._gaps),
        )

    def _measured_rate(self) -> float | None:
        if self._first_at is None or self._last_at is None:
            return None
        seconds = (self._last_at - self._first_at).total_seconds()
        return round(self._samples_before_last / seconds, 1) if seconds >= _RATE_SECONDS else None


def _crossings(samples: "array[int]") -> int:
    return sum((before < 0) != (after < 0) for before, after in pairwise(samples))


def _energy_at(hz: float, samples: "array[int]", rate: int) -> float:
    """Return the energy of the samples at one frequency, by Goertzel's algorithm."""
    factor = 2 * math.cos(2 * math.pi * hz / rate)
    last = before_last = 0.0
    for sample in samples:
        last, before_last = sample + factor * last - before_last, last
    power = last * last + before_last * before_last - factor * last * before_last
    return 2 * power / len(samples)


def _dbfs(size: float) -> float | None:
    return round(20 * math.log10(size / _FULL_SCALE), 1) if size else None
