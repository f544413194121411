"""The operator at the terminal: messages, questions, and secrets without echo."""

from __future__ import annotations

import getpass
import warnings
from typing import Protocol, TextIO

from live_tokens_operations.deploy.errors import DeclinedError


class Operator(Protocol):
    """The person who runs the program."""

    @property
    def interactive(self) -> bool:
        """Whether the operator can answer questions."""
        ...

    def say(self, text: str) -> None:
        """Show lines of text."""
        ...

    def ask(self, question: str) -> str:
        """Return the line that is typed.

        Raises:
            DeclinedError: the input ended.
        """
        ...

    def ask_secret(self, question: str) -> str:
        """Return the line that is typed, which does not appear on the terminal.

        Raises:
            DeclinedError: the input ended, or the terminal cannot hide what is typed.
        """
        ...


class Terminal:
    """`Operator` of a real terminal."""

    def __init__(self, stdin: TextIO, stdout: TextIO) -> None:
        self._stdin, self._stdout = stdin, stdout

    @property
    def interactive(self) -> bool:
        return self._stdin.isatty()

    def say(self, text: str) -> None:
        self._stdout.write(f"{text}\n")
        self._stdout.flush()

    def ask(self, question: str) -> str:
        self._stdout.write(question)
        self._stdout.flush()
        line = self._stdin.readline()
        if not line:
            self.say("")
            raise DeclinedError("Nothing was typed.")
        return line.strip()

    def ask_secret(self, question: str) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return getpass.getpass(question)
            except EOFError as end:
                self.say("")
                raise DeclinedError("No key was typed.") from end
            except getpass.GetPassWarning as warning:
                raise DeclinedError(
                    "This terminal cannot hide what is typed. Set GEMINI_API_KEY to the key."
                ) from warning
