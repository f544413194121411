"""The outcome of a smoke test. A deployment decides by it whether to wait."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many checks passed, and why the others failed.

    Attributes:
        reasons: of the answers that failed a check.
        may_pass_later: whether a failure may pass by itself within minutes.
    """

    held: int
    failed: int
    reasons: frozenset[str] = frozenset()
    may_pass_later: bool = False

    @property
    def passed(self) -> bool:
        return self.failed == 0
