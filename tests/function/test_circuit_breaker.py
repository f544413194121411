"""Who waits for an upstream that does not answer, and how it is found out that it does again."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from function.fake_clock import FakeClock
from function.made_up import AMPLE
from live_tokens.circuit_breaker import PAUSE_SECONDS, TIME_OUTS, CircuitBreaker
from live_tokens.deadline import Deadline
from live_tokens.upstream_errors import CircuitOpenError, CutShortError, UpstreamError, UpstreamTimeoutError

WAIT_SECONDS = 20
PASSED = Deadline(0.0)
"""The deadline of a call that has no time left."""


class SlowError(Exception):
    """What the client of this upstream raises for a time-out."""


class KilledError(BaseException):
    """Ends a thread, as SystemExit and KeyboardInterrupt do."""


def call(
    breaker: CircuitBreaker, outcome: BaseException | None, meanwhile: Callable[[], object], deadline: Deadline
) -> None:
    with breaker.asking(deadline):
        meanwhile()
        if outcome is not None:
            raise outcome


def ask(
    breaker: CircuitBreaker, outcome: BaseException | None = None, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Let the upstream answer, or fail; what comes out is what went in."""
    if outcome is None:
        call(breaker, outcome, meanwhile, AMPLE)
        return
    with pytest.raises(type(outcome)) as raised:
        call(breaker, outcome, meanwhile, AMPLE)
    assert raised.value is outcome


def time_out(breaker: CircuitBreaker, times: int, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Let the upstream take longer than it is given."""
    for _ in range(times):
        with pytest.raises(UpstreamTimeoutError):
            call(breaker, SlowError(), meanwhile, AMPLE)


def cut_short(breaker: CircuitBreaker, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Let the upstream take longer than the call has left."""
    with pytest.raises(CutShortError):
        call(breaker, SlowError(), meanwhile, PASSED)


def refusal(breaker: CircuitBreaker) -> CircuitOpenError:
    with pytest.raises(CircuitOpenError) as refused, breaker.asking(AMPLE):
        pytest.fail("the upstream was asked")
    return refused.value


def wait_told(refused: CircuitOpenError) -> timedelta:
    assert refused.retry_after is not None
    return refused.retry_after


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def breaker(clock: FakeClock) -> CircuitBreaker:
    """A breaker that lets everybody through."""
    return CircuitBreaker(SlowError, clock)


@pytest.fixture
def opened(breaker: CircuitBreaker) -> CircuitBreaker:
    """One that lets nobody through before the pause is over."""
    time_out(breaker, TIME_OUTS)
    return breaker


# --- what opens it


def test_three_time_outs_in_a_row_open_it(breaker: CircuitBreaker) -> None:
    time_out(breaker, 3)
    refusal(breaker)


def test_two_time_outs_do_not(breaker: CircuitBreaker) -> None:
    time_out(breaker, 2)
    ask(breaker)


@pytest.mark.parametrize("answer", [None, ValueError("an error is an answer too")])
def test_an_answer_between_time_outs_makes_them_count_from_the_start(
    breaker: CircuitBreaker, answer: Exception | None
) -> None:
    for _ in range(5):
        time_out(breaker, TIME_OUTS - 1)
        ask(breaker, answer)
    time_out(breaker, TIME_OUTS - 1)
    ask(breaker)


@pytest.mark.parametrize("error", [ValueError(), ConnectionError(), KilledError()])
def test_an_upstream_that_fails_at_once_is_asked_every_time(breaker: CircuitBreaker, error: BaseException) -> None:
    for _ in range(TIME_OUTS * 5):
        ask(breaker, error)
    ask(breaker)


def test_a_call_that_was_cut_short_tells_nothing_bad(breaker: CircuitBreaker) -> None:
    for _ in range(TIME_OUTS * 5):
        cut_short(breaker)
    ask(breaker)


def test_a_call_that_was_cut_short_tells_nothing_good_either(breaker: CircuitBreaker) -> None:
    time_out(breaker, TIME_OUTS - 1)
    cut_short(breaker)
    time_out(breaker, 1)
    refusal(breaker)


def test_a_child_of_the_time_out_counts_as_one(breaker: CircuitBreaker) -> None:
    class SlowToConnectError(SlowError):
        pass

    for _ in range(TIME_OUTS):
        with pytest.raises(UpstreamTimeoutError, match=r"^SlowToConnectError$"):
            call(breaker, SlowToConnectError(), lambda: None, AMPLE)
    refusal(breaker)


def test_a_time_out_is_told_by_its_name_and_its_words_stay_inside(breaker: CircuitBreaker) -> None:
    for deadline in (AMPLE, PASSED):
        error = SlowError("made-up words of an upstream")
        with pytest.raises(UpstreamError, match=r"^SlowError$") as raised:
            call(breaker, error, lambda: None, deadline)
        assert raised.value.__cause__ is error


def test_a_call_without_time_left_whose_upstream_answers_is_an_answer(breaker: CircuitBreaker) -> None:
    time_out(breaker, TIME_OUTS - 1)
    call(breaker, None, lambda: None, PASSED)
    time_out(breaker, TIME_OUTS - 1)
    ask(breaker)


def test_calls_under_way_when_it_opens_end_as_they_end(breaker: CircuitBreaker) -> None:
    with breaker.asking(AMPLE):
        time_out(breaker, TIME_OUTS)
        refusal(breaker)
    ask(breaker)  # and an answer to one of them opens the way for everybody


# --- while it is open


def test_while_it_is_open_nobody_waits(opened: CircuitBreaker, clock: FakeClock) -> None:
    for _ in range(5):
        refusal(opened)
        clock.advance(PAUSE_SECONDS / 5.01)
    refusal(opened)


def test_who_is_refused_learns_when_another_call_is_worth_it(opened: CircuitBreaker, clock: FakeClock) -> None:
    assert refusal(opened).retry_after == timedelta(seconds=PAUSE_SECONDS)
    clock.advance(PAUSE_SECONDS - 2)
    assert refusal(opened).retry_after == timedelta(seconds=2)


def test_nobody_is_told_to_come_back_within_a_second(opened: CircuitBreaker, clock: FakeClock) -> None:
    clock.advance(PAUSE_SECONDS - 0.1)
    assert refusal(opened).retry_after == timedelta(seconds=1)
    clock.advance(0.1)
    with opened.asking(AMPLE):
        assert refusal(opened).retry_after == timedelta(seconds=1)


def test_refusals_do_not_prolong_the_pause(opened: CircuitBreaker, clock: FakeClock) -> None:
    for _ in range(50):
        refusal(opened)
        clock.advance(PAUSE_SECONDS / 50)
    ask(opened)


# --- the probe


def test_after_the_pause_one_of_many_is_let_through(opened: CircuitBreaker, clock: FakeClock) -> None:
    clock.advance(PAUSE_SECONDS)
    callers = 16
    all_ready, answered = threading.Barrier(callers), threading.Event()
    refused = threading.Semaphore(0)
    asked: list[int] = []

    def one_call(number: int) -> None:
        all_ready.wait(WAIT_SECONDS)
        try:
            with opened.asking(AMPLE):
                asked.append(number)
                answered.wait(WAIT_SECONDS)
        except CircuitOpenError:
            refused.release()

    threads = [threading.Thread(target=one_call, args=(number,)) for number in range(callers)]
    for thread in threads:
        thread.start()
    others_refused = all(refused.acquire(timeout=WAIT_SECONDS) for _ in range(callers - 1))
    answered.set()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert others_refused
    assert len(asked) == 1


@pytest.mark.parametrize("answer", [None, ValueError(), KilledError()])
def test_the_first_answer_good_or_bad_opens_the_way_for_everybody(
    opened: CircuitBreaker, clock: FakeClock, answer: BaseException | None
) -> None:
    clock.advance(PAUSE_SECONDS)
    ask(opened, answer)
    with opened.asking(AMPLE), opened.asking(AMPLE), opened.asking(AMPLE):
        pass


def test_after_a_good_probe_it_takes_three_time_outs_again(opened: CircuitBreaker, clock: FakeClock) -> None:
    clock.advance(PAUSE_SECONDS)
    ask(opened)
    time_out(opened, TIME_OUTS - 1)
    ask(opened)
    time_out(opened, TIME_OUTS)
    refusal(opened)


def test_a_probe_that_times_out_begins_another_pause(opened: CircuitBreaker, clock: FakeClock) -> None:
    for _ in range(5):
        clock.advance(PAUSE_SECONDS)
        time_out(opened, 1)
        assert refusal(opened).retry_after == timedelta(seconds=PAUSE_SECONDS)
        clock.advance(PAUSE_SECONDS - 0.001)
        refusal(opened)
    clock.advance(0.001)
    ask(opened)


def test_the_pause_begins_when_the_time_out_ends_not_when_it_began(opened: CircuitBreaker, clock: FakeClock) -> None:
    clock.advance(PAUSE_SECONDS)
    time_out(opened, 1, meanwhile=lambda: clock.advance(PAUSE_SECONDS * 3))
    refusal(opened)


def test_after_a_probe_that_was_cut_short_the_next_caller_is_the_probe(
    opened: CircuitBreaker, clock: FakeClock
) -> None:
    clock.advance(PAUSE_SECONDS)
    for _ in range(5):
        cut_short(opened, meanwhile=lambda: refusal(opened))
    ask(opened, meanwhile=lambda: refusal(opened))
    ask(opened)


def test_a_probe_that_dies_does_not_keep_later_ones_away(opened: CircuitBreaker, clock: FakeClock) -> None:
    clock.advance(PAUSE_SECONDS)
    ask(opened, KilledError())
    time_out(opened, TIME_OUTS)
    clock.advance(PAUSE_SECONDS)
    with opened.asking(AMPLE):
        refusal(opened)
    ask(opened)


def test_a_call_that_began_before_it_opened_frees_no_place_for_a_second_probe(
    breaker: CircuitBreaker, clock: FakeClock
) -> None:
    probe = breaker.asking(AMPLE)

    def it_opens_and_a_probe_begins() -> None:
        time_out(breaker, TIME_OUTS)
        clock.advance(PAUSE_SECONDS)
        probe.__enter__()

    cut_short(breaker, meanwhile=it_opens_and_a_probe_begins)
    refusal(breaker)
    probe.__exit__(None, None, None)
    ask(breaker)


# --- any history

OUTCOMES = st.sampled_from([None, ValueError(), SlowError(), KilledError()])


class AnyHistory(RuleBasedStateMachine):
    """Calls that begin and end in any order, beside what may be said of them."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.breaker = CircuitBreaker(SlowError, self.clock)
        self.under_way: list[tuple[AbstractContextManager[None], Deadline]] = []
        self.probe: AbstractContextManager[None] | None = None
        self.time_outs = 0
        self.last_time_out = 0.0

    def paused(self) -> bool:
        return self.clock() < self.last_time_out + PAUSE_SECONDS

    @rule(deadline=st.sampled_from([AMPLE, PASSED]))
    def begin(self, deadline: Deadline) -> None:
        asking = self.breaker.asking(deadline)
        if self.time_outs >= TIME_OUTS and (self.paused() or self.probe):
            with pytest.raises(CircuitOpenError) as refused:
                asking.__enter__()
            assert timedelta(seconds=1) <= wait_told(refused.value) <= timedelta(seconds=PAUSE_SECONDS)
            return
        asking.__enter__()
        self.under_way.append((asking, deadline))
        if self.time_outs >= TIME_OUTS:
            self.probe = asking

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(min_value=0), outcome=OUTCOMES)
    def end(self, which: int, outcome: BaseException | None) -> None:
        asking, deadline = self.under_way.pop(which % len(self.under_way))
        with suppress(UpstreamTimeoutError, CutShortError):
            asking.__exit__(type(outcome) if outcome else None, outcome, None)
        if self.probe is asking:
            self.probe = None
        if isinstance(outcome, SlowError) and deadline is PASSED:
            return
        if isinstance(outcome, SlowError):
            self.time_outs += 1
            self.last_time_out = self.clock()
        else:
            self.time_outs = 0

    @rule(seconds=st.sampled_from([0.001, 1.0, PAUSE_SECONDS - 0.001, PAUSE_SECONDS]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def teardown(self) -> None:
        """The upstream is well again: what is still under way times out, and after one pause everybody is served."""
        while self.under_way:
            self.end(0, SlowError())
        self.clock.advance(PAUSE_SECONDS)
        ask(self.breaker)
        with self.breaker.asking(AMPLE), self.breaker.asking(AMPLE):
            pass


def test_whatever_has_been_it_recovers_by_itself() -> None:
    run_state_machine_as_test(AnyHistory)
