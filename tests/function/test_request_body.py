"""`request_body`: how much is read, for how long, and what becomes of the connection.

`tests/integration/production` has the same behind gunicorn.
"""

import io
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from function.made_up import AMPLE
from live_tokens.deadline import Deadline
from live_tokens.errors import BodyTooSlow, MalformedRequest
from live_tokens.request_body import LARGEST_BODY_BYTES, RequestBodies, too_large

LARGEST = b"x" * LARGEST_BODY_BYTES


class GunicornBody:
    """What gunicorn is told with: after `failed`, it reads no further request from the connection."""

    def __init__(self) -> None:
        self.failed = False


class Arriving(io.BytesIO):
    """A body as gunicorn reads it: as much as is asked for, however long that takes, or the error of the connection."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        body = b""
        while len(body) < size and (part := self._connection.recv(size - len(body))):
            body += part
        return body


class Connection:
    """A connection on which a caller sends, as gunicorn hands it on.

    Attributes:
        environ: the WSGI environment of its request.
        stream: reads what has arrived; waits for more while the caller has not ended.
    """

    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        self.caller = theirs
        self._ours = ours
        self.stream = Arriving(ours)
        self.environ: dict[str, Any] = {
            "gunicorn.socket": ours,
            "wsgi.input": GunicornBody(),
            "SERVER_PROTOCOL": "HTTP/1.1",
        }

    @property
    def ends(self) -> bool:
        """Whether gunicorn reads no further request from it."""
        return bool(self.environ["wsgi.input"].failed)

    @property
    def reads_no_more(self) -> bool:
        """Whether reading ends at once, although the caller has not ended."""
        self._ours.setblocking(False)
        try:
            return self._ours.recv(1) == b""
        except BlockingIOError:
            return False


@pytest.fixture
def connection() -> Iterator[Connection]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Connection(ours, theirs)


@pytest.fixture
def bodies() -> RequestBodies:
    return RequestBodies()


class Breaking(io.BytesIO):
    """A body that breaks when it is read."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def read(self, size: int | None = -1) -> bytes:
        del size
        raise self._error


# --- to read


@pytest.mark.parametrize("body", [b"", b"{}", LARGEST])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_read_whole(bodies: RequestBodies, connection: Connection, body: bytes, chunked: bool) -> None:
    announced = None if chunked else len(body)
    assert bodies.read(io.BytesIO(body), announced, connection.environ, AMPLE) == body
    assert not connection.ends
    assert not connection.reads_no_more


@pytest.mark.parametrize("announced", [None, LARGEST_BODY_BYTES + 1, 10**9])
def test_a_body_that_is_too_large_ends_the_connection(
    bodies: RequestBodies, connection: Connection, announced: int | None
) -> None:
    stream = io.BytesIO(LARGEST * 3)
    with pytest.raises(MalformedRequest) as refusal:
        bodies.read(stream, announced, connection.environ, AMPLE)
    assert refusal.value.message == too_large().message == "The body must not be larger than 16384 bytes."
    assert stream.tell() == LARGEST_BODY_BYTES + 1, "no more is read than tells that it is too large"
    assert connection.ends


@pytest.mark.parametrize(("body", "announced"), [(b"", 1), (b"{", 2), (LARGEST, LARGEST_BODY_BYTES + 5)])
def test_a_body_that_is_shorter_than_announced_is_broken_off(
    bodies: RequestBodies, connection: Connection, body: bytes, announced: int
) -> None:
    with pytest.raises(MalformedRequest, match="MALFORMED_REQUEST") as refusal:
        bodies.read(io.BytesIO(body), announced, connection.environ, AMPLE)
    assert refusal.value.message.startswith("The body ended early")
    assert connection.ends


@pytest.mark.parametrize("error", [OSError("reset"), ValueError("caller's words"), RuntimeError("bad chunk")])
def test_whatever_reading_raises_is_the_callers_fault_and_not_told(
    bodies: RequestBodies, connection: Connection, error: Exception
) -> None:
    with pytest.raises(MalformedRequest) as refusal:
        bodies.read(Breaking(error), None, connection.environ, AMPLE)
    assert refusal.value.__cause__ is error
    assert str(error) not in f"{refusal.value} {refusal.value.message}"
    assert connection.ends


# --- time


def test_a_body_that_does_not_come_is_given_up_and_the_connection_with_it(
    bodies: RequestBodies, connection: Connection
) -> None:
    connection.caller.send(b"{")
    with pytest.raises(BodyTooSlow):
        bodies.read(connection.stream, 2, connection.environ, Deadline.after(0.1))
    assert connection.ends
    assert connection.reads_no_more


def test_each_body_has_a_time_of_its_own(bodies: RequestBodies, connection: Connection) -> None:
    """One that is given up does not keep the watch from the next, nor end a connection that is in time."""
    for _ in range(2):
        ours, theirs = socket.socketpair()
        with ours, theirs, pytest.raises(BodyTooSlow):
            bodies.read(Arriving(ours), 2, {"gunicorn.socket": ours}, Deadline.after(0.05))
    connection.caller.send(b"{}")
    connection.caller.shutdown(socket.SHUT_WR)
    assert bodies.read(connection.stream, 2, connection.environ, AMPLE) == b"{}"
    assert not connection.ends


def test_a_body_that_comes_after_the_deadline_is_too_slow_though_it_is_whole(
    bodies: RequestBodies, connection: Connection
) -> None:
    with pytest.raises(BodyTooSlow):
        bodies.read(io.BytesIO(b"{}"), 2, connection.environ, Deadline.after(-1))
    assert connection.ends


def test_behind_another_server_than_gunicorn_a_body_is_read_too(bodies: RequestBodies) -> None:
    assert bodies.read(io.BytesIO(b"{}"), 2, {}, AMPLE) == b"{}"
    bodies.discard(io.BytesIO(b"{}"), {})


# --- to throw away


def test_what_has_arrived_is_thrown_away_and_the_connection_goes_on(
    bodies: RequestBodies, connection: Connection
) -> None:
    stream = io.BytesIO(b"not wanted")
    bodies.discard(stream, connection.environ)
    assert stream.read() == b""
    assert not connection.ends
    assert not connection.reads_no_more


def test_what_has_not_arrived_is_not_waited_for_and_the_connection_ends(
    bodies: RequestBodies, connection: Connection
) -> None:
    usual = connection.environ["gunicorn.socket"].gettimeout()
    connection.caller.send(b"the beginning")
    bodies.discard(connection.stream, connection.environ)
    assert connection.ends
    assert connection.environ["gunicorn.socket"].gettimeout() == usual
    assert connection.reads_no_more


def test_of_a_body_that_is_too_large_no_more_is_read_than_tells_it(
    bodies: RequestBodies, connection: Connection
) -> None:
    stream = io.BytesIO(LARGEST * 3)
    bodies.discard(stream, connection.environ)
    assert stream.tell() == LARGEST_BODY_BYTES + 1
    assert connection.ends


@pytest.mark.parametrize("last", [{"SERVER_PROTOCOL": "HTTP/1.0"}, {"HTTP_CONNECTION": "Close"}])
def test_of_the_last_request_on_a_connection_nothing_is_waited_for(
    bodies: RequestBodies, connection: Connection, last: dict[str, str]
) -> None:
    bodies.discard(io.BytesIO(), connection.environ | last)
    assert connection.ends
    assert connection.reads_no_more
