"""The output for the operator: one line per check and observation, without credentials."""

from __future__ import annotations

from typing import TextIO

from live_tokens_operations.client.mint_client import Answer
from live_tokens_operations.one_line import one_line
from live_tokens_operations.outcome import Outcome
from live_tokens_operations.smoke.answers import may_pass_later


class Report:
    """Prints lines and counts results."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._secrets: set[str] = set()
        self._failed_answers: list[Answer] = []
        self.held = 0
        self.failed = 0

    @property
    def outcome(self) -> Outcome:
        """The result so far."""
        return Outcome(
            self.held,
            self.failed,
            frozenset(answer.refusal.reason for answer in self._failed_answers if answer.refusal),
            any(may_pass_later(answer) for answer in self._failed_answers),
        )

    def hide(self, *secrets: str) -> None:
        """Hide these texts in all later lines, even if a server repeats them."""
        self._secrets.update(secret for secret in secrets if secret)

    def good(self, text: str) -> None:
        """Report a check that passed."""
        self.held += 1
        self._line("✓", text)

    def bad(self, text: str, answer: Answer | None = None) -> None:
        """Report a check that failed.

        Args:
            answer: the answer of the function that failed the check, if any.
        """
        self.failed += 1
        if answer is not None:
            self._failed_answers.append(answer)
        self._line("✗", text)

    def expect(self, holds: bool, good: str, bad: str, answer: Answer | None = None) -> bool:  # noqa: FBT001  # a sentence
        """Report a check, and return whether it passed."""
        if holds:
            self.good(good)
        else:
            self.bad(bad, answer)
        return holds

    def observation(self, question: str, answer: str) -> None:
        """Report undocumented behaviour, which is never a failure."""
        self._line("?", f"{question}: {answer}")

    def note(self, text: str) -> None:
        """Print additional information."""
        self._line(" ", text)

    def _line(self, mark: str, text: str) -> None:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "…")
        # Flushed, so that the log of a build shows where it hangs.
        print(f"{mark} {one_line(text)}", file=self._out, flush=True)
