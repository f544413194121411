"""One moment at which a whole call ends, and the earlier ones of its steps."""

import dataclasses
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_tokens.deadline import Deadline

SECONDS = st.floats(min_value=0, max_value=1e6)


def test_a_deadline_is_a_moment_of_the_clock_that_nobody_sets() -> None:
    before = time.monotonic()
    deadline = Deadline.after(60)
    assert before + 60 <= deadline.at <= time.monotonic() + 60


@given(whole=SECONDS, share=SECONDS)
def test_a_step_never_ends_after_the_whole_nor_after_its_own_share(whole: float, share: float) -> None:
    deadline = Deadline.after(whole)
    before = time.monotonic()
    step = deadline.within(share)
    assert step <= deadline
    assert step == deadline or before + share <= step.at <= time.monotonic() + share


@given(st.lists(SECONDS, min_size=1, max_size=5))
def test_steps_within_steps_never_end_after_any_that_they_are_in(shares: list[float]) -> None:
    deadlines = [Deadline.after(10)]
    for share in shares:
        deadlines.append(deadlines[-1].within(share))
    assert deadlines == sorted(deadlines, reverse=True)


def test_a_step_that_would_end_later_is_told_by_its_deadline_being_that_of_the_whole() -> None:
    deadline = Deadline.after(1)
    assert deadline.within(60) == deadline
    assert deadline.within(0.001) != deadline


@given(st.floats(min_value=-1e6, max_value=0))
def test_what_is_left_is_never_less_than_nothing(ago: float) -> None:
    assert Deadline.after(ago).left() == 0
    assert Deadline.after(ago).within(60).left() == 0


@given(SECONDS)
def test_no_more_is_left_than_there_was(seconds: float) -> None:
    # Half a microsecond: what a sum with a clock of many digits may round to.
    assert 0 <= Deadline.after(seconds).left() <= seconds + 5e-7


def test_what_is_left_only_shrinks() -> None:
    deadline = Deadline.after(60)
    first = deadline.left()
    assert 0 < deadline.left() <= first


def test_a_deadline_cannot_be_moved() -> None:
    deadline = Deadline.after(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        deadline.at = 0.0  # type: ignore[misc]  # that is the test
