"""`speed.steps`: each step of a call is charged what it took itself, and nothing is lost between them."""

import threading

import pytest

from speed.steps import step_table
from speed.stopwatch import Stopwatch


class Work:
    """Takes CPU time by a clock that only it moves. Threads have clocks of their own, as with `thread_time`."""

    def __init__(self, threads: int = 1) -> None:
        self._all_inside = threading.Barrier(threads)
        self._of_thread = threading.local()
        self.stopwatch = Stopwatch(inner="request", clock=self._clock)

    def _clock(self) -> float:
        seconds: float = getattr(self._of_thread, "seconds", 0.0)
        return seconds

    def take(self, seconds: float) -> None:
        self._of_thread.seconds = self._clock() + seconds

    def step(self, name: str, seconds: float, inner: str = "", fails: bool = False) -> None:
        def body() -> None:
            self._all_inside.wait(10)
            self.take(seconds)
            if inner:
                self.step(inner, 4.0)
            self.take(seconds)
            if fails:
                raise LookupError

        self.stopwatch.timed(name, body)()


def test_a_step_is_charged_without_the_steps_inside_it() -> None:
    work = Work()
    work.take(100)
    work.step("mint", 1.0, inner="proof")
    work.step("mint", 1.0)
    assert work.stopwatch.milliseconds == {"mint": 4000, "proof": 8000}


def test_a_request_is_named_after_the_step_that_makes_it() -> None:
    work = Work()
    work.step("mint", 1.0, inner="request")
    work.step("request", 1.0)
    assert work.stopwatch.milliseconds == {"mint": 2000, "mint: request": 8000, "request": 2000}


def test_a_step_that_fails_is_charged_and_what_follows_is_not_part_of_it() -> None:
    work = Work()
    with pytest.raises(LookupError):
        work.step("mint", 1.0, fails=True)
    work.take(50)
    work.step("audit", 1.0)
    assert work.stopwatch.milliseconds == {"mint": 2000, "audit": 2000}


def test_steps_that_threads_take_at_the_same_time_add_up() -> None:
    work = Work(threads=8)
    threads = [threading.Thread(target=work.step, args=("mint", 1.0, "proof")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert work.stopwatch.milliseconds == {"mint": 16_000, "proof": 64_000}


def test_the_table_has_the_share_of_each_step_and_their_sum() -> None:
    assert step_table({"mint": 1.5, "audit": 0.5}).splitlines()[2:] == [
        "| mint | 1.50 | 75 % |",
        "| audit | 0.50 | 25 % |",
        "| all | 2.00 | |",
    ]
