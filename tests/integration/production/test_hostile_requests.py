"""Requests that nobody's SDK sends: one of them hurts no other, and each is answered as a callable error."""

import contextlib
import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.production.function_process import FunctionProcess
from support.production.local_google import LocalGoogle
from support.production.raw_http import RawAnswer, RawConnection, head, peak_memory

THREADS = 32
"""How many requests the function answers at once: what infra sets unless told otherwise."""
MANY = THREADS + 8

MEBIBYTE = 1024 * 1024
UNSIGNED = "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6Im1hZGUtdXAifQ.e30.AAAA"
"""The form of an ID token, which is all that the headers are asked for."""
BROKEN_CHUNK = b"xyz-of-the-caller\r\n"


def answer_to(function: FunctionProcess, *parts: bytes) -> RawAnswer:
    with RawConnection(function.address) as connection:
        return connection.send(*parts).answer()


# --- bodies that nobody wants


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "PUT", "DELETE", "PATCH", "POST"])
def test_an_answer_comes_without_the_rest_of_a_body_that_is_not_wanted(function: FunctionProcess, method: str) -> None:
    answer = answer_to(function, head(method, Content_Length=32 * MEBIBYTE), b"x" * 1000)

    assert answer.status == {"OPTIONS": 204, "POST": 401}.get(method, 405)


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "PUT", "POST"])
def test_bodies_that_nobody_wants_are_not_held_in_memory(function: FunctionProcess, method: str) -> None:
    before = peak_memory(function.pid)

    def send_all() -> None:
        with RawConnection(function.address) as connection:
            try:
                connection.send(head(method, Content_Length=32 * MEBIBYTE), b"x" * 32 * MEBIBYTE)
            except ConnectionError:  # it has answered, and reads no more
                return

    with ThreadPoolExecutor(8) as callers:
        for sending in [callers.submit(send_all) for _ in range(8)]:
            sending.result()

    assert peak_memory(function.pid) - before < 32 * MEBIBYTE, "less than one of eight bodies"


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "PUT", "POST"])
def test_a_broken_chunk_is_answered_as_if_it_had_not_come(function: FunctionProcess, method: str) -> None:
    answer = answer_to(function, head(method, Transfer_Encoding="chunked"), BROKEN_CHUNK)

    assert answer.status == {"OPTIONS": 204, "POST": 401}.get(method, 405)
    assert answer.headers["cache-control"] == "no-store"
    assert "xyz-of-the-caller" not in function.words()
    assert "Traceback" not in function.words()


# --- bodies that are waited for


def test_a_body_over_the_limit_is_refused_by_its_announcement(function: FunctionProcess) -> None:
    answer = answer_to(function, head(Authorization=UNSIGNED, Content_Length=16 * 1024 + 1))

    assert (answer.status, answer.reason) == (400, "MALFORMED_REQUEST")


def test_a_body_over_the_limit_in_chunks_is_refused_when_it_is_over(function: FunctionProcess) -> None:
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    answer = answer_to(function, head(Authorization=UNSIGNED, Transfer_Encoding="chunked"), chunk * 5)

    assert (answer.status, answer.reason) == (400, "MALFORMED_REQUEST")


@pytest.mark.parametrize(
    "start",
    [
        head(Authorization=UNSIGNED, Content_Length=100) + b"{",
        head(Authorization=UNSIGNED, Transfer_Encoding="chunked") + b"64\r\n{",
        head(Authorization=UNSIGNED, Transfer_Encoding="chunked"),
        head(Authorization=UNSIGNED, Content_Length=100),
    ],
    ids=["after a byte", "in a chunk", "before a chunk", "before a byte"],
)
def test_bodies_that_stop_stop_nobody_else(function: FunctionProcess, google: LocalGoogle, start: bytes) -> None:
    """More of them than there are threads; each gets its answer, and so does who comes after them."""
    connections = [RawConnection(function.address).send(start) for _ in range(MANY)]
    try:
        assert function.call(google.sign_in()).http == 200
        answers = [connection.answer() for connection in connections]
    finally:
        for connection in connections:
            connection.__exit__(None, None, None)

    assert {(answer.status, answer.reason) for answer in answers} == {(408, "MALFORMED_REQUEST")}


@pytest.mark.parametrize(
    ("start", "status", "reason"),
    [
        (head(Content_Length=1000), 401, "ID_TOKEN_MISSING"),
        (head(Transfer_Encoding="chunked") + b"64\r\n", 401, "ID_TOKEN_MISSING"),
        (head(Authorization="Basic dTpw", Content_Length=1000), 401, "ID_TOKEN_MISSING"),
        (head(Authorization="Bearer not a token", Content_Length=1000), 401, "ID_TOKEN_INVALID"),
        (head(Authorization=UNSIGNED, Content_Length=16 * 1024 + 1), 400, "MALFORMED_REQUEST"),
        (head("PUT", Authorization=UNSIGNED, Content_Length=1000), 405, "MALFORMED_REQUEST"),
    ],
    ids=["no sign-in", "none, in chunks", "another", "a malformed one", "too large", "another method"],
)
def test_who_is_refused_by_the_headers_is_not_waited_for(
    function: FunctionProcess, start: bytes, status: int, reason: str
) -> None:
    """Each of them is answered before it has sent its body, and its thread waits for no more of it."""
    connections = [RawConnection(function.address).send(start, b"{") for _ in range(MANY)]
    try:
        answers = [connection.answer() for connection in connections]
        assert all(connection.is_closed_by_server() for connection in connections)
    finally:
        for connection in connections:
            connection.__exit__(None, None, None)

    assert {(answer.status, answer.reason) for answer in answers} == {(status, reason)}


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (head(Authorization=UNSIGNED, Content_Length=16_000), b" "),
        (head(Authorization=UNSIGNED, Transfer_Encoding="chunked"), b"1\r\n \r\n"),
        (head(Authorization=UNSIGNED, Transfer_Encoding="chunked") + b"1;", b"a"),
    ],
    ids=["a byte", "a chunk", "a chunk's extension"],
)
def test_a_body_that_drips_is_not_waited_for_either(function: FunctionProcess, start: bytes, drop: bytes) -> None:
    with RawConnection(function.address) as connection:
        answer = connection.send(start).drip(itertools.repeat(drop)).answer()
        assert connection.is_closed_by_server()

    assert (answer.status, answer.reason) == (408, "MALFORMED_REQUEST")


@pytest.mark.parametrize(
    "body",
    [
        (head(Authorization=UNSIGNED, Transfer_Encoding="chunked"), BROKEN_CHUNK),
        (head(Authorization=UNSIGNED, Transfer_Encoding="chunked"), b'5\r\n{"da\r\nGG\r\n'),
        (head(Authorization=UNSIGNED, Transfer_Encoding="chunked"), b'5\r\n{"dat_5'),
        (head(Authorization=UNSIGNED, Content_Length=100), b"{"),
    ],
    ids=["no size", "a later chunk", "no end of a chunk", "too short"],
)
def test_a_body_that_is_broken_or_given_up_is_the_callers_fault(
    function: FunctionProcess, body: tuple[bytes, bytes]
) -> None:
    with RawConnection(function.address) as connection:
        answer = connection.send(*body).end_of_sending().answer()

    assert (answer.status, answer.reason) == (400, "MALFORMED_REQUEST")
    event = function.audit_event(json.loads(answer.body)["error"]["details"]["requestId"])
    assert (event["severity"], event["event"]) == ("NOTICE", "live_token.refused")
    assert "stack" not in event


@pytest.mark.parametrize("body", [b"", b'{"data":null}'], ids=["nothing", "what would be whole"])
def test_a_call_that_is_given_up_gets_no_token(function: FunctionProcess, google: LocalGoogle, body: bytes) -> None:
    before, token = google.traffic, google.sign_in()
    function.ledger.id_token(token)
    with RawConnection(function.address) as connection:
        connection.send(head(Authorization=f"Bearer {token}", Content_Length=500), body)
        answer = connection.end_of_sending().answer()

    assert (answer.status, answer.reason) == (400, "MALFORMED_REQUEST")
    assert google.traffic == before


def test_the_rest_of_a_body_that_came_too_late_is_not_served_as_a_request(function: FunctionProcess) -> None:
    late = head("GET", "/smuggled")
    with RawConnection(function.address) as connection:
        answer = connection.send(head(Authorization=UNSIGNED, Content_Length=len(late))).answer()
        assert (answer.status, answer.reason) == (408, "MALFORMED_REQUEST")
        with contextlib.suppress(ConnectionError):
            connection.send(late)
        assert connection.is_closed_by_server()
        assert connection.heard == b""


# --- paths that the framework has pages for

PATHS = [
    "/robots.txt",
    "/favicon.ico",
    "/static/app.js",
    "/static/",
    "/%0a",
    "/a%0Ab",
    "//",
    "//a//b",
    "/%00",
    "/a/../b",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_path_is_this_function(function: FunctionProcess, google: LocalGoogle, path: str) -> None:
    read = answer_to(function, head("GET", path))
    assert (read.status, read.reason) == (405, "MALFORMED_REQUEST")

    called = answer_to(function, head("POST", path, Content_Length=0))
    assert (called.status, called.reason) == (401, "ID_TOKEN_MISSING")

    token = google.sign_in()
    function.ledger.id_token(token)
    issued = answer_to(function, head("POST", path, Authorization=f"Bearer {token}", Content_Length=0))
    assert issued.status == 200
    function.ledger.live_token(json.loads(issued.body)["result"]["token"])


def test_a_static_file_that_nobody_has_is_this_functions_preflight_too(function: FunctionProcess) -> None:
    answer = answer_to(function, head("OPTIONS", "/static/app.js", Content_Length=32 * MEBIBYTE), b"x" * 1000)

    assert (answer.status, answer.headers["cache-control"]) == (204, "no-store")


@pytest.mark.parametrize("host", ["a..b", "x" * 80, "[::1", "", "function.example:port"])
def test_every_host_is_this_function(function: FunctionProcess, host: str) -> None:
    answer = answer_to(function, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())

    assert (answer.status, answer.reason) == (405, "MALFORMED_REQUEST")


STREAM = {"Accept": "text/event-stream"}


@pytest.mark.parametrize(
    ("request_", "status", "reason"),
    [
        (head("GET", **STREAM), 405, "MALFORMED_REQUEST"),
        (head("GET", "/robots.txt", **STREAM), 405, "MALFORMED_REQUEST"),
        (head(Content_Length=0, **STREAM), 401, "ID_TOKEN_MISSING"),
        (head(Authorization="Basic eA==", Content_Length=0, **STREAM), 401, "ID_TOKEN_MISSING"),
        (head(Authorization="Bearer x", Content_Length=0, **STREAM), 401, "ID_TOKEN_INVALID"),
        (head(Authorization=UNSIGNED, Content_Length=16_385, **STREAM), 400, "MALFORMED_REQUEST"),
        (head(Authorization=UNSIGNED, Content_Length=100, **STREAM) + b"{", 408, "MALFORMED_REQUEST"),
    ],
    ids=["GET", "a page of the framework's", "no sign-in", "another", "a bad one", "too large", "too slow"],
)
def test_who_asks_for_events_gets_every_refusal_as_one(
    function: FunctionProcess, request_: bytes, status: int, reason: str
) -> None:
    answer = answer_to(function, request_)

    assert (answer.status, answer.streamed_reason) == (status, reason)


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "PROPFIND", "QUERY"])
def test_a_method_that_few_know_is_answered_too(function: FunctionProcess, method: str) -> None:
    with RawConnection(function.address) as connection:
        answer = connection.send(head(method)).end_of_sending().answer() if method != "HEAD" else None

    assert answer is None or (answer.status, answer.reason) == (405, "MALFORMED_REQUEST")


# --- what gunicorn says before the function is asked


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (head(**{"X-Long": "x" * 20_000}), 431),
        (b"no HTTP\r\n\r\n", 400),
        (head(Content_Length="ten"), 400),
    ],
    ids=["headers too large", "no HTTP", "no length"],
)
def test_what_is_no_request_is_answered_by_gunicorn_and_hurts_nobody(
    function: FunctionProcess, google: LocalGoogle, request_: bytes, status: int
) -> None:
    assert answer_to(function, request_).status == status
    assert function.call(google.sign_in()).http == 200
    assert "Traceback" not in function.words()
