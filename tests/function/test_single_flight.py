"""What many want done at once is done once, and its outcome is everybody's."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from function.fake_clock import FakeClock
from function.made_up import AMPLE
from live_tokens.deadline import Deadline
from live_tokens.single_flight import Outcome, SingleFlight
from live_tokens.upstream_errors import BusyError, CutShortError

WAIT_SECONDS = 10
CALLERS = 12


class KilledError(BaseException):
    """Ends a thread, as SystemExit and KeyboardInterrupt do."""


class Work:
    """Work that is held until it is let go, and ends as it is told: each time with the next, the last for ever.

    Attributes:
        deadlines: of each time it was done.
        begun: is released for each time that it begins.
    """

    def __init__(self, *ends: str | BaseException) -> None:
        self._ends = list(ends)
        self.deadlines: list[Deadline] = []
        self.begun = threading.Semaphore(0)
        self._free = threading.Event()

    @property
    def times(self) -> int:
        return len(self.deadlines)

    def let_go(self) -> None:
        self._free.set()

    def __call__(self, deadline: Deadline) -> str:
        self.deadlines.append(deadline)
        self.begun.release()
        assert self._free.wait(WAIT_SECONDS)
        end = self._ends.pop(0) if len(self._ends) > 1 else self._ends[0]
        if isinstance(end, BaseException):
            raise end
        return end


def patient() -> Deadline:
    """Return the deadline of who waits for as long as it takes, and not for ever."""
    return Deadline.after(WAIT_SECONDS)


def free(*ends: str | BaseException) -> Work:
    """Return work that nobody holds."""
    work = Work(*ends)
    work.let_go()
    return work


def flight(work: Work) -> SingleFlight[str]:
    """Return it with a clock on which no two moments are the same."""
    return SingleFlight(work, FakeClock(tick=1.0))


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CALLERS) as executor:
        yield executor


def outcome_of(future: Future[str]) -> str | BaseException | None:
    return future.exception(WAIT_SECONDS) or future.result(0)


def many(
    threads: ThreadPoolExecutor, work: Work, run: Callable[[], str], clock: FakeClock
) -> list[str | BaseException | None]:
    """Let one begin, and the others come while it is at work; then let it end."""
    first = threads.submit(run)
    assert work.begun.acquire(timeout=WAIT_SECONDS)
    looks = clock.looks
    others = [threads.submit(run) for _ in range(CALLERS - 1)]
    clock.wait_for_looks(looks + CALLERS - 1)  # each looks at the clock as it comes
    work.let_go()
    return [outcome_of(future) for future in (first, *others)]


# --- one at a time


def test_one_does_the_work_and_all_who_came_meanwhile_take_what_it_returned(threads: ThreadPoolExecutor) -> None:
    work, clock = Work("first", "second"), FakeClock(tick=1.0)
    shared = SingleFlight(work, clock)
    assert many(threads, work, lambda: shared.run(patient()), clock) == ["first"] * CALLERS
    assert work.times == 1


@pytest.mark.parametrize("error", [LookupError("first"), OSError("first"), ExceptionGroup("first", [ValueError()])])
def test_one_does_the_work_and_all_who_came_meanwhile_take_what_it_raised(
    threads: ThreadPoolExecutor, error: Exception
) -> None:
    work, clock = Work(error, "second"), FakeClock(tick=1.0)
    shared = SingleFlight(work, clock)
    outcomes = many(threads, work, lambda: shared.run(patient()), clock)
    assert [(type(outcome), str(outcome)) for outcome in outcomes] == [(type(error), str(error))] * CALLERS
    assert work.times == 1


def test_who_comes_afterwards_has_it_done_again() -> None:
    shared = flight(free("first", LookupError("second"), "third"))
    assert shared.run(patient()) == "first"
    with pytest.raises(LookupError, match="second"):
        shared.run(patient())
    assert shared.run(patient()) == "third"


def test_nothing_is_done_before_the_first_call() -> None:
    work = free("first")
    assert flight(work).last is None
    assert work.times == 0


def test_the_work_has_the_deadline_of_the_call_that_does_it() -> None:
    work = free("first")
    deadline = Deadline.after(WAIT_SECONDS)
    flight(work).run(deadline)
    assert work.deadlines == [deadline]


def test_nothing_is_a_value_too() -> None:
    shared: SingleFlight[str | None] = SingleFlight(lambda _deadline: None)
    assert shared.run(patient()) is None
    assert shared.run(patient(), lambda _outcome: True) is None


# --- waiting


def test_who_waits_for_another_waits_until_the_deadline_at_most(threads: ThreadPoolExecutor) -> None:
    work = Work("first")
    shared = flight(work)
    held = threads.submit(shared.run, patient())
    assert work.begun.acquire(timeout=WAIT_SECONDS)
    refused = [outcome_of(threads.submit(shared.run, Deadline.after(seconds))) for seconds in (0.05, 0.0, -1.0)]
    assert [type(outcome) for outcome in refused] == [BusyError] * 3
    work.let_go()
    assert outcome_of(held) == "first"
    assert work.times == 1


def test_who_will_not_wait_is_refused_at_once_while_another_is_at_it(threads: ThreadPoolExecutor) -> None:
    work = Work("first")
    shared = flight(work)
    held = threads.submit(shared.run, patient())
    assert work.begun.acquire(timeout=WAIT_SECONDS)
    assert isinstance(outcome_of(threads.submit(shared.run, patient(), wait=False)), BusyError)
    work.let_go()
    assert outcome_of(held) == "first"


def test_who_will_not_wait_does_the_work_when_nobody_is_at_it() -> None:
    assert flight(free("first")).run(patient(), wait=False) == "first"


def test_who_was_refused_leaves_the_others_as_they_were(threads: ThreadPoolExecutor) -> None:
    work = Work("first", "second")
    shared = flight(work)
    held = threads.submit(shared.run, patient())
    assert work.begun.acquire(timeout=WAIT_SECONDS)
    with pytest.raises(BusyError):
        shared.run(Deadline.after(0), wait=False)
    with pytest.raises(BusyError):
        shared.run(Deadline.after(0.01))
    assert outcome_of(threads.submit(shared.run, patient(), wait=False)).__class__ is BusyError
    work.let_go()
    assert outcome_of(held) == "first"
    assert shared.run(patient()) == "second"


# --- which outcome will do


def test_a_caller_may_be_content_with_an_older_outcome() -> None:
    work = free("first", "second")
    shared = flight(work)
    shared.run(patient())
    seen: list[Outcome[str]] = []

    def is_reusable(outcome: Outcome[str]) -> bool:
        seen.append(outcome)
        return True

    assert shared.run(patient(), is_reusable) == "first"
    assert seen == [shared.last]
    assert work.times == 1


def test_a_caller_may_be_content_with_an_older_failure() -> None:
    work = free(LookupError("first"), "second")
    shared = flight(work)
    for _ in range(3):
        with pytest.raises(LookupError, match="first"):
            shared.run(patient(), lambda _outcome: True)
    assert work.times == 1


def test_a_caller_may_be_content_with_no_outcome_that_was(threads: ThreadPoolExecutor) -> None:
    work, clock = Work("first", "second"), FakeClock(tick=1.0)
    shared = SingleFlight(work, clock)
    outcomes = many(threads, work, lambda: shared.run(patient(), lambda outcome: outcome.value == "second"), clock)
    assert sorted(map(str, outcomes)) == ["first"] + ["second"] * (CALLERS - 1)
    assert work.times == 2


def test_the_first_of_all_is_asked_of_no_outcome() -> None:
    def is_reusable(_outcome: Outcome[str]) -> bool:
        raise AssertionError("there is none")

    assert flight(free("first")).run(patient(), is_reusable) == "first"


def test_an_outcome_knows_when_it_began_and_ended() -> None:
    clock = FakeClock()

    def work(_deadline: Deadline) -> str:
        clock.advance(7)
        return "first"

    shared = SingleFlight(work, clock)
    clock.advance(100)
    began = clock()
    shared.run(patient())
    clock.advance(100)
    assert shared.last == Outcome("first", None, began, began + 7)


def test_the_last_outcome_is_the_one_that_is_told() -> None:
    shared = flight(free("first", LookupError("second"), "third"))
    shared.run(patient())
    assert shared.last is not None
    assert (shared.last.value, shared.last.error) == ("first", None)
    with pytest.raises(LookupError) as raised:
        shared.run(patient())
    assert shared.last.value is None
    assert (type(shared.last.error), str(shared.last.error)) == (type(raised.value), str(raised.value))
    shared.run(patient())
    assert (shared.last.error, shared.last.take()) == (None, "third")


# --- what is not shared, and what is left behind


def test_work_that_was_cut_short_is_done_again_by_the_next_who_waits(threads: ThreadPoolExecutor) -> None:
    work, clock = Work(CutShortError("too little time"), "second", "third"), FakeClock(tick=1.0)
    shared = SingleFlight(work, clock)
    outcomes = many(threads, work, lambda: shared.run(patient()), clock)
    assert [type(outcome) for outcome in outcomes].count(CutShortError) == 1
    assert outcomes.count("second") == CALLERS - 1
    assert work.times == 2


def test_work_that_was_cut_short_is_reusable_for_nobody() -> None:
    shared = flight(free(CutShortError("too little time"), "second"))
    with pytest.raises(CutShortError):
        shared.run(patient())
    assert shared.run(patient(), lambda _outcome: True) == "second"


def test_an_error_is_raised_for_each_who_takes_it_and_tells_where_it_happened() -> None:
    shared = flight(free(LookupError("first")))
    taken = []
    for _ in range(3):
        with pytest.raises(LookupError, match="first") as raised:
            shared.run(patient(), lambda _outcome: True)
        assert "__call__" in [entry.name for entry in raised.traceback]
        taken.append(raised.value)
    assert len({id(error) for error in taken}) == 3


@pytest.mark.parametrize("end", [LookupError("first"), CutShortError("first"), KilledError("first")])
def test_work_that_raises_keeps_nobody_out(threads: ThreadPoolExecutor, end: BaseException) -> None:
    shared = flight(free(end, "second"))
    with pytest.raises(type(end), match="first"):
        shared.run(patient())
    assert outcome_of(threads.submit(shared.run, patient())) == "second"


def test_work_that_dies_has_no_outcome(threads: ThreadPoolExecutor) -> None:
    work, clock = Work(KilledError(), "second"), FakeClock(tick=1.0)
    shared = SingleFlight(work, clock)
    outcomes = many(threads, work, lambda: shared.run(patient()), clock)
    assert [type(outcome) for outcome in outcomes].count(KilledError) == 1
    assert outcomes.count("second") == CALLERS - 1
    assert work.times == 2


def test_a_judgement_that_raises_keeps_nobody_out(threads: ThreadPoolExecutor) -> None:
    def is_reusable(_outcome: Outcome[str]) -> bool:
        raise ZeroDivisionError

    shared = flight(free("first", "second"))
    shared.run(patient())
    with pytest.raises(ZeroDivisionError):
        shared.run(patient(), is_reusable)
    assert outcome_of(threads.submit(shared.run, patient())) == "second"


def test_an_error_that_is_taken_often_does_not_grow() -> None:
    def fail(_: Deadline) -> str:
        raise ValueError("made up")

    flight = SingleFlight(fail)
    taken = []
    for _ in range(50):
        with pytest.raises(ValueError, match="made up") as error:
            flight.run(AMPLE, lambda outcome: outcome.error is not None)
        taken.append(len(error.traceback))
    assert max(taken) <= taken[0] + 1
