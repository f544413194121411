"""An operator who types a command, at a terminal or without one."""

import os
import pty
import re
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

DEADLINE_SECONDS = 240.0

# What a login shell does for its first process: a session of its own, whose terminal is stdin.
_AT_A_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command has shown, on stdout and stderr, and how it ended."""

    code: int
    shown: str


class Terminal:
    """A pseudo-terminal with a command at work in it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        # A width that folds nothing: tests look for whole sentences.
        termios.tcsetwinsize(theirs, (200, 1000))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _AT_A_TERMINAL, *command],
            env=dict(environment),
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self._shown = ""
        self._looked_at = 0
        self._more = threading.Condition()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    @property
    def shown(self) -> str:
        """All that was shown so far, without colours."""
        return re.sub(r"\x1b\[[0-9;]*[a-zA-Z]", "", self._shown)

    def expect(self, text: str) -> None:
        """Wait until something is shown that was not there when the last expectation was met."""
        with self._more:
            seen = self._more.wait_for(
                lambda: text in self.shown[self._looked_at :] or not self._thread.is_alive(), DEADLINE_SECONDS
            )
            at = self.shown.find(text, self._looked_at)
            assert seen, f"{text!r} was not shown in time:\n{self.shown}"
            assert at >= 0, f"It ended without {text!r}:\n{self.shown}"
            self._looked_at = at + len(text)

    def types(self, text: str) -> None:
        """Press keys."""
        os.write(self._ours, text.encode())

    def signal(self, number: int) -> None:
        """Send a signal to the command alone."""
        self._process.send_signal(number)

    def ends(self) -> Ended:
        """Wait for the end."""
        try:
            code = self._process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            pytest.fail(f"It did not end in time:\n{self.shown}", pytrace=False)
        self._thread.join(DEADLINE_SECONDS)
        return Ended(code, self.shown)

    def close(self) -> None:
        """End what is left of it."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._thread.join(DEADLINE_SECONDS)
        os.close(self._ours)

    def _read(self) -> None:
        chunk = b"-"
        while chunk:
            try:
                chunk = os.read(self._ours, 65_536)
            except OSError:
                chunk = b""  # how Linux says that nobody is left at the other end
            with self._more:
                self._shown += chunk.decode(errors="replace").replace("\r\n", "\n")
                self._more.notify_all()


@contextmanager
def at_a_terminal(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Iterator[Terminal]:
    """Run a command at a terminal until the end of the `with` block."""
    terminal = Terminal(command, environment, folder)
    try:
        yield terminal
    finally:
        terminal.close()


def without_terminal(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Ended:
    """Run a command as a build does."""
    done = subprocess.run(
        command,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    return Ended(done.returncode, done.stdout)
