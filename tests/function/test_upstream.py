"""Asking a service over HTTP: what is an answer, what is none, and who is asked again."""

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest

from function.fake_http_server import Answer as Served
from function.fake_http_server import FakeHttpServer, answer_json
from function.made_up import AMPLE
from function.raw_server import Peer, RawServer
from live_tokens.bounded_transport import LARGEST_ANSWER_BYTES, BoundedTransport
from live_tokens.circuit_breaker import PAUSE_SECONDS, TIME_OUTS
from live_tokens.deadline import Deadline
from live_tokens.upstream import Answer, Upstream
from live_tokens.upstream_errors import CutShortError, UpstreamError, UpstreamFailedError, UpstreamTimeoutError

SHORT_SECONDS = 0.2
WORDS = "made-up upstream words"
"""What an upstream says, and nobody repeats."""


@pytest.fixture
def transport() -> Iterator[BoundedTransport]:
    with BoundedTransport(4, httpx2.create_ssl_context()) as made:
        yield made


@pytest.fixture
def upstream(transport: BoundedTransport) -> Upstream:
    return Upstream(transport, seconds=30.0)


def url_of(server: FakeHttpServer) -> str:
    return f"http://{server.host_and_port}/v1/made-up"


def good(peer: Peer) -> None:
    while peer.read_request():
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")


def silent(peer: Peer) -> None:
    peer.read_request()
    peer.say_nothing()


def hanging_up(peer: Peer) -> None:
    peer.read_request()


def assert_quotes_nothing(error: BaseException) -> None:
    assert WORDS not in f"{error!r} {error}"
    assert "made" not in f"{error!r} {error}"


# --- to ask


def test_a_question_arrives_as_it_was_put(upstream: Upstream, server: FakeHttpServer) -> None:
    server.answer_with(Served(201, b"good", {"X-Made": "up"}))
    answer = upstream.ask("GET", url_of(server) + "?a=b", AMPLE, {"Authorization": "Bearer made-up"})
    assert (answer.status, answer.body, answer.headers["x-made"]) == (201, b"good", "up")
    (request,) = server.received
    assert (request.method, request.path, request.body) == ("GET", "/v1/made-up?a=b", b"")
    assert request.headers["authorization"] == "Bearer made-up"


@pytest.mark.parametrize(
    ("body", "sent", "content_type"),
    [
        ({"made": ["up", None]}, b'{"made":["up",null]}', "application/json"),
        ({}, b"{}", "application/json"),
        ([], b"[]", "application/json"),
        (b"a=b&c=d", b"a=b&c=d", None),
        (b"", b"", None),
        (None, b"", None),
    ],
)
def test_a_body_is_sent_as_json_unless_it_is_bytes(
    upstream: Upstream, server: FakeHttpServer, body: object, sent: bytes, content_type: str | None
) -> None:
    server.answer_with(answer_json({}))
    upstream.ask("POST", url_of(server), AMPLE, body=body)
    (request,) = server.received
    assert (request.method, request.body) == ("POST", sent)
    assert request.headers.get("content-type") == content_type


@pytest.mark.parametrize("status", [200, 204, 400, 401, 403, 404, 429, 500, 503])
def test_an_answer_is_one_whatever_its_status(upstream: Upstream, server: FakeHttpServer, status: int) -> None:
    server.answer_with(Served(status))
    assert upstream.ask("GET", url_of(server), AMPLE).status == status
    assert len(server.received) == 1


def test_what_is_in_an_answer_is_kept_out_of_its_repr() -> None:
    assert repr(Answer(200, {"X-Made": "made-up"}, b"made-up")) == "Answer(status=200)"


# --- authorisation


def test_a_question_is_authorised_by_its_deadline(transport: BoundedTransport, server: FakeHttpServer) -> None:
    deadlines: list[Deadline] = []

    def authorize(deadline: Deadline) -> dict[str, str]:
        deadlines.append(deadline)
        return {"Authorization": "Bearer made-up"}

    server.answer_with(Served(503), Served(200))
    upstream = Upstream(transport, 30.0, authorize)
    assert upstream.ask("GET", url_of(server), AMPLE, {"X-Made": "up"}, tries=2).status == 200
    sent = [(request.headers["authorization"], request.headers["x-made"]) for request in server.received]
    assert sent == [("Bearer made-up", "up")] * 2
    assert deadlines == [AMPLE]


def test_without_authorisation_nobody_is_asked(transport: BoundedTransport, server: FakeHttpServer) -> None:
    def refuse(_deadline: Deadline) -> dict[str, str]:
        raise UpstreamError("no access token")

    server.answer_with(Served(200))
    upstream = Upstream(transport, 30.0, refuse)
    for _ in range(TIME_OUTS + 1):
        with pytest.raises(UpstreamError, match=r"^no access token$"):
            upstream.ask("GET", url_of(server), AMPLE)
    assert server.received == []


# --- a request of somebody else's


def test_a_request_is_sent_as_it_is(upstream: Upstream, server: FakeHttpServer) -> None:
    server.answer_with(Served(503), Served(201, b"good"))
    request = httpx2.Request("POST", url_of(server), headers={"X-Made": "up"}, content=b"made up")
    response = upstream.send(request, AMPLE, tries=2)
    assert (response.status_code, response.content) == (201, b"good")
    assert [(sent.method, sent.headers["x-made"], sent.body) for sent in server.received] == [
        ("POST", "up", b"made up")
    ] * 2


def test_a_request_has_the_time_of_the_upstream_whatever_it_says(transport: BoundedTransport) -> None:
    with RawServer(silent).running() as server:
        request = httpx2.Request("GET", server.url, extensions={"timeout": {"connect": 600.0}})
        with pytest.raises(UpstreamTimeoutError):
            Upstream(transport, SHORT_SECONDS).send(request, AMPLE)


# --- JSON


def test_an_answer_is_read_as_json() -> None:
    assert Answer(500, {}, b' {"made": [1, "\xc3\xa4"]} ').json() == {"made": [1, "ä"]}


@pytest.mark.parametrize("body", [b'{"a": 1}', b"{}"])
def test_an_object_in_an_answer_of_200_is_read(body: bytes) -> None:
    assert Answer(200, {}, body).json_object() == json.loads(body)


NO_JSON = [
    b"",
    b" ",
    b"<html>made up</html>",
    b"made up",
    b'{"made": "up"',
    b'{"made": "up"} and more',
    b"\xff\xfe\xfd",
    b'{"made": "\xff"}',
    b"[" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"made":' * 100_000 + b"0" + b"}" * 100_000,
    b"1" * 5000,
]


@pytest.mark.parametrize("body", NO_JSON, ids=lambda body: repr(body[:16]))
def test_what_is_no_json_is_no_answer(body: bytes) -> None:
    for read in (Answer(200, {}, body).json, Answer(200, {}, body).json_object):
        with pytest.raises(UpstreamError) as failure:
            read()
        assert str(failure.value).isidentifier()  # the name of an error, without its text


@pytest.mark.parametrize("body", [b"[]", b'["made up"]', b"null", b"true", b"1", b'"made up"', b"NaN"])
def test_what_is_no_json_object_is_not_the_answer_that_is_documented(body: bytes) -> None:
    answer = Answer(200, {}, body)
    answer.json()
    with pytest.raises(UpstreamError) as failure:
        answer.json_object()
    assert_quotes_nothing(failure.value)


@pytest.mark.parametrize("status", [201, 204, 299, 400, 401, 404, 500, 503])
@pytest.mark.parametrize("body", [b'{"made": "up"}', b"made up", b""])
def test_an_object_is_read_from_nothing_but_a_200(status: int, body: bytes) -> None:
    with pytest.raises(UpstreamError, match=f"^HTTP {status}$"):
        Answer(status, {}, body).json_object()


# --- no answer


@pytest.mark.parametrize(
    ("served", "diagnosis"),
    [
        (Served(301, WORDS.encode(), {"Location": f"http://{WORDS.split()[0]}.invalid/"}), "RedirectError"),
        (Served(200, WORDS.encode(), {"Content-Encoding": "gzip"}), "AnswerEncodedError"),
        (Served(200, b"x" * (LARGEST_ANSWER_BYTES + 1)), "AnswerTooLargeError"),
        (Served(200, WORDS.encode(), cut_short=True), "RemoteProtocolError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_acceptable_answer_is_an_outage_that_quotes_nothing(
    upstream: Upstream, server: FakeHttpServer, served: Served, diagnosis: str
) -> None:
    server.answer_with(served)
    with pytest.raises(UpstreamError, match=f"^{diagnosis}$") as failure:
        upstream.ask("GET", url_of(server), AMPLE)
    assert_quotes_nothing(failure.value)
    assert failure.value.retry_after is None


def test_no_connection_is_an_outage(upstream: Upstream, nobody: str) -> None:
    with pytest.raises(UpstreamFailedError, match=r"^ConnectError$"):
        upstream.ask("GET", f"http://{nobody}/", AMPLE)


def test_what_is_no_http_is_an_outage_that_quotes_nothing(upstream: Upstream) -> None:
    def something_else(peer: Peer) -> None:
        peer.read_request()
        peer.send(WORDS.encode() + b"\r\n\r\n")

    with RawServer(something_else).running() as server, pytest.raises(UpstreamFailedError) as failure:
        upstream.ask("GET", server.url, AMPLE)
    assert_quotes_nothing(failure.value)


@pytest.mark.parametrize("url", ["http://[made-up/", "http://made-up.invalid:99999999/", "http://made\x00up/"])
def test_an_address_that_is_none_is_an_outage(upstream: Upstream, url: str) -> None:
    with pytest.raises(UpstreamError) as failure:
        upstream.ask("GET", url, AMPLE)
    assert_quotes_nothing(failure.value)


def test_an_upstream_that_takes_longer_than_it_is_given_has_timed_out(transport: BoundedTransport) -> None:
    with RawServer(silent).running() as server, pytest.raises(UpstreamTimeoutError) as failure:
        Upstream(transport, SHORT_SECONDS).ask("GET", server.url, AMPLE)
    assert_quotes_nothing(failure.value)


def test_a_call_that_had_less_time_than_the_upstream_is_given_was_cut_short(upstream: Upstream) -> None:
    with RawServer(silent).running() as server, pytest.raises(CutShortError) as failure:
        upstream.ask("GET", server.url, Deadline.after(SHORT_SECONDS))
    assert_quotes_nothing(failure.value)


def test_a_call_that_has_no_time_left_asks_nobody(upstream: Upstream, server: FakeHttpServer) -> None:
    server.answer_with(Served())
    with pytest.raises(CutShortError):
        upstream.ask("GET", url_of(server), Deadline.after(-1))
    assert server.received == []


# --- to ask again


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_who_may_ask_twice_asks_again_after_an_error_of_the_upstream(
    upstream: Upstream, server: FakeHttpServer, status: int
) -> None:
    server.answer_with(Served(status), Served(200, b"good"))
    assert upstream.ask("GET", url_of(server), AMPLE, tries=2).body == b"good"
    assert len(server.received) == 2


def test_who_asks_again_puts_the_same_question(upstream: Upstream, server: FakeHttpServer) -> None:
    server.answer_with(Served(503), Served())
    upstream.ask("POST", url_of(server), AMPLE, {"X-Made": "up"}, {"made": "up"}, tries=2)
    first, second = server.received
    assert (first.method, first.path, first.body) == (second.method, second.path, second.body)
    assert second.headers["x-made"] == "up"


def test_who_may_ask_twice_asks_again_after_a_connection_that_failed(upstream: Upstream) -> None:
    with RawServer(hanging_up, good).running() as server:
        assert upstream.ask("GET", server.url, AMPLE, tries=2).body == b"good"
        assert len(server.requests) == 2


def test_the_last_answer_is_the_answer_be_it_an_error(upstream: Upstream, server: FakeHttpServer) -> None:
    server.answer_with(Served(500, b"first"), Served(503, b"second"), Served())
    answer = upstream.ask("GET", url_of(server), AMPLE, tries=2)
    assert (answer.status, answer.body) == (503, b"second")
    assert len(server.received) == 2


def test_the_last_failure_is_the_failure(upstream: Upstream) -> None:
    with RawServer(hanging_up, hanging_up, good).running() as server:
        with pytest.raises(UpstreamFailedError):
            upstream.ask("GET", server.url, AMPLE, tries=2)
        assert len(server.requests) == 2


def test_it_is_asked_as_often_as_was_said(upstream: Upstream, server: FakeHttpServer) -> None:
    server.answer_with(Served(500), Served(500), Served(500), Served(200, b"good"))
    assert upstream.ask("GET", url_of(server), AMPLE, tries=4).body == b"good"
    assert len(server.received) == 4


@pytest.mark.parametrize("status", [200, 204, 400, 401, 403, 404, 429, 499, 501, 599])
def test_what_is_no_passing_error_of_the_upstream_is_not_asked_again(
    upstream: Upstream, server: FakeHttpServer, status: int
) -> None:
    server.answer_with(Served(status), Served(200, b"good"))
    assert upstream.ask("GET", url_of(server), AMPLE, tries=2).status == status
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "served",
    [
        Served(301, headers={"Location": "/"}),
        Served(200, headers={"Content-Encoding": "gzip"}),
        Served(200, b"x" * (LARGEST_ANSWER_BYTES + 1)),
    ],
    ids=["a redirect", "compressed", "too large"],
)
def test_an_answer_that_is_not_acceptable_is_not_asked_for_again(
    upstream: Upstream, server: FakeHttpServer, served: Served
) -> None:
    server.answer_with(served, Served(200, b"good"))
    with pytest.raises(UpstreamError):
        upstream.ask("GET", url_of(server), AMPLE, tries=2)
    assert len(server.received) == 1


def test_who_may_ask_once_asks_once(upstream: Upstream, server: FakeHttpServer) -> None:
    server.answer_with(Served(500))
    assert upstream.ask("GET", url_of(server), AMPLE).status == 500
    assert len(server.received) == 1


def test_after_a_time_out_it_is_not_asked_again(transport: BoundedTransport) -> None:
    with RawServer(silent).running() as server:
        with pytest.raises(UpstreamTimeoutError):
            Upstream(transport, SHORT_SECONDS).ask("GET", server.url, AMPLE, tries=2)
        assert server.connections <= 1


def test_after_a_call_that_was_cut_short_it_is_not_asked_again(upstream: Upstream) -> None:
    with RawServer(silent).running() as server:
        with pytest.raises(CutShortError):
            upstream.ask("GET", server.url, Deadline.after(SHORT_SECONDS), tries=2)
        assert server.connections <= 1


def test_to_ask_again_takes_no_more_time_than_the_call_has(upstream: Upstream) -> None:
    with RawServer(hanging_up, silent).running() as server, pytest.raises(CutShortError):
        upstream.ask("GET", server.url, Deadline.after(0.5), tries=2)


# --- when it hangs


def test_after_three_time_outs_nobody_waits_for_it_any_more(transport: BoundedTransport) -> None:
    with RawServer(silent).running() as server:
        upstream = Upstream(transport, SHORT_SECONDS)
        for _ in range(TIME_OUTS):
            with pytest.raises(UpstreamTimeoutError):
                upstream.ask("GET", server.url, AMPLE)
        asked = server.connections
        for _ in range(3):
            with pytest.raises(UpstreamError, match=r"^circuit open$") as failure:
                upstream.ask("GET", server.url, AMPLE, tries=2)
            assert failure.value.retry_after is not None
            assert timedelta(seconds=1) <= failure.value.retry_after <= timedelta(seconds=PAUSE_SECONDS)
            assert not isinstance(failure.value, UpstreamTimeoutError)
        assert server.connections == asked


def test_calls_that_were_cut_short_keep_nobody_from_asking(upstream: Upstream, server: FakeHttpServer) -> None:
    server.answer_with(Served(200, b"good"))
    with RawServer(silent).running() as hanging:
        for _ in range(TIME_OUTS + 1):
            with pytest.raises(CutShortError):
                upstream.ask("GET", hanging.url, Deadline.after(0.1))
    assert upstream.ask("GET", url_of(server), AMPLE).body == b"good"


def test_an_upstream_that_fails_at_once_is_asked_every_time(upstream: Upstream) -> None:
    with RawServer(*[hanging_up] * (TIME_OUTS * 2), good).running() as server:
        for _ in range(TIME_OUTS * 2):
            with pytest.raises(UpstreamFailedError):
                upstream.ask("GET", server.url, AMPLE)
        assert upstream.ask("GET", server.url, AMPLE).body == b"good"


def test_one_that_hangs_keeps_nobody_from_another(transport: BoundedTransport, server: FakeHttpServer) -> None:
    server.answer_with(Served(200, b"good"))
    with RawServer(silent).running() as hanging:
        ill = Upstream(transport, 0.1)
        for _ in range(TIME_OUTS):
            with pytest.raises(UpstreamTimeoutError):
                ill.ask("GET", hanging.url, AMPLE)
    assert Upstream(transport, 30.0).ask("GET", url_of(server), AMPLE).body == b"good"
