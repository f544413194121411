"""Starts gcloud and Terraform, without a shell. Nothing secret is an argument."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any, Protocol

from live_tokens_operations.defaults import KEY_VARIABLE
from live_tokens_operations.process import OperationError

_ANSWER_SECONDS = 120.0  # more than any program takes whose output is captured

_FOR_TERRAFORM = {
    "TF_IN_AUTOMATION": "1",  # no hints about the next commands
    "TF_INPUT": "0",
    "TF_WORKSPACE": "default",  # whichever one somebody has selected by hand
}
_TERRAFORM_KEY_VARIABLE = "TF_VAR_gemini_api_key"
KEY_VARIABLES = (KEY_VARIABLE, _TERRAFORM_KEY_VARIABLE)
"""Environment variables that hold the Gemini API key."""


class ProgramError(OperationError):
    """A program failed. Its output is part of the message, or was shown before."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended.

    Attributes:
        code: its exit code; negative if a signal ended it.
        out: what it wrote to stdout, if that was captured. May be a credential.
    """

    code: int
    out: str = field(default="", repr=False)
    err: str = ""


def read_json(program: str, finished: Finished) -> dict[str, Any]:
    """Return the JSON object in a program's output.

    Raises:
        ProgramError: the output is not a JSON object.
    """
    try:
        answer = json.loads(finished.out)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ProgramError(f"{program} did not print a JSON object. Check which {program} is on the PATH.")
    return answer


class Programs(Protocol):
    """Runs programs. Ctrl-C reaches the program, and raises KeyboardInterrupt once it has ended."""

    def has(self, name: str) -> bool:
        """Whether the program is installed."""
        ...

    def ask(self, argv: Sequence[str], stdin: str = "") -> Finished:
        """Run a program and capture its output. A program that hangs is killed."""
        ...

    def show(self, argv: Sequence[str], output: Path | None = None) -> Finished:
        """Run a program that writes to the terminal. It ends in its own time. `out` is empty.

        Args:
            output: a file for its stdout, which only this user can read; None for the terminal.
        """
        ...


class LocalPrograms:
    """`Programs` of this machine.

    Args:
        environment: of the programs, without the Gemini API key. Terraform alone keeps its own variable for the key.
        answer_seconds: time limit of a program whose output is captured.
    """

    def __init__(self, environment: Mapping[str, str], answer_seconds: float = _ANSWER_SECONDS) -> None:
        self._answer_seconds = answer_seconds
        self._environment = {**environment, **_FOR_TERRAFORM}
        self._environment.pop(KEY_VARIABLE, None)

    def _environment_of(self, argv: Sequence[str]) -> dict[str, str]:
        kept = self._environment if argv[0] == "terraform" else self._environment.keys() - {_TERRAFORM_KEY_VARIABLE}
        return {name: self._environment[name] for name in kept}

    def has(self, name: str) -> bool:
        return shutil.which(name, path=self._environment.get("PATH", "")) is not None

    def ask(self, argv: Sequence[str], stdin: str = "") -> Finished:
        try:
            done = subprocess.run(
                argv,
                env=self._environment_of(argv),
                input=stdin,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                timeout=self._answer_seconds,
            )
        except subprocess.TimeoutExpired:
            return Finished(-signal.SIGKILL, "", f"{argv[0]} did not answer within {self._answer_seconds:g} s")
        return Finished(done.returncode, done.stdout, done.stderr)

    def show(self, argv: Sequence[str], output: Path | None = None) -> Finished:
        sys.stdout.flush()
        # In a separate session, the program gets only the Ctrl-C that is passed on. At a second one, Terraform stops
        # at once and leaves the state locked.
        with (
            _interruptions() as interruptions,
            _writing_to(output) as stdout,
            subprocess.Popen(
                argv,
                env=self._environment_of(argv),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE,
                start_new_session=True,
            ) as process,
        ):
            interruptions.pass_on_to(process)
            err = _Reader(process.stderr, copy_to=sys.stderr.buffer)
            finished = Finished(process.wait(), err=err.text())
        if interruptions.came:
            raise KeyboardInterrupt
        return finished


@contextmanager
def _writing_to(file: Path | None) -> Iterator[IO[bytes] | None]:
    if file is None:
        yield None
        return
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        yield opened


class _Interruptions:
    """Passes each interruption on to a program, including those that come while it starts."""

    def __init__(self) -> None:
        self.came = 0
        self._passed_on = 0
        self._process: subprocess.Popen[bytes] | None = None

    def pass_on_to(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._pass_on()

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.came += 1
        self._pass_on()

    def _pass_on(self) -> None:
        while self._process is not None and self._passed_on < self.came:
            self._passed_on += 1
            self._process.send_signal(signal.SIGINT)


@contextmanager
def _interruptions() -> Iterator[_Interruptions]:
    """Collect Ctrl-C, and the SIGTERM of a cancelled build, instead of raising an exception."""
    interruptions = _Interruptions()
    before = {number: signal.signal(number, interruptions.on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruptions
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Reader:
    """Reads a pipe to its end, so that the program never waits on a full pipe."""

    def __init__(self, pipe: IO[bytes] | None, copy_to: IO[bytes]) -> None:
        self._pipe, self._copy_to, self._read = pipe, copy_to, bytearray()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def text(self) -> str:
        self._thread.join()
        return self._read.decode(errors="replace")

    def _run(self) -> None:
        while self._pipe is not None and (chunk := self._pipe.readline()):
            self._read += chunk
            self._copy_to.write(chunk)
            self._copy_to.flush()
