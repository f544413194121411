"""What the doctor says: one finding a line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from live_tokens_operations.google.look import Unseen


class Mark(Enum):
    """How bad it is."""

    OK = "ok"
    BAD = "BAD"
    WARN = "warn"
    UNSEEN = "?"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes:
        remedy: the command, or the place, that mends it; empty if there is nothing to mend.
        by_choice: whether it was not seen because the operator wants it so.
    """

    mark: Mark
    text: str
    remedy: str = ""
    by_choice: bool = False

    @property
    def leaves_open(self) -> bool:
        """Whether there may be something bad that nobody saw."""
        return self.mark is Mark.UNSEEN and not self.by_choice

    def __str__(self) -> str:
        line = f"{self.mark.value:<4} {self.text}"
        return f"{line}  → {self.remedy}" if self.remedy else line


def ok(text: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(Mark.OK, text)


def bad(text: str, remedy: str) -> Finding:
    """Return a finding that calls fail of, or that nobody should leave as it is."""
    return Finding(Mark.BAD, text, remedy)


def warn(text: str, remedy: str) -> Finding:
    """Return a finding that may be meant so."""
    return Finding(Mark.WARN, text, remedy)


def could_not_look(at: str, unseen: Unseen) -> Finding:
    """Return the finding that something was not seen: it may be good or bad."""
    return Finding(Mark.UNSEEN, f"{at}: could not look: {unseen.why}", unseen.remedy)


def not_looked_at(at: str, because: str, *, by_choice: bool = False) -> Finding:
    """Return the finding that something was left out, by choice or since what it hangs on is not there."""
    return Finding(Mark.UNSEEN, f"{at}: not looked at, because {because}", by_choice=by_choice)
