"""An HTTP server on the loopback interface that answers as a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

import trustme


@dataclass(frozen=True, slots=True)
class Received:
    """One request, as it arrived. Names of headers are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """One response. With `cut_short` the connection ends before the promised end of the body."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_short: bool = False


Script = Answer | Callable[[Received], Answer]


def answer_json(value: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


class _LoopbackServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def server_bind(self) -> None:
        """Bind, without the look-up of our own name that HTTPServer adds."""
        TCPServer.server_bind(self)


class FakeHttpServer:
    """A scripted server.

    As an HTTP proxy it grants every CONNECT and plays the host asked for, if it is given a TLS certificate for it.

    Attributes:
        received: every request, in order; CONNECT among them.
        connections: how many TCP connections were made.
        certificate: what it shows to those who speak TLS through it.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.certificate: trustme.LeafCert | None = None
        self._script: list[Script] = []
        self._changing = threading.Lock()
        self._server = _LoopbackServer(("127.0.0.1", 0), _handler_for(self))

    @property
    def host_and_port(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def answer_with(self, *script: Script) -> None:
        """From now on give these answers in turn, and the last one again and again. Forget what was."""
        with self._changing:
            self._script = list(script)
            self.received = []
            self.connections = 0

    @contextmanager
    def running(self) -> Iterator[FakeHttpServer]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.005})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def count_connection(self) -> None:
        with self._changing:
            self.connections += 1

    def reply_to(self, request: Received) -> Answer:
        with self._changing:
            self.received.append(request)
            if request.method == "CONNECT":
                return Answer(200 if self.certificate else 403)
            script = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        return script if isinstance(script, Answer) else script(request)


def _handler_for(server: FakeHttpServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet

        def setup(self) -> None:
            server.count_connection()
            super().setup()

        def finish(self) -> None:
            super().finish()
            self.connection.close()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
            pass

        def do_POST(self) -> None:
            self._reply()

        def do_GET(self) -> None:
            self._reply()

        def do_CONNECT(self) -> None:
            self._reply()
            if server.certificate:
                self.wfile.flush()
                tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                server.certificate.configure_cert(tls)
                self.connection = tls.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb")
                self.close_connection = False

        def _reply(self) -> None:
            request = Received(
                self.command,
                self.path,
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(int(self.headers.get("Content-Length", 0))),
            )
            answer = server.reply_to(request)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if self.command != "CONNECT":
                self.send_header("Content-Length", str(len(answer.body) + answer.cut_short))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = self.close_connection or answer.cut_short

    return Handler
