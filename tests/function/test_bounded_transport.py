"""HTTP that ends, over real sockets: with answers that are slow, large, compressed, lead elsewhere, or are none."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.request import proxy_bypass

import httpx2
import pytest
import trustme

from function.fake_http_server import Answer, FakeHttpServer, Received, answer_json
from function.raw_server import Peer, RawServer, Script
from live_tokens.bounded_transport import (
    LARGEST_ANSWER_BYTES,
    AnswerEncodedError,
    AnswerTooLargeError,
    BoundedTransport,
    RedirectError,
)

AMPLE_SECONDS = 60.0
SHORT_SECONDS = 0.3
WAIT_SECONDS = 20
HOST = "upstream.test"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
FLOOD = 64 * 1024 * 1024
# The buffers of both ends hold some of what nobody reads.
LITTLE_OF_IT = FLOOD // 4


@pytest.fixture
def tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


@pytest.fixture
def transport(tls: ssl.SSLContext) -> Iterator[BoundedTransport]:
    with BoundedTransport(4, tls) as made:
        yield made


def get(
    transport: BoundedTransport, url: str, seconds: float = AMPLE_SECONDS, headers: dict[str, str] | None = None
) -> httpx2.Response:
    extensions = {"timeout": {"read": seconds}}
    return transport.handle_request(httpx2.Request("GET", url, headers=headers, extensions=extensions))


def good(peer: Peer) -> None:
    """Answer every request of a connection."""
    while peer.read_request():
        peer.send(GOOD)


def good_once(peer: Peer) -> None:
    """Answer one, and leave without a word."""
    if peer.read_request():
        peer.send(GOOD)


# --- an answer


def test_an_answer_is_what_the_upstream_said(transport: BoundedTransport, server: FakeHttpServer) -> None:
    server.answer_with(Answer(404, b"made up", {"X-Made": "up"}))
    answer = get(transport, f"http://{server.host_and_port}/a/b?c=d%2Fe", headers={"X-Asked": "so"})
    assert (answer.status_code, answer.content, answer.headers["X-Made"]) == (404, b"made up", "up")
    (request,) = server.received
    assert (request.method, request.path) == ("GET", "/a/b?c=d%2Fe")
    assert (request.headers["host"], request.headers["x-asked"]) == (server.host_and_port, "so")


def test_what_is_sent_arrives(transport: BoundedTransport, server: FakeHttpServer) -> None:
    server.answer_with(answer_json({}))
    request = httpx2.Request(
        "POST", f"http://{server.host_and_port}/", json={"sent": "ä" * 9000}, extensions={"timeout": {"read": 60.0}}
    )
    transport.handle_request(request)
    assert server.received[0].json() == {"sent": "ä" * 9000}


def test_an_answer_in_chunks_is_put_together(transport: BoundedTransport) -> None:
    def chunks(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nmade\r\n3\r\n up\r\n0\r\n\r\n")

    with RawServer(chunks).running() as server:
        answer = get(transport, server.url)
    assert answer.content == b"made up"
    assert "Transfer-Encoding" not in answer.headers


def test_an_answer_that_ends_with_its_connection_is_whole(transport: BoundedTransport) -> None:
    def until_closed(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nmade up")

    with RawServer(until_closed).running() as server:
        assert get(transport, server.url).content == b"made up"


def test_an_answer_that_ends_before_its_end_is_none(transport: BoundedTransport, server: FakeHttpServer) -> None:
    server.answer_with(Answer(body=b"made u", cut_short=True))
    with pytest.raises(httpx2.RemoteProtocolError):
        get(transport, f"http://{server.host_and_port}/")


def test_what_is_no_http_is_no_answer(transport: BoundedTransport) -> None:
    def something_else(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"220 made-up.invalid ESMTP\r\n")

    with RawServer(something_else).running() as server, pytest.raises(httpx2.RemoteProtocolError):
        get(transport, server.url)


def test_an_error_says_nothing_of_the_answer(transport: BoundedTransport) -> None:
    def secret(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 made-up-secret\r\n\r\n")

    with RawServer(secret).running() as server, pytest.raises(httpx2.TransportError) as failure:
        get(transport, server.url)
    assert "made-up-secret" not in f"{failure.value!r} {failure.value}"


# --- that never ends

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def dripping(first: bytes, drip: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(first)
        peer.drip(drip)

    return script


def silent_after(first: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(first)
        peer.say_nothing()

    return script


def never_answering(peer: Peer) -> None:
    peer.say_nothing()


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(dripping(b"HTTP/1.1 200 ", b"O"), id="drips in the status line"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\nX-Made: ", b"up"), id="drips in a header"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n", b"X-Made: up\r\n"), id="drips headers"),
        pytest.param(dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="drips answers that are not final"),
        pytest.param(dripping(HEAD, b"x"), id="drips in the body"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), id="drips in a body of no length"),
        pytest.param(dripping(CHUNKED + b"1", b"0"), id="drips in a chunk-size line"),
        pytest.param(dripping(CHUNKED + b"1;made=", b"up"), id="drips in a chunk extension"),
        pytest.param(dripping(CHUNKED, b"1\r\nx\r\n"), id="drips in chunks"),
        pytest.param(dripping(CHUNKED + b"0\r\n", b"X-Made: up\r\n"), id="drips after the last chunk"),
        pytest.param(never_answering, id="never answers"),
        pytest.param(silent_after(b"HTTP/1.1 200"), id="falls silent in the status line"),
        pytest.param(silent_after(b"HTTP/1.1 200 OK\r\nX-Made: "), id="falls silent in a header"),
        pytest.param(silent_after(HEAD + b"x"), id="falls silent in the body"),
        pytest.param(silent_after(CHUNKED + b"1"), id="falls silent in a chunk-size line"),
    ],
)
def test_an_answer_that_does_not_end_is_a_time_out(transport: BoundedTransport, script: Script) -> None:
    with RawServer(script).running() as server, pytest.raises(httpx2.TimeoutException):
        get(transport, server.url, SHORT_SECONDS)


def handshake_that_drips(peer: Peer) -> None:
    peer.send(b"\x16\x03\x03\x40\x00")  # the head of a record of TLS, 16 KiB of which are to follow
    peer.drip(b"\x02")


@pytest.mark.parametrize("script", [never_answering, handshake_that_drips])
def test_a_tls_handshake_that_does_not_end_is_a_time_out(transport: BoundedTransport, script: Script) -> None:
    with RawServer(script).running() as server, pytest.raises(httpx2.TimeoutException):
        get(transport, f"https://{server.host_and_port}/", SHORT_SECONDS)


@pytest.mark.parametrize(
    "script",
    [
        never_answering,
        dripping(b"HTTP/1.1 200 ", b"O"),
        silent_after(b"HTTP/1.1 200 OK\r\n\r\n"),
    ],
)
def test_a_proxy_that_does_not_come_to_an_end_is_a_time_out(tls: ssl.SSLContext, script: Script) -> None:
    with (
        RawServer(script).running() as proxy,
        BoundedTransport(1, tls, proxy.url) as transport,
        pytest.raises(httpx2.TimeoutException),
    ):
        get(transport, f"https://{HOST}/", SHORT_SECONDS)


def test_a_server_that_reads_nothing_is_a_time_out(transport: BoundedTransport) -> None:
    waited_in_vain = threading.Event()

    def read_nothing(peer: Peer) -> None:
        peer.read_request()
        if not server.stopped.wait(WAIT_SECONDS):
            waited_in_vain.set()

    with RawServer(read_nothing).running() as server:
        extensions = {"timeout": {"read": SHORT_SECONDS}}
        large = httpx2.Request("POST", server.url, content=b"x" * FLOOD, extensions=extensions)
        with pytest.raises(httpx2.TimeoutException):
            transport.handle_request(large)
    assert not waited_in_vain.is_set()


def test_who_has_no_time_left_asks_nobody(transport: BoundedTransport, server: FakeHttpServer) -> None:
    server.answer_with(Answer())
    for seconds in (0.0, -1.0):
        with pytest.raises(httpx2.TimeoutException):
            get(transport, f"http://{server.host_and_port}/", seconds)
    assert server.received == []


def test_the_smallest_time_out_of_a_request_is_that_of_the_whole(transport: BoundedTransport) -> None:
    timeouts = {"connect": AMPLE_SECONDS, "read": None, "write": SHORT_SECONDS, "pool": AMPLE_SECONDS}
    with RawServer(never_answering).running() as server, pytest.raises(httpx2.TimeoutException):
        transport.handle_request(httpx2.Request("GET", server.url, extensions={"timeout": timeouts}))


def test_each_exchange_over_a_kept_connection_has_its_own_deadline(transport: BoundedTransport) -> None:
    def good_then_silent(peer: Peer) -> None:
        for _ in range(2):
            peer.read_request()
            peer.send(GOOD)
        peer.say_nothing()

    with RawServer(good_then_silent).running() as server:
        get(transport, server.url, 1.0)
        server.stopped.wait(1.0)  # until the first deadline is over
        assert get(transport, server.url).content == b"good"
        with pytest.raises(httpx2.TimeoutException):
            get(transport, server.url, SHORT_SECONDS)
        assert server.connections == 1


def test_exchanges_at_the_same_time_have_their_own_deadlines(
    transport: BoundedTransport, server: FakeHttpServer
) -> None:
    arrived, freed = threading.Event(), threading.Event()

    def held(_request: Received) -> Answer:
        arrived.set()
        freed.wait(WAIT_SECONDS)
        return Answer(body=b"good")

    server.answer_with(held)
    url = f"http://{server.host_and_port}/"
    with ThreadPoolExecutor(1) as threads:
        patient = threads.submit(get, transport, url)
        arrived.wait(WAIT_SECONDS)
        with pytest.raises(httpx2.TimeoutException):
            get(transport, url, SHORT_SECONDS)
        freed.set()
        assert patient.result(WAIT_SECONDS).content == b"good"


@pytest.mark.parametrize("script", [never_answering, dripping(HEAD, b"x"), silent_after(CHUNKED + b"1")])
def test_what_timed_out_keeps_no_place_from_the_next(
    tls: ssl.SSLContext, server: FakeHttpServer, script: Script
) -> None:
    server.answer_with(Answer(body=b"good"))
    with RawServer(script).running() as slow, BoundedTransport(1, tls) as transport:
        for _ in range(2):
            with pytest.raises(httpx2.TimeoutException):
                get(transport, slow.url, SHORT_SECONDS)
        assert get(transport, f"http://{server.host_and_port}/").content == b"good"


# --- that is too large


def of_length(size: int) -> Script:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        peer.send(b"x" * size)

    return script


def in_chunks(size: int) -> Script:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(CHUNKED)
        for start in range(0, size, 1000):
            part = b"x" * min(1000, size - start)
            peer.send(b"%x\r\n%s\r\n" % (len(part), part))
        peer.send(b"0\r\n\r\n")

    return script


def until_the_end(size: int) -> Script:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * size)

    return script


@pytest.mark.parametrize("sized", [of_length, in_chunks, until_the_end])
def test_an_answer_may_have_64_kib(transport: BoundedTransport, sized: Callable[[int], Script]) -> None:
    with RawServer(sized(LARGEST_ANSWER_BYTES)).running() as server:
        assert get(transport, server.url).content == b"x" * 65_536


@pytest.mark.parametrize("sized", [of_length, in_chunks, until_the_end])
def test_an_answer_may_have_no_byte_more(transport: BoundedTransport, sized: Callable[[int], Script]) -> None:
    with RawServer(sized(LARGEST_ANSWER_BYTES + 1)).running() as server, pytest.raises(AnswerTooLargeError):
        get(transport, server.url)


@pytest.mark.parametrize(
    ("head", "block"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % FLOOD, b"x" * 65_536),
        (CHUNKED, b"fff4\r\n" + b"x" * 65_524 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: %d\r\n\r\n" % FLOOD, b"x" * 65_536),
    ],
    ids=["of a length", "in chunks", "of no length", "of an error"],
)
def test_of_an_answer_that_is_too_large_the_rest_is_not_read(
    transport: BoundedTransport, head: bytes, block: bytes
) -> None:
    def flood(peer: Peer) -> None:
        peer.read_request()
        peer.send(head)
        peer.pour(block, FLOOD // len(block))

    with RawServer(flood).running() as server:
        with pytest.raises(AnswerTooLargeError):
            get(transport, server.url)
        assert server.ended.acquire(timeout=WAIT_SECONDS)
        assert server.sent < LITTLE_OF_IT


def test_headers_without_end_are_not_read_to_their_end(transport: BoundedTransport) -> None:
    def flood(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nX-Made: ")
        peer.pour(b"x" * 65_536, FLOOD // 65_536)

    with RawServer(flood).running() as server:
        with pytest.raises(httpx2.TransportError):
            get(transport, server.url)
        assert server.ended.acquire(timeout=WAIT_SECONDS)
        assert server.sent < LITTLE_OF_IT


def test_after_an_answer_that_was_too_large_the_next_is_read_from_its_beginning(tls: ssl.SSLContext) -> None:
    with RawServer(of_length(100_000), good).running() as server, BoundedTransport(1, tls) as transport:
        with pytest.raises(AnswerTooLargeError):
            get(transport, server.url)
        assert get(transport, server.url).content == b"good"


# --- that is compressed


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br", "zstd", "identity, gzip", "gzip, identity"])
def test_a_compressed_answer_is_refused(transport: BoundedTransport, server: FakeHttpServer, encoding: str) -> None:
    server.answer_with(Answer(body=b"made up", headers={"Content-Encoding": encoding}))
    with pytest.raises(AnswerEncodedError):
        get(transport, f"http://{server.host_and_port}/")


def test_an_answer_that_says_it_is_not_compressed_is_read(transport: BoundedTransport, server: FakeHttpServer) -> None:
    server.answer_with(Answer(body=b"made up", headers={"Content-Encoding": "identity"}))
    assert get(transport, f"http://{server.host_and_port}/").content == b"made up"


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "gzip"}, {"accept-encoding": "br"}])
def test_no_compressed_answer_is_asked_for(
    transport: BoundedTransport, server: FakeHttpServer, headers: dict[str, str]
) -> None:
    server.answer_with(Answer())
    get(transport, f"http://{server.host_and_port}/", headers=headers)
    assert server.received[0].headers["accept-encoding"] == "identity"


# --- that leads elsewhere


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 306, 307, 308, 399])
def test_a_redirect_goes_nowhere(
    transport: BoundedTransport, server: FakeHttpServer, elsewhere: FakeHttpServer, status: int
) -> None:
    server.answer_with(Answer(status, b"made up", {"Location": f"http://{elsewhere.host_and_port}/"}))
    with pytest.raises(RedirectError):
        get(transport, f"http://{server.host_and_port}/", headers={"Authorization": "Bearer made-up"})
    assert len(server.received) == 1
    assert (elsewhere.connections, elsewhere.received) == (0, [])


@pytest.mark.parametrize("headers", [{}, {"Location": ""}, {"Location": "/here"}, {"Location": "//["}])
def test_a_redirect_is_one_wherever_it_leads(
    transport: BoundedTransport, server: FakeHttpServer, headers: dict[str, str]
) -> None:
    server.answer_with(Answer(302, headers=headers))
    with pytest.raises(RedirectError):
        get(transport, f"http://{server.host_and_port}/")
    assert len(server.received) == 1


@pytest.mark.parametrize("status", [200, 201, 204, 299, 400, 404, 429, 500, 503, 599])
def test_whatever_else_the_status_it_is_an_answer(
    transport: BoundedTransport, server: FakeHttpServer, elsewhere: FakeHttpServer, status: int
) -> None:
    server.answer_with(Answer(status, headers={"Location": f"http://{elsewhere.host_and_port}/"}))
    assert get(transport, f"http://{server.host_and_port}/").status_code == status
    assert elsewhere.connections == 0


# --- connections


def test_a_connection_is_kept_for_the_next_request(transport: BoundedTransport, server: FakeHttpServer) -> None:
    server.answer_with(answer_json({}))
    for _ in range(5):
        get(transport, f"http://{server.host_and_port}/")
    assert (len(server.received), server.connections) == (5, 1)


def test_a_connection_is_kept_for_other_threads_too(transport: BoundedTransport, server: FakeHttpServer) -> None:
    server.answer_with(answer_json({}))
    for _ in range(3):
        with ThreadPoolExecutor(1) as threads:
            threads.submit(get, transport, f"http://{server.host_and_port}/").result(WAIT_SECONDS)
    assert (len(server.received), server.connections) == (3, 1)


def test_a_connection_that_the_server_has_closed_does_not_fail_the_next_request(transport: BoundedTransport) -> None:
    with RawServer(good_once, good_once, good).running() as server:
        for _ in range(3):
            assert get(transport, server.url).content == b"good"
            if server.connections < 3:
                assert server.ended.acquire(timeout=WAIT_SECONDS)
        assert server.connections == 3


GOOD_IN_CHUNKS = CHUNKED + b"4\r\ngood\r\n0\r\n\r\n"
OF_SOMEBODY_ELSE = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"


@pytest.mark.parametrize("surplus", [OF_SOMEBODY_ELSE, b"\r\n", b"x"], ids=["an answer", "a line", "a byte"])
@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        GOOD_IN_CHUNKS,
        b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD,
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\n",
    ],
    ids=["of a length", "in chunks", "after another", "without a body", "without the body that it announces"],
)
def test_a_connection_that_brought_more_than_the_answer_is_not_used_again(
    transport: BoundedTransport, answer: bytes, surplus: bytes
) -> None:
    def answer_and_more(peer: Peer) -> None:
        peer.read_request()
        peer.send(answer + surplus)
        peer.say_nothing()

    with RawServer(answer_and_more, good).running() as server:
        assert get(transport, server.url).content == (b"" if b"204" in answer else b"good")
        assert get(transport, server.url).content == b"good"
        assert server.connections == 2


@pytest.mark.parametrize("answer", [GOOD, GOOD_IN_CHUNKS], ids=["of a length", "in chunks"])
def test_a_connection_that_brought_the_answer_alone_is_kept(transport: BoundedTransport, answer: bytes) -> None:
    def answer_all(peer: Peer) -> None:
        while peer.read_request():
            peer.send(answer)

    with RawServer(answer_all).running() as server:
        assert [get(transport, server.url).content for _ in range(3)] == [b"good"] * 3
        assert server.connections == 1


def test_a_server_that_never_comes_to_its_answer_is_not_read_for_ever(transport: BoundedTransport) -> None:
    soon = b"HTTP/1.1 100 Continue\r\n\r\n" * 1000
    with RawServer(lambda peer: peer.pour(soon, FLOOD // len(soon))).running() as server:
        with pytest.raises(AnswerTooLargeError):
            get(transport, server.url)
        assert server.ended.acquire(timeout=WAIT_SECONDS)
        assert server.sent < LITTLE_OF_IT


def test_what_was_sent_is_never_sent_again(transport: BoundedTransport) -> None:
    def deaf(peer: Peer) -> None:
        peer.read_request()

    with RawServer(deaf).running() as server:
        with pytest.raises(httpx2.RemoteProtocolError):
            get(transport, server.url)
        assert len(server.requests) == 1


def test_a_request_that_met_the_end_of_a_kept_connection_is_not_sent_again(transport: BoundedTransport) -> None:
    def one_and_then_deaf(peer: Peer) -> None:
        peer.read_request()
        peer.send(GOOD)
        peer.read_request()

    with RawServer(one_and_then_deaf, good).running() as server:
        get(transport, server.url)
        with pytest.raises(httpx2.TransportError):
            get(transport, server.url)
        assert len(server.requests) == 2
        assert get(transport, server.url).content == b"good"


def test_as_many_exchanges_as_there_are_connections_run_at_once(tls: ssl.SSLContext) -> None:
    at_once = 64
    all_there = threading.Barrier(at_once)

    def answer_when_all_are_there(peer: Peer) -> None:
        while peer.read_request():
            all_there.wait(WAIT_SECONDS)
            peer.send(GOOD)

    with (
        RawServer(answer_when_all_are_there).running() as server,
        BoundedTransport(at_once, tls) as transport,
        ThreadPoolExecutor(at_once) as threads,
    ):
        for _ in range(3):
            answers = list(threads.map(lambda _: get(transport, server.url), range(at_once)))
            assert [answer.content for answer in answers] == [b"good"] * at_once
        assert server.connections == at_once


def test_after_it_was_closed_it_makes_new_connections(transport: BoundedTransport, server: FakeHttpServer) -> None:
    server.answer_with(answer_json({}))
    for _ in range(2):
        get(transport, f"http://{server.host_and_port}/")
        transport.close()
    assert server.connections == 2


def test_after_it_was_closed_no_thread_of_it_is_left(transport: BoundedTransport, server: FakeHttpServer) -> None:
    server.answer_with(answer_json({}))
    before = ours()
    get(transport, f"http://{server.host_and_port}/")
    assert ours() > before
    transport.close()
    assert ours() == before


def ours() -> int:
    """Return how many threads resolve names. The server here has threads of its own."""
    return sum(thread.name.startswith("resolver") for thread in threading.enumerate())


def test_nothing_is_started_before_the_first_request(tls: ssl.SSLContext) -> None:
    before = threading.active_count()
    with BoundedTransport(64, tls, "http://127.0.0.1:1"):
        assert threading.active_count() == before


# --- none to be had


def test_a_refused_connection_is_no_time_out(transport: BoundedTransport, nobody: str) -> None:
    for scheme in ("http", "https"):
        with pytest.raises(httpx2.ConnectError):
            get(transport, f"{scheme}://{nobody}/")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_nobody_knows_cannot_be_connected_to(transport: BoundedTransport, scheme: str) -> None:
    with pytest.raises((httpx2.ConnectError, httpx2.ConnectTimeout)):
        get(transport, f"{scheme}://nonexistent.invalid/", WAIT_SECONDS)


def test_a_host_may_have_a_name(transport: BoundedTransport, server: FakeHttpServer) -> None:
    server.answer_with(Answer(body=b"good"))
    port = server.host_and_port.rpartition(":")[2]
    assert get(transport, f"http://localhost:{port}/").content == b"good"
    assert server.received[0].headers["host"] == f"localhost:{port}"


def test_a_host_that_takes_no_more_connections_is_a_time_out(transport: BoundedTransport) -> None:
    with ThreadPoolExecutor(1) as threads, ExitStack() as open_sockets:
        full = open_sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = open_sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        asking = threads.submit(get, transport, url, SHORT_SECONDS)
        assert isinstance(asking.exception(WAIT_SECONDS), httpx2.TimeoutException)


# --- TLS, and through a proxy


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """A context that trusts the authority."""
    return ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())


@pytest.fixture
def through_proxy(
    trusting: ssl.SSLContext, authority: trustme.CA, server: FakeHttpServer
) -> Iterator[BoundedTransport]:
    """A transport with the server as its proxy, which then plays the host as well."""
    server.certificate = authority.issue_cert(HOST)
    server.answer_with(Answer(body=b"good"))
    proxy = f"http://made-up-user:made-up-word@{server.host_and_port}"
    with BoundedTransport(4, trusting, proxy, proxy_bypass) as made:
        yield made


def test_https_goes_through_the_proxy(through_proxy: BoundedTransport, server: FakeHttpServer) -> None:
    assert get(through_proxy, f"https://{HOST}/a?b", headers={"Authorization": "Bearer made-up"}).content == b"good"
    to_proxy, through_it = server.received
    assert (to_proxy.method, to_proxy.path) == ("CONNECT", f"{HOST}:443")
    assert (through_it.method, through_it.path, through_it.headers["host"]) == ("GET", "/a?b", HOST)


def test_proxy_and_host_see_each_their_own_credentials(through_proxy: BoundedTransport, server: FakeHttpServer) -> None:
    get(through_proxy, f"https://{HOST}/", headers={"Authorization": "Bearer made-up"})
    to_proxy, through_it = server.received
    assert to_proxy.headers["proxy-authorization"] == "Basic bWFkZS11cC11c2VyOm1hZGUtdXAtd29yZA=="
    assert "authorization" not in to_proxy.headers
    assert through_it.headers["authorization"] == "Bearer made-up"
    assert "proxy-authorization" not in through_it.headers


def test_a_connection_through_the_proxy_is_kept(through_proxy: BoundedTransport, server: FakeHttpServer) -> None:
    for _ in range(3):
        get(through_proxy, f"https://{HOST}/")
    assert [request.method for request in server.received] == ["CONNECT", "GET", "GET", "GET"]


def test_a_host_that_shows_the_certificate_of_another_is_told_nothing(
    through_proxy: BoundedTransport, server: FakeHttpServer
) -> None:
    with pytest.raises(httpx2.ConnectError):
        get(through_proxy, "https://other.test/", headers={"Authorization": "Bearer made-up"})
    assert {request.method for request in server.received} == {"CONNECT"}


def test_a_host_whose_authority_nobody_trusts_is_told_nothing(
    tls: ssl.SSLContext, authority: trustme.CA, server: FakeHttpServer
) -> None:
    server.certificate = authority.issue_cert(HOST)
    server.answer_with(Answer(body=b"good"))
    with BoundedTransport(1, tls, f"http://{server.host_and_port}") as transport, pytest.raises(httpx2.ConnectError):
        get(transport, f"https://{HOST}/")
    assert {request.method for request in server.received} == {"CONNECT"}


def test_a_proxy_that_grants_nothing_is_an_error_of_transport(tls: ssl.SSLContext, server: FakeHttpServer) -> None:
    server.answer_with(Answer())
    with BoundedTransport(1, tls, f"http://{server.host_and_port}") as transport, pytest.raises(httpx2.ProxyError):
        get(transport, f"https://{HOST}/")


def test_a_proxy_that_is_not_there_is_an_error_of_transport(tls: ssl.SSLContext, nobody: str) -> None:
    with BoundedTransport(1, tls, f"http://{nobody}") as transport, pytest.raises(httpx2.ConnectError):
        get(transport, f"https://{HOST}/")


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "made-up.test,127.0.0.1", "*"])
def test_hosts_that_need_no_proxy_are_connected_to_directly(
    through_proxy: BoundedTransport,
    server: FakeHttpServer,
    monkeypatch: pytest.MonkeyPatch,
    nobody: str,
    no_proxy: str,
) -> None:
    monkeypatch.setenv("NO_PROXY", no_proxy)
    with pytest.raises(httpx2.ConnectError):
        get(through_proxy, f"https://{nobody}/")
    assert server.received == []


def test_hosts_that_are_not_named_go_through_the_proxy(
    through_proxy: BoundedTransport, server: FakeHttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,made-up.test")
    assert get(through_proxy, f"https://{HOST}/").content == b"good"
    assert server.received[0].method == "CONNECT"


def test_plain_http_never_goes_through_a_proxy(
    tls: ssl.SSLContext, server: FakeHttpServer, elsewhere: FakeHttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{elsewhere.host_and_port}")
    server.answer_with(Answer(body=b"good"))
    with BoundedTransport(1, tls, f"http://{elsewhere.host_and_port}") as transport:
        assert get(transport, f"http://{server.host_and_port}/").content == b"good"
    assert elsewhere.connections == 0
