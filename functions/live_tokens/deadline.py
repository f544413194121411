"""A time limit for calls into libraries that take none.

The retries of some clients sleep as long as a server's Retry-After asks, be it an hour; a socket timeout does not help.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class Deadline:
    """Runs calls in threads of its own and stops waiting for them in time.

    A call that was given up runs on, unheard; one that had not begun never begins.

    Args:
        seconds: how long a call may take.
        threads: how many may run at once, those that were given up included.
    """

    def __init__(self, seconds: float, threads: int) -> None:
        self._seconds = seconds
        self._threads = threads
        self._starting = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None

    def run(self, call: Callable[[], Result]) -> Result:
        """Return what the call returns, or raise what it raises.

        Raises:
            TimeoutError: it took longer.
        """
        future = self._started().submit(call)
        try:
            return future.result(timeout=self._seconds)
        except TimeoutError:
            future.cancel()
            raise

    def _started(self) -> ThreadPoolExecutor:
        """Start threads on first use: this object is made before gunicorn forks."""
        with self._starting:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix="deadline")
            return self._executor
