"""What the operator reads: one line for each check and each finding, and no credential in any of them."""

from __future__ import annotations

from typing import TextIO

from live_tokens_operations.client.mint_client import Answer
from live_tokens_operations.outcome import Outcome
from live_tokens_operations.smoke.answers import may_pass_later


class Report:
    """Prints lines, and keeps count."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._secrets: set[str] = set()
        self._failed_answers: list[Answer] = []
        self.held = 0
        self.failed = 0

    @property
    def outcome(self) -> Outcome:
        """What came of it until now."""
        return Outcome(
            self.held,
            self.failed,
            frozenset(answer.refusal.reason for answer in self._failed_answers if answer.refusal),
            any(may_pass_later(answer) for answer in self._failed_answers),
        )

    def hide(self, *secrets: str) -> None:
        """Keep these out of all further lines, even where a server repeats them."""
        self._secrets.update(secret for secret in secrets if secret)

    def good(self, text: str) -> None:
        """A check holds."""
        self.held += 1
        self._line("✓", text)

    def bad(self, text: str, answer: Answer | None = None) -> None:
        """A check does not hold.

        Args:
            answer: of the function, if it is what failed the check.
        """
        self.failed += 1
        if answer is not None:
            self._failed_answers.append(answer)
        self._line("✗", text)

    def expect(self, holds: bool, good: str, bad: str, answer: Answer | None = None) -> bool:  # noqa: FBT001  # a sentence
        """A check holds, or not. Returns whether it does."""
        if holds:
            self.good(good)
        else:
            self.bad(bad, answer)
        return holds

    def finding(self, question: str, answer: str) -> None:
        """Something nobody has published is now known of this service. It fails nothing."""
        self._line("?", f"{question}: {answer}")

    def note(self, text: str) -> None:
        """Something worth knowing."""
        self._line(" ", text)

    def _line(self, mark: str, text: str) -> None:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "…")
        # What others wrote is shown as text, never obeyed by the terminal.
        shown = "".join(character if character.isprintable() else " " for character in text)
        # At once: whoever looks at a build's log sees where it hangs.
        print(f"{mark} {shown}", file=self._out, flush=True)
