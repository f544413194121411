"""HTTP with limits: one deadline per exchange, a maximum answer size, no redirects.

The time-outs of HTTP libraries apply to single reads, so an answer that drips never times out. Here the time-out of a
request covers the whole exchange: name, connection, TLS, headers and body together. A network backend enforces it
(https://www.encode.io/httpcore/network-backends/).
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus

import h11
import httpcore2
import httpx2

from live_tokens.deadline import Deadline

LARGEST_ANSWER_BYTES = 64 * 1024

# Idle connections are kept far longer than a client's usual 5 s: a quiet function would pay a handshake for every call.
_KEEP_ALIVE_SECONDS = 600
# A connection that cannot be made is tried once more; what was sent is never sent again.
_CONNECT_RETRIES = 1
_SLICE_BYTES = 16 * 1024
# Of one exchange: an answer of many small chunks is several times as large on the wire.
_MOST_BYTES_READ = 8 * LARGEST_ANSWER_BYTES


class UnacceptableAnswerError(httpx2.TransportError):
    """The answer is not acceptable. Asking again would give the same one."""


class AnswerTooLargeError(UnacceptableAnswerError):
    """The answer is larger than `LARGEST_ANSWER_BYTES`."""


class AnswerEncodedError(UnacceptableAnswerError):
    """The answer is compressed, although the request did not allow it. A small one can expand beyond memory."""


class RedirectError(UnacceptableAnswerError):
    """The answer is a redirect. Following it could send a credential elsewhere, or trust a wrong host."""


class BoundedTransport(httpx2.BaseTransport):
    """Carries the requests to one upstream.

    The smallest time-out of a request is the deadline of its whole exchange; a request has to have one.

    Args:
        connections: how many threads may ask at once. The pool has one connection per thread, so it never closes one
            to make room.
        tls: the trusted authorities. One context serves all upstreams, because each context loads all certificates.
        https_proxy: URL of the proxy for https, or None.
        needs_no_proxy: whether a host is connected to directly.
    """

    def __init__(
        self,
        connections: int,
        tls: ssl.SSLContext,
        https_proxy: str | None = None,
        needs_no_proxy: Callable[[str], bool] = lambda _host: False,
    ) -> None:
        self._backend = _Backend(connections)
        self._needs_no_proxy = needs_no_proxy
        proxy = _proxy(https_proxy) if https_proxy else None
        self._direct, self._proxied = (
            httpcore2.ConnectionPool(
                ssl_context=tls,
                proxy=through,
                max_connections=connections,
                max_keepalive_connections=connections,
                keepalive_expiry=_KEEP_ALIVE_SECONDS,
                retries=_CONNECT_RETRIES,
                network_backend=self._backend,
            )
            for through in (None, proxy)
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the whole answer, read.

        Raises:
            httpx2.TimeoutException: there was none in time.
            httpx2.TransportError: there was none, or none that is acceptable.
        """
        deadline = _deadline_of(request)
        request.headers["Accept-Encoding"] = "identity"
        url = request.url
        asked = httpcore2.Request(
            request.method,
            httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.read(),
            extensions={"timeout": {"pool": deadline.left()}},
        )
        direct = url.scheme != "https" or self._needs_no_proxy(url.host)
        with self._backend.until(deadline), _named_as_in_httpx():
            answer = (self._direct if direct else self._proxied).handle_request(asked)
            try:
                response = _read(answer)
                answer.extensions["network_stream"].end_exchange(_length_of(answer))
            finally:
                answer.close()
        return response

    def close(self) -> None:
        """Close the connections, and end the threads. Later requests open new ones."""
        self._direct.close()
        self._proxied.close()
        self._backend.end_threads()


def _proxy(url: str) -> httpcore2.Proxy:
    parsed = httpx2.Proxy(url)  # takes name and password out of it
    return httpcore2.Proxy(str(parsed.url), parsed.raw_auth)


def _deadline_of(request: httpx2.Request) -> Deadline:
    timeouts: Mapping[str, float | None] = request.extensions["timeout"]
    return Deadline.after(min(seconds for seconds in timeouts.values() if seconds is not None))


def _read(answer: httpcore2.Response) -> httpx2.Response:
    headers = httpx2.Headers(answer.headers)
    if 300 <= answer.status < 400:
        raise RedirectError(f"HTTP {answer.status}")
    if headers.get("Content-Encoding", "identity") != "identity":
        raise AnswerEncodedError("compressed")
    body = bytearray()
    for part in answer.iter_stream():
        body += part
        if len(body) > LARGEST_ANSWER_BYTES:
            raise AnswerTooLargeError(f"more than {LARGEST_ANSWER_BYTES} bytes")
    headers.pop("Transfer-Encoding", None)
    return httpx2.Response(answer.status, headers=headers, content=bytes(body))


@contextmanager
def _named_as_in_httpx() -> Iterator[None]:
    """Raise httpcore's errors as httpx's of the same name, which is what callers of httpx know."""
    try:
        yield
    except (
        httpcore2.TimeoutException,
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.ProxyError,
        httpcore2.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx2, type(error).__name__)("") from error


def _length_of(answer: httpcore2.Response) -> int | None:
    """Return the announced length of an ordinary body, or None for one that ends in another way."""
    headers = httpx2.Headers(answer.headers)
    if answer.status != HTTPStatus.OK or "Transfer-Encoding" in headers:
        return None
    length = headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _has_surplus(heard: bytes, length: int | None) -> bool:
    """Whether there is anything after the first answer. httpcore keeps that to itself, so h11 reads it again.

    Source: https://h11.readthedocs.io/en/latest/api.html#h11.Connection.trailing_data

    Args:
        length: of the body. If exactly that comes after the first empty line, nothing has to be read again.
    """
    head, _, body = heard.partition(b"\r\n\r\n")
    if head and len(body) == length:
        return False
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="GET", target="/", headers=[("Host", "")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(heard)
    while not isinstance(event := parser.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:  # it ends with its connection
            return False
    return parser.trailing_data[0] != b""


class _Backend(httpcore2.NetworkBackend):
    """Makes connections that obey the deadline of the exchange that is under way in a thread."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._exchange = threading.local()
        self._starting = threading.Lock()
        self._resolving: ThreadPoolExecutor | None = None
        self._abandoned = False

    @contextmanager
    def until(self, deadline: Deadline) -> Iterator[None]:
        """Let the exchange that this thread carries out inside end by then."""
        self._exchange.deadline = deadline
        yield

    def left(self) -> float:
        """Return how long the next operation may take.

        Raises:
            httpcore2.ReadTimeout: no time is left.
        """
        deadline: Deadline = self._exchange.deadline
        left = deadline.left()
        if not left:
            raise httpcore2.ReadTimeout
        return left

    def sleep(self, seconds: float) -> None:
        """Wait between attempts to connect."""
        time.sleep(min(seconds, self.left()))

    def end_threads(self) -> None:
        """End the threads that resolve names. An abandoned one ends with the resolver's own limit."""
        with self._starting:
            if self._resolving is not None:
                self._resolving.shutdown(wait=not self._abandoned, cancel_futures=True)
                self._resolving = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002  # as the base class has it; the exchange has a deadline
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers."""
        failure: Exception = httpcore2.ConnectError("no address")
        addresses = self._addresses(host, port)
        for number, address in enumerate(addresses):
            its_share = self.left() / (len(addresses) - number)
            try:
                stream = httpcore2.SyncBackend().connect_tcp(address, port, its_share, local_address, socket_options)
                return _Stream(stream, self)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        """Resolve a name in a separate thread, because the system's resolver takes no time-out."""
        with self._starting:
            if self._resolving is None:
                self._resolving = ThreadPoolExecutor(self._threads, thread_name_prefix="resolver")
            looked_up = self._resolving.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            return list(dict.fromkeys(str(address[4][0]) for address in looked_up.result(self.left())))
        except TimeoutError as error:
            looked_up.cancel()
            self._abandoned = True
            raise httpcore2.ConnectTimeout from error
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError from error


class _Stream(httpcore2.NetworkStream):
    """Each operation uses the deadline of the current exchange, whichever thread made the connection."""

    def __init__(self, stream: httpcore2.NetworkStream, backend: _Backend) -> None:
        self._stream = stream
        self._backend = backend
        self._heard = bytearray()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002  # see connect_tcp
        part = self._stream.read(max_bytes, self._backend.left())
        self._heard += part
        if len(self._heard) > _MOST_BYTES_READ:
            raise AnswerTooLargeError(f"more than {_MOST_BYTES_READ} bytes on the wire")
        return part

    def end_exchange(self, length: int | None) -> None:
        """Close the connection if more than one answer has come: the rest would be read as the next answer.

        Args:
            length: of the answer's body, if its head tells it.
        """
        if _has_surplus(bytes(self._heard), length):
            self.close()
        self._heard.clear()

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        # In slices: the time-out is of each send, and a peer may take a few bytes of it at a time.
        for start in range(0, len(buffer), _SLICE_BYTES):
            self._stream.write(buffer[start : start + _SLICE_BYTES], self._backend.left())

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, self._backend.left()), self._backend)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
