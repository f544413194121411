"""Keeps callers from waiting, one after the other, for an upstream that does not answer.

After `TIME_OUTS` time-outs in a row the circuit opens: calls fail at once. After a pause, one caller at a time asks
again. The first answer, good or bad, closes the circuit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from live_tokens.deadline import Deadline
from live_tokens.upstream_errors import CircuitOpenError, CutShortError, UpstreamTimeoutError

TIME_OUTS = 3
PAUSE_SECONDS = 5.0


class CircuitBreaker:
    """Guards one upstream.

    Only time-outs count. Fast failures hold no thread, so they do not count, and the next call notices the end of such
    an outage.

    Args:
        time_out: the client's error for an answer that did not come in time.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(self, time_out: type[Exception], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._time_out = time_out
        self._monotonic = monotonic
        self._changing = threading.Lock()
        self._time_outs = 0
        self._paused_until = 0.0
        self._probing = False

    @contextmanager
    def asking(self, deadline: Deadline) -> Iterator[None]:
        """Ask the upstream inside this context. Any end of it except a time-out counts as an answer.

        Args:
            deadline: of the step that needs the answer. A time-out after it does not count against the upstream.

        Raises:
            CircuitOpenError: the circuit is open.
            UpstreamTimeoutError: it timed out.
            CutShortError: the deadline came before its time was over.
        """
        probe = self._enter()
        try:
            yield
        except self._time_out as error:
            if not deadline.left():
                raise CutShortError(type(error).__name__) from error
            self._timed_out()
            raise UpstreamTimeoutError(type(error).__name__) from error
        except BaseException:
            self._answered()
            raise
        else:
            self._answered()
        finally:
            if probe:
                self._probing = False

    def _enter(self) -> bool:
        """Return whether this call is the probe."""
        with self._changing:
            if self._time_outs < TIME_OUTS:
                return False
            wait = self._paused_until - self._monotonic()
            if wait > 0 or self._probing:
                raise CircuitOpenError("circuit open", timedelta(seconds=max(wait, 1.0)))
            self._probing = True
            return True

    def _timed_out(self) -> None:
        with self._changing:
            self._time_outs += 1
            self._paused_until = self._monotonic() + PAUSE_SECONDS

    def _answered(self) -> None:
        with self._changing:
            self._time_outs = 0
