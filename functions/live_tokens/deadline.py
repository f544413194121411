"""When to stop waiting: one moment for a whole call, handed down, and an earlier one for each of its steps."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Deadline:
    """A moment after which waiting ends.

    Attributes:
        at: seconds of the monotonic clock, which instances do not share and no one can set.
    """

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def within(self, seconds: float) -> Deadline:
        """Return the share of a step: that many seconds from now, and never later than this deadline."""
        return min(self, Deadline.after(seconds))

    def left(self) -> float:
        """Return the seconds that are left, 0 when there are none."""
        return max(0.0, self.at - time.monotonic())
