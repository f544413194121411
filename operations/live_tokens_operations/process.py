"""Streams, environment and exit codes of the program."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TextIO

from live_tokens_operations.arguments import Parser


class ExitCode(IntEnum):
    """How every subcommand ends."""

    DONE = 0
    """Done, or nothing is wrong."""
    FAILED = 1
    """Not done, or something is wrong."""
    MISUSED = 2
    """The command line or the environment is wrong. Nothing was done, unless the text says so."""
    UNSURE = 3
    """Nothing wrong was found, but a check was not made."""
    INTERRUPTED = 130
    TERMINATED = 143


class OperationError(Exception):
    """The subcommand failed. The text tells the operator why, and what to do."""


class StoppedError(OperationError):
    """The operator pressed Ctrl-C. The text says what was done; without a text, it is KeyboardInterrupt."""


class Terminated(BaseException):
    """The program received SIGTERM, as when a build is cancelled."""


@dataclass(frozen=True, slots=True)
class Process:
    """The environment variables and standard streams of the program."""

    environment: Mapping[str, str] = field(repr=False)
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One part of the program."""

    add_arguments: Callable[[Parser], None]
    run: Callable[[Namespace, Process], ExitCode]
