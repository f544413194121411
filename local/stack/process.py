"""A program of the stack. It runs in its own session, logs to a file, and is stopped with its children."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from stack.prerequisites import StackError

_POLL_SECONDS = 0.1
_STOP_SECONDS = 10
_TAIL_LINES = 15


@dataclass(slots=True)
class Process:
    """One program of the stack.

    Attributes:
        environment: the whole environment of the program.
        answers: URL that returns any response to OPTIONS once the program is ready. The function takes it for a
            browser's preflight, which it does not log.
        announces: file that takes the program's standard output, instead of the log. The program is ready when it has
            written a line, and `answers` is not asked.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    answers: str
    announces: Path | None = None
    _running: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _ready: bool = field(default=False, init=False, repr=False)

    def start(self) -> None:
        """Start the program without waiting for it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log, (self.announces or self.log).open("wb" if self.announces else "ab") as output:
            self._running = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                env=dict(self.environment),
                cwd=self.log.parent,
                start_new_session=True,
            )

    def wait_until_ready(self, seconds: float, waiting: Callable[[], None] = lambda: None) -> None:
        """Poll until the program answers.

        Raises:
            StackError: it ended, or did not answer in time. The message shows the end of its log.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            waiting()
            if self._running is None or self._running.poll() is not None:
                raise StackError(f"The {self.name} stopped while starting.\n{self._tail()}")
            if self._is_ready():
                self._ready = True
                return
            time.sleep(_POLL_SECONDS)
        raise StackError(f"The {self.name} did not answer within {seconds:.0f} s.\n{self._tail()}")

    def stop(self) -> None:
        """Stop the program and its children. Kill those that do not stop in time."""
        if self._running is None:
            return
        # While it starts, the Auth emulator ignores SIGTERM for up to 10 s. Killing it then loses nothing.
        for ending in (signal.SIGTERM, signal.SIGKILL) if self._ready else (signal.SIGKILL,):
            try:
                os.killpg(self._running.pid, ending)
            except ProcessLookupError:
                break
            try:
                self._running.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        self._running.wait()
        self._running = None

    @property
    def pid(self) -> int | None:
        """Process id and process group id, or None if the program does not run."""
        return None if self._running is None else self._running.pid

    @property
    def ended(self) -> bool:
        """Whether the program has stopped by itself."""
        return self._running is not None and self._running.poll() is not None

    def _is_ready(self) -> bool:
        if self.announces is not None:
            return self.announces.read_bytes().endswith(b"\n")
        try:
            requests.options(self.answers, timeout=2)
        except requests.RequestException:
            return False
        return True

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"The end of {self.log}:", *(f"  {line}" for line in lines)])
