"""A finding: the result of one check, as one line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from live_tokens_operations.google.look import Unseen


class Mark(Enum):
    """Severity of a finding, as it is printed."""

    OK = "ok"
    BAD = "BAD"
    WARN = "warn"
    UNSEEN = "?"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes:
        remedy: the command or the place that fixes it; empty if there is nothing to fix.
        by_choice: whether the operator asked to skip the check.
    """

    mark: Mark
    text: str
    remedy: str = ""
    by_choice: bool = False

    @property
    def leaves_open(self) -> bool:
        """Whether a problem may have been missed."""
        return self.mark is Mark.UNSEEN and not self.by_choice

    def __str__(self) -> str:
        line = f"{self.mark.value:<4} {self.text}"
        return f"{line}  → {self.remedy}" if self.remedy else line


def ok(text: str) -> Finding:
    """Return the finding that a check passed."""
    return Finding(Mark.OK, text)


def bad(text: str, remedy: str) -> Finding:
    """Return a finding that makes calls fail, or that is unsafe."""
    return Finding(Mark.BAD, text, remedy)


def warn(text: str, remedy: str) -> Finding:
    """Return a finding that may be intended."""
    return Finding(Mark.WARN, text, remedy)


def unanswered(at: str, unseen: Unseen) -> Finding:
    """Return the finding that Google gave no answer: there may be a problem or not."""
    return Finding(Mark.UNSEEN, f"{at}: not checked: {unseen.why}", unseen.remedy)


def skipped(at: str, because: str, *, by_choice: bool = False) -> Finding:
    """Return the finding that a check was not made, by choice or because what it needs is missing."""
    return Finding(Mark.UNSEEN, f"{at}: not checked: {because}", by_choice=by_choice)
