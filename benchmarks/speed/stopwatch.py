"""A stopwatch for the CPU time of the steps of a call, which many threads take at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

STEPS_PATH = "/steps"
"""Where a function answers the milliseconds of its stopwatch so far."""


class Stopwatch:
    """Adds up the CPU time that threads spend in each step, without the steps inside it.

    Args:
        inner: what goes by the name of the step around it as well, such as a request to a server.
        clock: seconds of CPU of the calling thread so far.
    """

    def __init__(self, inner: str, clock: Callable[[], float] = time.thread_time) -> None:
        self.milliseconds: Counter[str] = Counter()
        self._inner = inner
        self._clock = clock
        self._adding = threading.Lock()
        self._thread = threading.local()

    def timed(self, step: str, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return the method, timed as a step."""

        @wraps(method)
        def timed(*arguments: Any, **named: Any) -> Any:
            outer: list[str] = getattr(self._thread, "steps", [])
            self._thread.steps = [*outer, f"{outer[-1]}: {step}" if step == self._inner and outer else step]
            self._lap(outer)
            try:
                return method(*arguments, **named)
            finally:
                self._lap(self._thread.steps)
                self._thread.steps = outer

        return timed

    def _lap(self, steps: list[str]) -> None:
        """Add the time since the last lap of this thread to the innermost of these steps."""
        now = 1e3 * self._clock()
        if steps:
            with self._adding:
                self.milliseconds[steps[-1]] += now - self._thread.since
        self._thread.since = now
