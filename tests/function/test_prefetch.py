"""What is fetched ahead: beside the rest of a start, and never in its way."""

import threading

import pytest

from live_tokens.deadline import Deadline
from live_tokens.errors import ApiKeyUnavailable
from live_tokens.prefetch import PREFETCH_SECONDS, prefetched
from live_tokens.upstream_errors import UpstreamError

WAIT_SECONDS = 20


class Fetches:
    """Fetches that wait for the rest of the start, and keep what they were given."""

    def __init__(self) -> None:
        self.start_goes_on = threading.Event()
        self.ended: list[bool] = []
        self.deadlines: list[Deadline] = []

    def fetch(self, deadline: Deadline) -> None:
        self.deadlines.append(deadline)
        self.ended.append(self.start_goes_on.wait(WAIT_SECONDS))


def test_all_is_fetched_beside_the_rest_of_the_start_and_is_there_after_it() -> None:
    fetches, before = Fetches(), threading.active_count()
    with prefetched([fetches.fetch, fetches.fetch]):
        fetches.start_goes_on.set()
    assert fetches.ended == [True, True]
    assert threading.active_count() == before


def test_fetches_share_one_deadline() -> None:
    fetches = Fetches()
    fetches.start_goes_on.set()
    latest = Deadline.after(PREFETCH_SECONDS)
    with prefetched([fetches.fetch, fetches.fetch]):
        pass
    one, other = fetches.deadlines
    assert one is other
    assert latest <= one <= Deadline.after(PREFETCH_SECONDS)


@pytest.mark.parametrize("error", [UpstreamError("made up"), ApiKeyUnavailable("made up")], ids=lambda it: it.__class__)
def test_what_cannot_be_fetched_stops_neither_the_start_nor_the_others(
    error: Exception, recwarn: pytest.WarningsRecorder
) -> None:
    def fails(deadline: Deadline) -> None:
        raise error

    fetches = Fetches()
    fetches.start_goes_on.set()
    with prefetched([fails, fetches.fetch]):
        pass
    assert fetches.ended == [True]
    assert not recwarn.list  # pytest warns of an error that ends a thread


def test_a_start_that_fails_says_so_when_no_fetch_is_left() -> None:
    fetches, before = Fetches(), threading.active_count()

    def start() -> None:
        with prefetched([fetches.fetch]):
            fetches.start_goes_on.set()
            raise LookupError

    with pytest.raises(LookupError):
        start()
    assert threading.active_count() == before
