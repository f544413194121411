"""Tells the story on the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape

_SHOWN_OF_A_TOKEN = len("auth_tokens/") + 6


def shortened(token: str) -> str:
    """Return a token as it may be shown: enough to tell two apart, too little to use."""
    return f"{token[:_SHOWN_OF_A_TOKEN]}…"


class NotAsToldError(Exception):
    """A step went other than told."""


class Narrator:
    """Writes numbered steps and what came of them."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self._steps = 0

    def step(self, title: str) -> None:
        """Begin a new step."""
        self._steps += 1
        self.console.print(f"\n[bold cyan]{self._steps:>2}  {escape(title)}[/]", soft_wrap=True)

    def good(self, text: str) -> None:
        """Something went as told."""
        self._line(f"[green]✓[/] {escape(text)}")

    def expect(self, as_told: bool, text: str) -> None:  # noqa: FBT001  # reads as a sentence
        """Something went as told, or not.

        Raises:
            NotAsToldError: it did not.
        """
        if not as_told:
            raise NotAsToldError(text)
        self.good(text)

    def note(self, text: str) -> None:
        """Something worth knowing."""
        self._line(f"[dim]{escape(text)}[/]")

    def bad(self, text: str) -> None:
        """Something did not go as told."""
        self._line(f"[bold red]✗ {escape(text)}[/]")

    def spoken(self, piece: str) -> None:
        """A piece of a transcript, as it comes."""
        self.console.print(f"[magenta]{escape(piece)}[/]", end="")

    def facts(self, facts: Mapping[str, str]) -> None:
        """A small table."""
        width = max(map(len, facts))
        for name, value in facts.items():
            self._line(f"[dim]{escape(name.ljust(width))}[/]  {escape(value)}")

    def _line(self, markup: str) -> None:
        """Leave the wrapping to the terminal: a URL or a reason can then be copied whole."""
        self.console.print(f"    {markup}", soft_wrap=True)
