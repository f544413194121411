"""`upstream_errors`: what all that is no answer has in common."""

from copy import copy
from datetime import timedelta

import pytest

from live_tokens import upstream_errors
from live_tokens.upstream_errors import (
    BusyError,
    CutShortError,
    UpstreamError,
    UpstreamFailedError,
    UpstreamTimeoutError,
)

ALL = [kind for kind in vars(upstream_errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


def test_all_that_is_no_answer_has_one_base_class() -> None:
    assert {kind for kind in ALL if not issubclass(kind, UpstreamError)} == set()
    assert len(ALL) == 6


def test_only_what_the_upstream_itself_is_to_blame_for_is_a_time_out_of_it() -> None:
    assert issubclass(BusyError, UpstreamTimeoutError)
    assert not issubclass(CutShortError, UpstreamTimeoutError)
    assert not issubclass(UpstreamFailedError, UpstreamTimeoutError)


@pytest.mark.parametrize("kind", ALL)
def test_it_is_known_when_to_ask_again_or_it_is_not(kind: type[UpstreamError]) -> None:
    assert kind("why").retry_after is None
    assert kind("why", timedelta(seconds=3)).retry_after == timedelta(seconds=3)
    assert str(kind("why", timedelta(seconds=3))) == "why"


@pytest.mark.parametrize("kind", ALL)
def test_a_copy_says_the_same(kind: type[UpstreamError]) -> None:
    error = copy(kind("why", timedelta(seconds=3)))
    assert (type(error), str(error), error.retry_after) == (kind, "why", timedelta(seconds=3))
