"""What the app's microphone sent, measured: level, pauses on the way, rate, and whether it is a tone."""

import math
from array import array
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


@dataclass(slots=True)
class Measurement:
    """Takes in sound, a chunk at a time."""

    _bytes: int = 0
    _chunks: int = 0
    _seconds: float = 0.0
    _rates: list[int] = field(default_factory=list)
    _samples_before_last: int = 0
    _first_at: datetime | None = None
    _last_at: datetime | None = None
    _due: float = 0.0
    _gaps: list[Gap] = field(default_factory=list)
    _pending: bytes = b""
    _levels: "_Levels" = field(default_factory=lambda: _Levels())

    def hear(self, pcm: bytes, rate: int, at: datetime) -> None:
        """Take in one message of PCM16 that came at a time."""
        self._first_at = self._first_at or at
        arrived = (at - self._first_at).total_seconds()
        if arrived - self._due > _GAP_SECONDS:
            self._gaps.append(Gap(round(self._seconds, 3), round(arrived - self._due, 3)))
        seconds = len(pcm) / _SAMPLE_BYTES / rate
        self._due = max(self._due, arrived) + seconds
        self._samples_before_last = self._bytes // _SAMPLE_BYTES
        self._last_at = at
        self._bytes += len(pcm)
        self._chunks += 1
        self._seconds += seconds
        if rate not in self._rates:
            self._rates.append(rate)
        self._measure_windows(pcm, rate)

    def _measure_windows(self, pcm: bytes, rate: int) -> None:
        size = rate * _WINDOW_MS // 1000 * _SAMPLE_BYTES
        audio = self._pending + pcm
        whole = len(audio) - len(audio) % size
        self._pending = audio[whole:]
        for start in range(0, whole, size):
            self._levels.take(array("h", audio[start : start + size]), rate)

    def result(self) -> Sound:
        """Return what was heard so far."""
        levels = self._levels
        return Sound(
            bytes=self._bytes,
            chunks=self._chunks,
            seconds=round(self._seconds, 3),
            rates=tuple(self._rates),
            measured_rate=self._measured_rate(),
            speech_seconds=levels.speech_seconds,
            peak_dbfs=_dbfs(levels.peak),
            speech_dbfs=levels.speech_dbfs,
            clipped=levels.clipped,
            tone_hz=levels.tone_hz,
            gaps=tuple(self._gaps),
        )

    def _measured_rate(self) -> float | None:
        if self._first_at is None or self._last_at is None:
            return None
        seconds = (self._last_at - self._first_at).total_seconds()
        return round(self._samples_before_last / seconds, 1) if seconds >= _RATE_SECONDS else None


@dataclass(slots=True)
class _Levels:
    """What the windows of 20 ms add up to."""

    peak: int = 0
    clipped: int = 0
    _windows: int = 0
    _first_loud: int | None = None
    _last_loud: int = 0
    _loud: int = 0
    _loud_energy: float = 0.0
    _loud_samples: int = 0
    _tonal: int = 0
    _tonal_hz: float = 0.0

    @property
    def speech_seconds(self) -> float:
        if self._first_loud is None:
            return 0.0
        return (self._last_loud - self._first_loud + 1) * _WINDOW_MS / 1000

    @property
    def speech_dbfs(self) -> float | None:
        return _dbfs(math.sqrt(self._loud_energy / self._loud_samples)) if self._loud else None

    @property
    def tone_hz(self) -> float | None:
        return round(self._tonal_hz / self._tonal, 1) if self._tonal * 2 > self._loud else None

    def take(self, samples: "array[int]", rate: int) -> None:
        self._windows += 1
        sizes = list(map(abs, samples))
        self.peak = max(self.peak, *sizes)
        self.clipped += sum(size >= _FULL_SCALE - 1 for size in sizes) if self.peak >= _FULL_SCALE - 1 else 0
        if sum(sizes) < LOUD * len(sizes):
            return
        if self._first_loud is None:
            self._first_loud = self._windows
        self._last_loud = self._windows
        self._loud += 1
        energy = sum(size * size for size in sizes)
        self._loud_energy += energy
        self._loud_samples += len(sizes)
        hz = _crossings(samples) / 2 * rate / len(samples)
        if _energy_at(hz, samples, rate) >= _TONAL_SHARE * energy:
            self._tonal += 1
            self._tonal_hz += hz


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
