"""Public keys: how long they are kept, when they are asked for again, and what serves while their host is ill."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from function.fake_clock import FakeClock
from function.fake_http_server import Answer, FakeHttpServer, Received, answer_json
from function.made_up import AMPLE
from live_tokens.bounded_transport import BoundedTransport
from live_tokens.deadline import Deadline
from live_tokens.public_keys import (
    ASK_AGAIN_SECONDS,
    LONGEST_MAX_AGE_SECONDS,
    STALE_SECONDS,
    Keys,
    PublicKeys,
    UnknownKeyError,
)
from live_tokens.upstream import Upstream
from live_tokens.upstream_errors import CutShortError, UpstreamError, UpstreamTimeoutError

MAX_AGE = 600.0
WAIT_SECONDS = 20
A_MOMENT = 0.001
CALLERS = 12
OURS = {"one": "key one", "two": "key two"}

BAD = {
    "500": Answer(500, b"made up"),
    "404": answer_json({"error": {"code": 404}}, 404),
    "an error with keys": answer_json(OURS, 503),
    "another 2xx": answer_json(OURS, 203),
    "a redirect": Answer(301, headers={"Location": "http://made-up.invalid/", "Cache-Control": "max-age=9999"}),
    "HTML": Answer(200, b"<html>made up</html>", {"Cache-Control": "max-age=9999"}),
    "{}": Answer(200, b"{}", {"Cache-Control": "max-age=9999"}),
    "[]": Answer(200, b"[]", {"Cache-Control": "max-age=9999"}),
    "null": Answer(200, b"null", {"Cache-Control": "max-age=9999"}),
    "nothing": Answer(200, b"", {"Cache-Control": "max-age=9999"}),
    "no readable key": answer_json({"one": "", "two": 2, "three": None}),
    "another form": answer_json({"keys": "of another form"}),
    "nested": Answer(200, b"[" * 50_000),
    "compressed": Answer(200, b'{"one": "key one"}', {"Content-Encoding": "gzip"}),
    "too large": Answer(200, b'{"one": "key %s"}' % (b"x" * 65_536)),
    "cut short": Answer(200, b'{"one": "key one"}', cut_short=True),
}


def read(answer: Mapping[str, object]) -> Keys:
    """Read keys as the tests spell them."""
    if "keys" in answer:
        raise ValueError("another form")
    return {key_id: key if isinstance(key, str) and key.startswith("key") else None for key_id, key in answer.items()}


def published(keys: Mapping[str, object], cache_control: str | None = f"public, max-age={MAX_AGE:.0f}") -> Answer:
    headers = {"Cache-Control": cache_control} if cache_control is not None else {}
    return Answer(200, answer_json(keys).body, headers)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keys(server: FakeHttpServer, clock: FakeClock) -> Iterator[PublicKeys]:
    with BoundedTransport(CALLERS, httpx2.create_ssl_context()) as transport:
        yield PublicKeys(Upstream(transport, 30.0), f"http://{server.host_and_port}/keys", read, clock)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CALLERS) as executor:
        yield executor


bad = pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())


# --- a good set


def test_nothing_is_asked_before_a_key_is_needed(keys: PublicKeys, server: FakeHttpServer) -> None:
    assert server.connections == 0


def test_keys_that_were_fetched_ahead_are_not_asked_for_again(keys: PublicKeys, server: FakeHttpServer) -> None:
    server.answer_with(published(OURS))
    keys.fetch(AMPLE)
    assert keys.find("one", AMPLE) == "key one"
    assert len(server.received) == 1


@bad
def test_after_a_bad_answer_ahead_the_first_need_asks_again(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock, answer: Answer
) -> None:
    server.answer_with(answer, published(OURS))
    with pytest.raises(UpstreamError):
        keys.fetch(AMPLE)
    clock.advance(A_MOMENT)
    assert keys.find("one", AMPLE) == "key one"


def test_a_key_is_found_by_its_id(keys: PublicKeys, server: FakeHttpServer) -> None:
    server.answer_with(published(OURS))
    assert keys.find("one", AMPLE) == "key one"
    assert keys.find("two", AMPLE) == "key two"
    (request,) = server.received
    assert (request.method, request.path) == ("GET", "/keys")


def test_a_set_is_kept_for_the_age_it_came_with_and_then_asked_for_again(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock
) -> None:
    server.answer_with(published(OURS), published({"one": "key of another day"}))
    keys.find("one", AMPLE)
    clock.advance(MAX_AGE - 0.1)
    assert keys.find("one", AMPLE) == "key one"
    assert len(server.received) == 1
    clock.advance(0.1)
    assert keys.find("one", AMPLE) == "key of another day"
    assert len(server.received) == 2


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        ("max-age=100", 100),
        ("public, max-age=100, must-revalidate, no-transform", 100),
        ("public,max-age=100", 100),
        ("Public, Max-Age=100", 100),
        ("s-maxage=5000, max-age=100", 100),
        ("max-age=86400", 86_400),
        ("max-age=86401", LONGEST_MAX_AGE_SECONDS),
        ("max-age=999999999", LONGEST_MAX_AGE_SECONDS),
        ("max-age=30", ASK_AGAIN_SECONDS),
        ("max-age=0", ASK_AGAIN_SECONDS),
        ("no-store", ASK_AGAIN_SECONDS),
        ("x-max-age=5000", ASK_AGAIN_SECONDS),
        ("max-age=-5000", ASK_AGAIN_SECONDS),
        ("max-age=5000x", ASK_AGAIN_SECONDS),
        ("max-age=soon", ASK_AGAIN_SECONDS),
        ("max-age=", ASK_AGAIN_SECONDS),
        ("max-age=٣٠٠٠", ASK_AGAIN_SECONDS),
        ("", ASK_AGAIN_SECONDS),
        (None, ASK_AGAIN_SECONDS),
    ],
)
def test_the_age_is_what_the_answer_says_and_never_absurd(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock, cache_control: str | None, seconds: float
) -> None:
    wire = None if cache_control is None else cache_control.encode().decode("latin-1")
    server.answer_with(published(OURS, wire), published({"one": "key of another day"}))
    keys.find("one", AMPLE)
    clock.advance(seconds - 0.1)
    assert keys.find("one", AMPLE) == "key one"
    clock.advance(0.1)
    assert keys.find("one", AMPLE) == "key of another day"


def test_no_age_however_absurd_keeps_a_set_for_longer_than_a_day(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock
) -> None:
    server.answer_with(published(OURS, f"max-age={'9' * 400}"), published({"one": "key of another day"}))
    keys.find("one", AMPLE)
    clock.advance(LONGEST_MAX_AGE_SECONDS)
    assert keys.find("one", AMPLE) == "key of another day"


def test_a_key_that_is_not_published_any_more_is_unknown(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock
) -> None:
    server.answer_with(published(OURS), published({"two": "key two"}))
    keys.find("one", AMPLE)
    clock.advance(MAX_AGE)
    with pytest.raises(UnknownKeyError):
        keys.find("one", AMPLE)


# --- a key that is not in it


def test_an_unknown_key_is_asked_for_before_it_is_called_unknown(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock
) -> None:
    server.answer_with(published(OURS), published(OURS | {"three": "key three"}))
    keys.find("one", AMPLE)
    clock.advance(ASK_AGAIN_SECONDS)
    assert keys.find("three", AMPLE) == "key three"
    assert len(server.received) == 2


def test_whatever_ids_are_made_up_the_host_is_asked_once_in_30_seconds(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock
) -> None:
    server.answer_with(published(OURS))
    for period in range(1, 4):
        for number in range(100):
            with pytest.raises(UnknownKeyError):
                keys.find(f"made up {number}", AMPLE)
            clock.advance(0.29)
        assert len(server.received) == period
        clock.advance(1)


def test_made_up_ids_keep_nobody_from_a_key_that_is_there(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock
) -> None:
    server.answer_with(published(OURS))
    for _ in range(10):
        with pytest.raises(UnknownKeyError):
            keys.find("made up", AMPLE)
        assert keys.find("one", AMPLE) == "key one"


def test_the_first_call_of_all_may_be_for_an_unknown_key(keys: PublicKeys, server: FakeHttpServer) -> None:
    server.answer_with(published(OURS))
    with pytest.raises(UnknownKeyError):
        keys.find("made up", AMPLE)
    assert len(server.received) == 1


@bad
def test_a_key_that_could_not_be_asked_for_is_not_called_unknown(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock, answer: Answer
) -> None:
    server.answer_with(published(OURS), answer)
    keys.find("one", AMPLE)
    clock.advance(ASK_AGAIN_SECONDS)
    for number in range(20):
        with pytest.raises(UpstreamError) as failure:
            keys.find(f"made up {number}", AMPLE)
        assert "made" not in str(failure.value)
    assert len(server.received) == 2
    assert keys.find("one", AMPLE) == "key one"
    server.answer_with(published({"made up 1": "key made up"}))
    clock.advance(ASK_AGAIN_SECONDS)
    assert keys.find("made up 1", AMPLE) == "key made up"


def test_a_key_that_cannot_be_read_is_an_outage_and_the_others_serve(keys: PublicKeys, server: FakeHttpServer) -> None:
    server.answer_with(published({"one": "key one", "two": "made up"}))
    for _ in range(3):
        with pytest.raises(UpstreamError):
            keys.find("two", AMPLE)
        assert keys.find("one", AMPLE) == "key one"
    assert len(server.received) == 1


# --- while the host is ill


@bad
def test_a_set_that_is_too_old_serves_while_there_is_no_good_answer(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock, elsewhere: FakeHttpServer, answer: Answer
) -> None:
    server.answer_with(published(OURS))
    keys.find("one", AMPLE)
    server.answer_with(answer)
    clock.advance(MAX_AGE)
    for period in range(1, 4):
        for _ in range(20):
            assert keys.find("one", AMPLE) == "key one"
            assert keys.find("two", AMPLE) == "key two"
            clock.advance(ASK_AGAIN_SECONDS / 20.01)
        assert len(server.received) == period
        clock.advance(1)
    server.answer_with(published({"one": "key of another day"}))
    clock.advance(ASK_AGAIN_SECONDS)
    assert keys.find("one", AMPLE) == "key of another day"


@bad
def test_a_set_that_is_much_too_old_serves_no_longer(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock, answer: Answer
) -> None:
    server.answer_with(published(OURS))
    keys.find("one", AMPLE)
    server.answer_with(answer)
    clock.advance(MAX_AGE + STALE_SECONDS - 0.1)
    assert keys.find("one", AMPLE) == "key one"
    clock.advance(0.1)
    for _ in range(3):
        with pytest.raises(UpstreamError):
            keys.find("one", AMPLE)
        clock.advance(A_MOMENT)
    server.answer_with(published({"one": "key of another day"}))
    assert keys.find("one", AMPLE) == "key of another day"


@bad
def test_a_bad_first_answer_is_not_kept(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock, answer: Answer
) -> None:
    server.answer_with(answer, answer, answer, published(OURS))
    for asked in (1, 2, 3):
        with pytest.raises(UpstreamError) as failure:
            keys.find("one", AMPLE)
        assert "made" not in str(failure.value)
        assert len(server.received) == asked
        clock.advance(A_MOMENT)
    assert keys.find("one", AMPLE) == "key one"


def test_keys_are_never_believed_from_where_a_redirect_leads(
    keys: PublicKeys, server: FakeHttpServer, elsewhere: FakeHttpServer
) -> None:
    elsewhere.answer_with(published(OURS))
    server.answer_with(Answer(301, headers={"Location": f"http://{elsewhere.host_and_port}/keys"}))
    with pytest.raises(UpstreamError):
        keys.find("one", AMPLE)
    assert elsewhere.connections == 0


def test_another_set_is_a_good_answer(keys: PublicKeys, server: FakeHttpServer, clock: FakeClock) -> None:
    server.answer_with(published(OURS), published({"three": "key three"}), published(OURS))
    keys.find("one", AMPLE)
    clock.advance(MAX_AGE)
    assert keys.find("three", AMPLE) == "key three"
    with pytest.raises(UnknownKeyError):
        keys.find("one", AMPLE)
    clock.advance(ASK_AGAIN_SECONDS)
    assert keys.find("one", AMPLE) == "key one"


# --- in time


class Held:
    """An answer that the server gives when it is let go."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._free = threading.Event()
        self.asked = threading.Event()

    def __call__(self, _request: Received) -> Answer:
        self.asked.set()
        self._free.wait(WAIT_SECONDS)
        return self._answer

    def let_go(self) -> None:
        self._free.set()


@pytest.mark.parametrize("answer", [published(OURS), Answer(500)], ids=["good", "bad"])
def test_many_at_once_make_one_request(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock, threads: ThreadPoolExecutor, answer: Answer
) -> None:
    held = Held(answer)
    server.answer_with(held)
    looks = clock.looks
    found = [threads.submit(keys.find, "one", AMPLE) for _ in range(CALLERS)]
    assert held.asked.wait(WAIT_SECONDS)
    clock.wait_for_looks(looks + 2 * CALLERS + 1)  # each looks twice before it waits; and the one at work, once more
    held.let_go()
    outcomes = [type(future.exception(WAIT_SECONDS)) for future in found]
    assert outcomes == [type(None) if answer.status == 200 else UpstreamError] * CALLERS
    assert len(server.received) == 1


def test_nobody_waits_for_a_newer_set_but_the_one_who_asks_for_it(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock, threads: ThreadPoolExecutor
) -> None:
    held = Held(published({"one": "key of another day"}))
    server.answer_with(published(OURS), held)
    keys.find("one", AMPLE)
    clock.advance(MAX_AGE)
    asking = threads.submit(keys.find, "one", AMPLE)
    assert held.asked.wait(WAIT_SECONDS)
    others = [threads.submit(keys.find, "one", AMPLE) for _ in range(CALLERS - 1)]
    assert [future.result(WAIT_SECONDS) for future in others] == ["key one"] * (CALLERS - 1)
    held.let_go()
    assert asking.result(WAIT_SECONDS) == "key of another day"
    assert len(server.received) == 2


def test_who_waits_for_others_waits_until_the_deadline_at_most(
    keys: PublicKeys, server: FakeHttpServer, threads: ThreadPoolExecutor
) -> None:
    held = Held(published(OURS))
    server.answer_with(held)
    asking = threads.submit(keys.find, "one", AMPLE)
    assert held.asked.wait(WAIT_SECONDS)
    with pytest.raises(UpstreamTimeoutError):
        keys.find("one", Deadline.after(0.1))
    held.let_go()
    assert asking.result(WAIT_SECONDS) == "key one"


def test_a_host_that_is_silent_costs_no_more_than_the_deadline(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock
) -> None:
    held = Held(Answer(500))
    server.answer_with(held)
    with pytest.raises(CutShortError):
        keys.find("one", Deadline.after(0.1))
    server.answer_with(published(OURS))
    assert keys.find("one", AMPLE) == "key one"
    server.answer_with(held)
    clock.advance(MAX_AGE)
    assert keys.find("one", Deadline.after(0.1)) == "key one"
    assert keys.find("one", AMPLE) == "key one"
    assert len(server.received) == 1
    held.let_go()


def test_a_caller_without_time_does_not_decide_for_the_next(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock
) -> None:
    server.answer_with(published(OURS), published({"three": "key three"}))
    keys.find("one", AMPLE)
    clock.advance(ASK_AGAIN_SECONDS)
    with pytest.raises(CutShortError):
        keys.find("three", Deadline.after(-1))
    assert keys.find("three", AMPLE) == "key three"


def test_a_key_that_could_not_be_read_is_asked_for_again(
    keys: PublicKeys, server: FakeHttpServer, clock: FakeClock
) -> None:
    server.answer_with(published({"one": "key one", "two": "garbage"}), published(OURS))
    assert keys.find("one", AMPLE) == "key one"
    clock.advance(ASK_AGAIN_SECONDS)
    assert keys.find("two", AMPLE) == "key two"
