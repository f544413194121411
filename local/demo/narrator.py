"""Prints the demo on the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape

_SHOWN_OF_A_TOKEN = len("auth_tokens/") + 6


def shortened(token: str) -> str:
    """Return the first characters of a token: enough to distinguish two tokens, too few to use one."""
    return f"{token[:_SHOWN_OF_A_TOKEN]}…"


class UnexpectedBehaviourError(Exception):
    """A step did not behave as described."""


class Narrator:
    """Prints numbered steps and their results."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self._steps = 0

    def step(self, title: str) -> None:
        """Begin a new step."""
        self._steps += 1
        self.console.print(f"\n[bold cyan]{self._steps:>2}  {escape(title)}[/]", soft_wrap=True)

    def good(self, text: str) -> None:
        """Print a result that is as described."""
        self._line(f"[green]✓[/] {escape(text)}")

    def expect(self, as_described: bool, text: str) -> None:  # noqa: FBT001  # reads as a sentence
        """Print a result, if it is as described.

        Raises:
            UnexpectedBehaviourError: it is not.
        """
        if not as_described:
            raise UnexpectedBehaviourError(text)
        self.good(text)

    def note(self, text: str) -> None:
        """Print additional information."""
        self._line(f"[dim]{escape(text)}[/]")

    def bad(self, text: str) -> None:
        """Print an error."""
        self._line(f"[bold red]✗ {escape(text)}[/]")

    def spoken(self, piece: str) -> None:
        """Print a piece of a transcript, without a line break."""
        self.console.print(f"[magenta]{escape(piece)}[/]", end="")

    def facts(self, facts: Mapping[str, str]) -> None:
        """Print a table of names and values."""
        width = max(map(len, facts))
        for name, value in facts.items():
            self._line(f"[dim]{escape(name.ljust(width))}[/]  {escape(value)}")

    def _line(self, markup: str) -> None:
        """Print a line without wrapping, so that a URL can be copied in one piece."""
        self.console.print(f"    {markup}", soft_wrap=True)
