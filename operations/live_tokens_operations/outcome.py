"""What came of a smoke test: the smoke test makes it, and a deployment decides by it whether to wait."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many checks hold, and why the others do not.

    Attributes:
        reasons: reasons of the contract among the answers that failed a check.
        may_pass_later: whether one of those answers is of a kind that passes by itself in the first minutes.
    """

    held: int
    failed: int
    reasons: frozenset[str] = frozenset()
    may_pass_later: bool = False

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return self.failed == 0
