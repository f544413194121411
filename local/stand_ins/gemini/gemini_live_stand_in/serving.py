"""Serves any ASGI app on a local port for the length of a `with` block."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from gemini_live_stand_in.wire import WireProtocol

_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_PATIENCE_SECONDS = 0.3


class _SignallingServer(uvicorn.Server):
    """Sets an event when it is ready, so that no caller has to poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # A TLS client that never answers close_notify would delay the exit, and log an error.
        asyncio.get_running_loop().call_later(_PATIENCE_SECONDS, self._abort_connections)
        await super().shutdown(sockets=sockets)

    def _abort_connections(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


@contextmanager
def serve(app: ASGIApp, port: int = 0, tls: tuple[Path, Path] | None = None) -> Iterator[str]:
    """Serve `app` on 127.0.0.1 in a thread and yield its address, "127.0.0.1:PORT", once it answers.

    `tls` is (certificate, key) in PEM files. Open sockets do not delay the exit. WebSockets are closed with 1012.
    """
    config = uvicorn.Config(
        app,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
        ws=WireProtocol,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        lifespan="off",
        # uvicorn's own lines would show query strings, and live tokens travel in them.
        log_config=None,
        log_level="error",
        access_log=False,
        # Google keeps idle connections for minutes. uvicorn closes them after 5 s, which breaks calls of clients on a
        # slow machine, and not every client retries.
        timeout_keep_alive=300,
        timeout_graceful_shutdown=1,
    )
    config.load()  # not in the thread, so that a bad certificate raises an error here
    # The protocol must be named: asyncio switches Nagle's algorithm off only then, else every answer takes 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        host, bound_port = listener.getsockname()
        server = _SignallingServer(config)
        thread = threading.Thread(target=server.run, args=([listener],), name=f"serve:{bound_port}", daemon=True)
        thread.start()
        try:
            if not server.ready.wait(_START_SECONDS):
                raise RuntimeError(f"The server on port {bound_port} did not start.")
            yield f"{host}:{bound_port}"
        finally:
            server.should_exit = True
            thread.join(_STOP_SECONDS)
