"""Fetches in threads, while a start goes on, what the first call of an instance would wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from live_tokens.deadline import Deadline
from live_tokens.errors import TokenNotIssued
from live_tokens.upstream_errors import UpstreamError

# No more than this does an outage delay a start.
PREFETCH_SECONDS = 3.0

Fetch = Callable[[Deadline], object]
"""Fetches something and keeps it. The first call that lacks it fetches it again, and reports why it cannot."""


@contextmanager
def prefetched(fetches: Sequence[Fetch]) -> Iterator[None]:
    """Do all of this beside what is inside the `with` block. After the block, no thread of it is left.

    A failed fetch is no failure here.
    """
    deadline = Deadline.after(PREFETCH_SECONDS)
    threads = [
        threading.Thread(target=_attempt, args=(fetch, deadline), name=f"prefetch-{number}")
        for number, fetch in enumerate(fetches)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


def _attempt(fetch: Fetch, deadline: Deadline) -> None:
    with suppress(UpstreamError, TokenNotIssued):
        fetch(deadline)
