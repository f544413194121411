"""A TCP server on the loopback interface whose every byte is a test's: for answers that no HTTP server would give."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

PATIENCE_SECONDS = 10.0
"""How long a server goes on being slow. Whoever has not given up by then is not bound by its own deadline."""

_BETWEEN_DRIPS_SECONDS = 0.01
_BUFFER_BYTES = 64 * 1024


class Peer:
    """One connection, seen from the server."""

    def __init__(self, connection: socket.socket, server: RawServer) -> None:
        self._connection = connection
        self._server = server

    def read_request(self) -> bytes:
        """Return the head of the next request, or what came of it before the other side left."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self._connection.recv(1)
            if not byte:
                break
            head += byte
        if head:
            self._server.requests.append(head)
        return head

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)
        self._server.count_sent(len(data))

    def drip(self, data: bytes) -> None:
        """Send these again and again, one byte at a time, until the other side leaves or patience ends."""
        end = time.monotonic() + PATIENCE_SECONDS
        for byte in itertools.cycle(data):
            if self._server.stopped.wait(_BETWEEN_DRIPS_SECONDS) or time.monotonic() > end:
                return
            self.send(bytes([byte]))

    def pour(self, block: bytes, times: int) -> None:
        """Send these as often, as fast as they are taken."""
        for _ in range(times):
            self.send(block)

    def say_nothing(self) -> None:
        """Wait until the other side leaves or patience ends, and take whatever comes."""
        self._connection.settimeout(PATIENCE_SECONDS)
        while self._connection.recv(_BUFFER_BYTES):
            pass


Script = Callable[[Peer], None]


class RawServer:
    """Gives each connection the next script, and the last one again and again. A connection ends with its script.

    Attributes:
        connections: how many were made.
        requests: the heads that scripts have read.
        sent: how many bytes scripts could send.
        ended: is released for each connection that has ended.
        stopped: set when the test is over.
    """

    def __init__(self, *scripts: Script) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.sent = 0
        self.ended = threading.Semaphore(0)
        self.stopped = threading.Event()
        self._scripts = list(scripts)
        self._changing = threading.Lock()
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.host_and_port = f"127.0.0.1:{self._listening.getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host_and_port}/"

    def count_sent(self, count: int) -> None:
        with self._changing:
            self.sent += count

    @contextmanager
    def running(self) -> Iterator[RawServer]:
        accepting = threading.Thread(target=self._accept)
        accepting.start()
        try:
            yield self
        finally:
            self.stopped.set()
            self._hang_up(self._listening)
            accepting.join()
            self._listening.close()

    def _accept(self) -> None:
        serving: list[threading.Thread] = []
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:  # the test is over
                break
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
            self.connections += 1
            self._open.append(connection)
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            serving.append(threading.Thread(target=self._serve, args=(connection, script)))
            serving[-1].start()
        for connection in self._open:
            self._hang_up(connection)
        for thread in serving:
            thread.join()

    def _serve(self, connection: socket.socket, script: Script) -> None:
        with connection, suppress(OSError, threading.BrokenBarrierError):  # the other side has left, or never came
            script(Peer(connection, self))
        self.ended.release()

    @staticmethod
    def _hang_up(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
