"""Calls that take no time limit get one."""

import threading

import pytest

from live_tokens.deadline import Deadline


def test_a_call_that_comes_in_time_is_as_if_it_were_called_directly() -> None:
    assert Deadline(seconds=10, threads=1).run(lambda: "answer") == "answer"


def test_an_error_of_the_call_is_raised() -> None:
    with pytest.raises(LookupError):
        Deadline(seconds=10, threads=1).run(lambda: dict[str, str]()["missing"])


def test_a_call_that_takes_too_long_is_given_up() -> None:
    answered = threading.Event()
    with pytest.raises(TimeoutError):
        Deadline(seconds=0.01, threads=1).run(answered.wait)
    answered.set()


def test_a_call_that_was_given_up_keeps_nobody_else_waiting_while_there_are_threads() -> None:
    answered = threading.Event()
    deadline = Deadline(seconds=0.5, threads=2)
    with pytest.raises(TimeoutError):
        deadline.run(answered.wait)
    assert deadline.run(lambda: "answer") == "answer"
    answered.set()


def test_no_thread_is_started_before_the_first_call() -> None:
    before = threading.active_count()
    Deadline(seconds=1, threads=4)
    assert threading.active_count() == before


def test_a_call_that_had_not_begun_when_it_was_given_up_never_begins() -> None:
    answered, begun = threading.Event(), threading.Event()
    deadline = Deadline(seconds=0.5, threads=1)
    for call in (answered.wait, begun.set):
        with pytest.raises(TimeoutError):
            deadline.run(call)
    answered.set()
    assert deadline.run(lambda: "the next in the queue") == "the next in the queue"
    assert not begun.is_set()
