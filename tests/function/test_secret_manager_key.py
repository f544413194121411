"""`secret_manager_key`: the real client library against a server that answers as Secret Manager does."""

import base64
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import google_crc32c
import pytest

from function.fake_clock import FakeClock
from function.fake_http_server import Answer, FakeHttpServer, Received, answer_json
from function.made_up import AMPLE, KEY, NEW_KEY
from function.transports import upstream
from live_tokens.deadline import Deadline
from live_tokens.errors import ApiKeyUnavailable
from live_tokens.google_credentials import GoogleCredentials
from live_tokens.issuing import ApiKey
from live_tokens.secret_manager_key import SecretManagerKey

LATEST = "projects/p/secrets/s/versions/latest"
CACHE = timedelta(seconds=300)
MANY = 8


def payload(data: bytes, version: str = KEY.version, checksum: int | None = None) -> Answer:
    checksum = google_crc32c.value(data) if checksum is None else checksum
    return answer_json(
        {"name": version, "payload": {"data": base64.b64encode(data).decode(), "dataCrc32c": str(checksum)}}
    )


def secret(key: ApiKey) -> Answer:
    return payload(key.value.encode(), key.version)


def refusal(status: int) -> Answer:
    return answer_json({"error": {"code": status, "message": f"upstream words, {KEY.value}"}}, status)


def keys_at(server: FakeHttpServer, clock: FakeClock | None = None) -> SecretManagerKey:
    return SecretManagerKey(LATEST, CACHE, upstream(), server.host_and_port, clock or FakeClock())


def fails(ask: Callable[[], ApiKey]) -> str:
    with pytest.raises(ApiKeyUnavailable) as failure:
        ask()
    return str(failure.value.diagnosis)


# --- reading


def test_the_key_is_the_payload_of_the_version_asked_for(server: FakeHttpServer) -> None:
    server.answer_with(secret(KEY))
    assert keys_at(server).current(AMPLE) == KEY
    (request,) = server.received
    assert (request.method, request.path.partition("?")[0]) == ("GET", f"/v1/{LATEST}:access")


def test_nothing_connects_before_the_first_read(server: FakeHttpServer) -> None:
    keys_at(server)
    assert server.connections == 0


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {} "])
def test_white_space_around_the_key_is_not_part_of_it(server: FakeHttpServer, around: str) -> None:
    server.answer_with(payload(around.format(KEY.value).encode()))
    assert keys_at(server).current(AMPLE).value == KEY.value


def test_a_stumbling_secret_manager_is_asked_again(server: FakeHttpServer) -> None:
    server.answer_with(refusal(503), secret(KEY))
    assert keys_at(server).current(AMPLE) == KEY
    server.answer_with(refusal(503), refusal(500), secret(KEY))
    assert fails(lambda: keys_at(server).current(AMPLE)) == "HTTP 500"
    assert len(server.received) == 2


# --- what is no key


@pytest.mark.parametrize(
    ("answer", "diagnosis"),
    [
        (payload(KEY.value.encode(), checksum=1), "the payload does not match its checksum"),
        (
            answer_json({"name": KEY.version, "payload": {"data": base64.b64encode(KEY.value.encode()).decode()}}),
            "the payload does not match its checksum",
        ),
        (payload(b""), "the payload is empty"),
        (answer_json({}), "the payload is empty"),
        (payload(b" \r\n\t"), "the payload is empty"),
        (payload("made-up-kéy".encode()), "the payload is not a key: it holds other than ASCII"),
        (payload(b"made-up\xff"), "the payload is not a key: it holds other than ASCII"),
        (payload(b"made-up\nmade-up"), "the payload is not a key: it holds white space or control characters"),
        (payload(b"made-up made-up"), "the payload is not a key: it holds white space or control characters"),
        (payload(b"made-up\0"), "the payload is not a key: it holds white space or control characters"),
        (refusal(400), "HTTP 400"),
        (refusal(403), "HTTP 403"),
        (refusal(404), "HTTP 404"),
        (Answer(403, b"<html>made-up"), "HTTP 403"),
        (Answer(200, b"<html>made-up"), "ParseError"),
        (Answer(200, b"[1]"), "ParseError"),
        (Answer(200, b"\xff"), "UnicodeDecodeError"),
        (answer_json({"payload": {"data": {}}}), "ParseError"),
        (answer_json({"error": "x"}, 403), "HTTP 403"),
        (answer_json(["x"], 400), "HTTP 400"),
        (answer_json({"error": {"message": 7, "details": 7}}, 404), "HTTP 404"),
        (Answer(200, b'{"a":' * 12_000), "ParseError"),
        (Answer(200, b" " * 70_000), "AnswerTooLargeError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_key_is_an_outage_that_quotes_nothing(
    server: FakeHttpServer, answer: Answer, diagnosis: str
) -> None:
    server.answer_with(answer)
    with pytest.raises(ApiKeyUnavailable) as failure:
        keys_at(server).current(AMPLE)
    assert "made-up" not in f"{failure.value!r} {failure.value} {failure.value.diagnosis}"
    assert failure.value.diagnosis == diagnosis
    assert len(server.received) == 1


def test_an_answer_that_is_broken_off_is_asked_for_again(server: FakeHttpServer) -> None:
    broken = Answer(200, b"{", cut_short=True)
    server.answer_with(broken)
    assert fails(lambda: keys_at(server).current(AMPLE)) == "RemoteProtocolError"
    assert len(server.received) == 2
    server.answer_with(broken, secret(KEY))
    assert keys_at(server).current(AMPLE) == KEY


def test_without_credentials_google_is_not_asked(server: FakeHttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "no-such-file.json")
    credentials = GoogleCredentials(upstream())
    keys = SecretManagerKey(LATEST, CACHE, upstream(authorize=credentials.authorization), server.host_and_port)
    assert fails(lambda: keys.current(AMPLE)) == "access token: DefaultCredentialsError"
    assert server.received == []


def test_an_address_that_cannot_be_one_is_an_outage() -> None:
    keys = SecretManagerKey(LATEST, CACHE, upstream(), "127.0.0.1:99999")
    assert fails(lambda: keys.current(AMPLE)) == "ConnectError"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_outage_and_not_followed(
    server: FakeHttpServer, elsewhere: FakeHttpServer, status: int
) -> None:
    elsewhere.answer_with(secret(NEW_KEY))
    server.answer_with(Answer(status, headers={"Location": f"http://{elsewhere.host_and_port}/"}))
    assert fails(lambda: keys_at(server).current(AMPLE)) == "RedirectError"
    assert elsewhere.received == []


def test_a_silent_secret_manager_costs_every_caller_what_its_call_has_left(silent: str) -> None:
    """One waits for the answer, the others for the one; nobody longer than their own deadline."""
    keys = SecretManagerKey(LATEST, CACHE, upstream(), silent)
    with ThreadPoolExecutor(MANY) as pool:
        callers = [pool.submit(keys.current, Deadline.after(0.3)) for _ in range(MANY)]
    assert {type(caller.exception()) for caller in callers} == {ApiKeyUnavailable}


# --- keeping


def test_a_key_is_used_for_the_cache_time_and_then_read_again(server: FakeHttpServer) -> None:
    clock = FakeClock()
    keys = keys_at(server, clock)
    server.answer_with(secret(KEY), secret(NEW_KEY))
    assert keys.current(AMPLE) == KEY
    clock.advance(299.9)
    assert keys.current(AMPLE) == KEY
    assert len(server.received) == 1
    clock.advance(0.1)
    assert keys.current(AMPLE) == NEW_KEY
    clock.advance(299.9)
    assert keys.current(AMPLE) == NEW_KEY
    assert len(server.received) == 2


def test_a_failure_is_not_kept(server: FakeHttpServer) -> None:
    clock = FakeClock(tick=0.001)
    keys = keys_at(server, clock)
    server.answer_with(refusal(403), secret(KEY))
    fails(lambda: keys.current(AMPLE))
    assert keys.current(AMPLE) == KEY


def test_an_aged_key_is_not_used_when_a_new_one_cannot_be_read(server: FakeHttpServer) -> None:
    clock = FakeClock()
    keys = keys_at(server, clock)
    server.answer_with(secret(KEY), refusal(403))
    keys.current(AMPLE)
    clock.advance(300)
    assert fails(lambda: keys.current(AMPLE)) == "HTTP 403"


# --- a key that Gemini refuses


def test_a_refused_key_is_read_again_at_once(server: FakeHttpServer) -> None:
    clock = FakeClock(tick=0.001)
    keys = keys_at(server, clock)
    server.answer_with(secret(KEY), secret(NEW_KEY))
    assert keys.replacement_for(keys.current(AMPLE), AMPLE) == NEW_KEY
    assert keys.current(AMPLE) == NEW_KEY
    assert len(server.received) == 2


def test_a_refused_key_that_is_still_stored_is_returned_as_it_is(server: FakeHttpServer) -> None:
    keys = keys_at(server, FakeClock(tick=0.001))
    server.answer_with(secret(KEY))
    assert keys.replacement_for(keys.current(AMPLE), AMPLE) == KEY
    assert len(server.received) == 2


def test_a_newer_key_in_the_cache_replaces_without_a_read(server: FakeHttpServer) -> None:
    keys = keys_at(server, FakeClock(tick=0.001))
    server.answer_with(secret(NEW_KEY))
    keys.current(AMPLE)
    assert keys.replacement_for(KEY, AMPLE) == NEW_KEY
    assert len(server.received) == 1


def test_a_replacement_that_cannot_be_read_is_an_outage(server: FakeHttpServer) -> None:
    keys = keys_at(server, FakeClock(tick=0.001))
    server.answer_with(secret(KEY), refusal(403))
    refused = keys.current(AMPLE)
    assert fails(lambda: keys.replacement_for(refused, AMPLE)) == "HTTP 403"


# --- many at once


class HeldSecret:
    """A secret whose first read is not answered before the test says so."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.asked = threading.Event()
        self.release = threading.Event()

    def __call__(self, _: Received) -> Answer:
        self.asked.set()
        assert self.release.wait(timeout=10)
        return self._answers.pop(0)


def ask_while_one_reads(
    server: FakeHttpServer, clock: FakeClock, held: HeldSecret, ask: Callable[[], ApiKey]
) -> list[Future[ApiKey]]:
    """Let one caller's read begin, the others come while it is under way, and then let it be answered.

    That the others have come is seen by their look at the clock.
    """
    server.answer_with(held)
    with ThreadPoolExecutor(MANY) as pool:
        first = pool.submit(ask)
        assert held.asked.wait(timeout=10)
        looks = clock.looks
        others = [pool.submit(ask) for _ in range(MANY - 1)]
        clock.wait_for_looks(looks + len(others))
        held.release.set()
    return [first, *others]


def test_callers_who_come_while_one_reads_share_its_key(server: FakeHttpServer) -> None:
    clock = FakeClock(tick=0.001)
    keys = keys_at(server, clock)
    callers = ask_while_one_reads(server, clock, HeldSecret(secret(KEY), secret(NEW_KEY)), lambda: keys.current(AMPLE))
    assert {caller.result() for caller in callers} == {KEY}
    assert len(server.received) == 1


def test_callers_who_come_while_one_reads_share_its_failure(server: FakeHttpServer) -> None:
    clock = FakeClock(tick=0.001)
    keys = keys_at(server, clock)
    callers = ask_while_one_reads(server, clock, HeldSecret(refusal(403), refusal(404)), lambda: keys.current(AMPLE))
    failures = [caller.exception() for caller in callers]
    assert [getattr(failure, "diagnosis", None) for failure in failures] == ["HTTP 403"] * MANY
    assert len(server.received) == 1


def test_callers_whose_key_is_refused_while_one_finds_a_new_one_share_it(server: FakeHttpServer) -> None:
    clock = FakeClock(tick=0.001)
    keys = keys_at(server, clock)
    server.answer_with(secret(KEY))
    refused = keys.current(AMPLE)
    callers = ask_while_one_reads(
        server, clock, HeldSecret(secret(NEW_KEY), secret(KEY)), lambda: keys.replacement_for(refused, AMPLE)
    )
    assert {caller.result() for caller in callers} == {NEW_KEY}
    assert len(server.received) == 1


def test_a_read_that_began_before_a_key_was_refused_may_have_missed_the_new_one(server: FakeHttpServer) -> None:
    clock = FakeClock(tick=0.001)
    keys = keys_at(server, clock)
    server.answer_with(secret(KEY))
    keys.current(AMPLE)
    clock.advance(300)
    held = HeldSecret(secret(KEY), secret(NEW_KEY))
    server.answer_with(held)
    with ThreadPoolExecutor(2) as pool:
        reader = pool.submit(keys.current, AMPLE)
        assert held.asked.wait(timeout=10)
        before = clock.looks
        refused = pool.submit(keys.replacement_for, KEY, AMPLE)
        clock.wait_for_looks(before + 1)
        held.release.set()
    assert (reader.result(), refused.result()) == (KEY, NEW_KEY)
    assert len(server.received) == 2


@pytest.mark.parametrize("outcome", [secret(KEY), secret(NEW_KEY), refusal(403)], ids=["same", "new", "failure"])
def test_callers_refused_at_the_same_moment_cost_one_read(server: FakeHttpServer, outcome: Answer) -> None:
    """The clock stands still: all of them are refused before the read begins."""
    clock = FakeClock()
    keys = keys_at(server, clock)
    server.answer_with(secret(KEY))
    refused = keys.current(AMPLE)
    clock.advance(1)
    server.answer_with(outcome, refusal(404))
    with ThreadPoolExecutor(MANY) as pool:
        callers = [pool.submit(keys.replacement_for, refused, AMPLE) for _ in range(MANY)]
    assert len({str(caller.exception() or caller.result()) for caller in callers}) == 1
    assert len(server.received) == 1
