"""An HTTPS proxy that answers for Google: it ends the TLS of a host name and pumps the bytes to a local server."""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import trustme

_DEADLINE_SECONDS = 20.0
_FAREWELL_SECONDS = 0.5
_CHUNK_BYTES = 65_536
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

_T = TypeVar("_T")


class TlsProxy:
    """What HTTPS_PROXY names: it takes `CONNECT host:443`, and leads nowhere but to the routes it was given.

    Args:
        authority: certifies the host names; the client must trust it.
    """

    def __init__(self, authority: trustme.CA) -> None:
        self._authority = authority
        self._addresses: dict[str, str] = {}
        self._ends: dict[str, Callable[[asyncio.StreamWriter], None]] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._tunnels: dict[asyncio.StreamWriter, str] = {}
        self._connections: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self.hosts_asked: set[str] = set()

    def route(self, host: str, address: str) -> None:
        """Lead `host` to the plain HTTP server at `address`, which is `127.0.0.1:PORT`."""
        self._contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(host).configure_cert(self._contexts[host])
        self._addresses[host] = address

    @contextmanager
    def refusing(self, host: str) -> Iterator[None]:
        """Reset connections to `host`, those that are open, too. Nothing a proxy can do is closer to a closed port."""
        with self._ending(host, _reset):
            yield

    @contextmanager
    def hanging_up(self, host: str) -> Iterator[None]:
        """End connections to `host` in the middle of the TLS handshake, as something broken on the way does."""
        with self._ending(host, _hang_up):
            yield

    @contextmanager
    def _ending(self, host: str, end: Callable[[asyncio.StreamWriter], None]) -> Iterator[None]:
        self._ends[host] = end
        self.drop(host)
        try:
            yield
        finally:
            del self._ends[host]

    def drop(self, host: str) -> None:
        """Close the open connections to `host`, as a server does with idle ones."""
        self._run(self._drop(host, _hang_up))

    def reset(self, host: str) -> None:
        """Reset the open connections to `host`, as a server does that goes down."""
        self._run(self._drop(host, _reset))

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve in a thread, and yield the proxy's address."""
        thread = threading.Thread(target=self._loop.run_forever, name="tls-proxy", daemon=True)
        thread.start()
        server = self._run(asyncio.start_server(self._accept, "127.0.0.1", 0))
        host, port = server.sockets[0].getsockname()
        try:
            yield f"{host}:{port}"
        finally:
            self._run(self._stop(server))
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def _run(self, task: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(task, self._loop).result(_DEADLINE_SECONDS)

    async def _stop(self, server: asyncio.Server) -> None:
        server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _drop(self, host: str, end: Callable[[asyncio.StreamWriter], None]) -> None:
        for writer, its_host in self._tunnels.items():
            if its_host == host:
                end(writer)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        if connection is None:
            raise RuntimeError("a connection without a task")
        self._connections.add(connection)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._tunnel(reader, writer)
        finally:
            self._connections.discard(connection)
            await _close(writer)

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, *_ = head.decode("latin-1").split(" ")
        host = target.partition(":")[0]
        self.hosts_asked.add(host)
        if method != "CONNECT" or host not in self._addresses:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        end = self._ends.get(host)
        if end:
            writer.write(_ESTABLISHED)
            await reader.read(_CHUNK_BYTES)
            end(writer)
            return
        local_host, _, port = self._addresses[host].partition(":")
        server_reader, server_writer = await asyncio.open_connection(local_host, int(port))
        try:
            # Between these two nothing may be awaited, or the client's first bytes of TLS would be read as plain ones.
            writer.write(_ESTABLISHED)
            await writer.start_tls(self._contexts[host])
            self._tunnels[writer] = host
            await _pump_both_ways((reader, writer), (server_reader, server_writer))
        finally:
            self._tunnels.pop(writer, None)
            await _close(server_writer)


_End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _pump_both_ways(client: _End, server: _End) -> None:
    """Return as soon as one side is done: neither HTTP client nor server here keeps a half-open connection."""
    pumps = [asyncio.ensure_future(_pump(client[0], server[1])), asyncio.ensure_future(_pump(server[0], client[1]))]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST in place of FIN."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _close(writer: asyncio.StreamWriter) -> None:
    """Flush and close, without waiting long for the other side to say goodbye: a client's idle pool never does."""
    writer.close()
    with suppress(OSError):
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await writer.wait_closed()
        except TimeoutError:
            writer.transport.abort()
