"""Runs a function in a process group of its own, and reads from Linux's /proc what it costs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from speed.subjects import Subject

_START_SECONDS = 120.0
_POLL_SECONDS = 0.002
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class BenchmarkError(Exception):
    """Something does not work: a function does not start, or answers other than it should."""


@dataclass(frozen=True, slots=True)
class Running:
    """A function that listens.

    Attributes:
        started: monotonic time at which its process was started.
        listening: monotonic time at which its port was open.
    """

    name: str
    pid: int
    port: int
    started: float
    listening: float
    log: Path

    def last_words(self) -> str:
        """Return the end of what it wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its processes so far, with that of those that have ended."""
        fields = (self._stat(pid) for pid in self._pids())
        return sum(sum(map(int, each[11:15])) for each in fields) / _TICKS_PER_SECOND

    def pss_megabytes(self) -> float:
        """Return the memory of all its processes; what several share counts once."""
        total = 0
        for pid in self._pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
                total += int(line.split()[1]) if line.startswith("Pss:") else 0
        return total / 1024

    def _pids(self) -> list[int]:
        pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        return [pid for pid in pids if self._stat(pid)[3:4] == [str(self.pid)]]

    def _stat(self, pid: int) -> list[str]:
        """Return the fields of /proc/PID/stat from the third on. Source: man 5 proc_pid_stat."""
        try:
            return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            return []


@contextmanager
def running(subject: Subject, environment: Mapping[str, str], folder: Path, cores: set[int]) -> Iterator[Running]:
    """Run a function until the end of the `with` block.

    Args:
        environment: all of its environment but its own variables.
        folder: takes its output.
        cores: what it may run on.

    Raises:
        BenchmarkError: it does not listen.
    """
    port = _free_port()
    command = [part.format(port=port) for part in subject.command]
    log = folder / f"{subject.name}.log"
    with log.open("ab") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            env={**environment, **subject.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        os.sched_setaffinity(process.pid, cores)
        _wait_for_port(port, process, log)
        yield Running(subject.name, process.pid, port, started, time.monotonic(), log)
    finally:
        _stop(process)


def _wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(_POLL_SECONDS)
    raise BenchmarkError(f"{log.stem} did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                continue


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
