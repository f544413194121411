"""One thread at a time does a piece of work. Threads that come meanwhile use its outcome."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Generic, TypeVar

from live_tokens.deadline import Deadline
from live_tokens.upstream_errors import BusyError, CutShortError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How a piece of work ended. Times are of the monotonic clock, in seconds."""

    value: T | None
    error: Exception | None
    started: float
    ended: float

    def take(self) -> T:
        """Return the value, or raise a copy of the error. Each caller gets a separate copy."""
        if self.error is not None:
            raise copy(self.error).with_traceback(self.error.__traceback__)
        return self.value  # type: ignore[return-value]  # T may itself be optional


class SingleFlight(Generic[T]):
    """Work that is done by one thread at a time.

    Threads that come meanwhile use its outcome, good or bad. So all callers wait for an outage at the same time, not
    one after the other.

    Args:
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(self, work: Callable[[Deadline], T], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._work = work
        self._monotonic = monotonic
        self._working = threading.Lock()
        self._last: Outcome[T] | None = None

    @property
    def last(self) -> Outcome[T] | None:
        """How the last piece of work ended."""
        return self._last

    def run(
        self, deadline: Deadline, is_reusable: Callable[[Outcome[T]], bool] | None = None, *, wait: bool = True
    ) -> T:
        """Return what the work returns, or raise what it raises.

        Args:
            deadline: of the work, and of the wait for others.
            is_reusable: decides whether an existing outcome can be reused. Default: outcomes that ended after this call
                began.
            wait: whether to wait if another thread is already doing the work.

        Raises:
            BusyError: another thread was doing the work, until the deadline if `wait` is true.
        """
        asked = self._monotonic()
        is_reusable = is_reusable or (lambda outcome: outcome.ended >= asked)
        if not self._working.acquire(timeout=deadline.left() if wait else 0):
            raise BusyError("others waited for it")
        try:
            last = self._last
            if last is None or isinstance(last.error, CutShortError) or not is_reusable(last):
                last = self._last = self._outcome(deadline)
        finally:
            self._working.release()
        return last.take()

    def _outcome(self, deadline: Deadline) -> Outcome[T]:
        started = self._monotonic()
        try:
            value, error = self._work(deadline), None
        except Exception as raised:  # noqa: BLE001  # it is raised again, for each who takes the outcome
            value, error = None, raised
        return Outcome(value, error, started, self._monotonic())
