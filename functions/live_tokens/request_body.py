"""Reads request bodies with a size limit and a time limit. Discards an unwanted body without waiting.

A thread that reads a body cannot be interrupted: the web server reads until it has all bytes, and a caller can send one
byte now and then. So a second thread watches the deadline, and shuts the connection down for reading.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

from live_tokens.deadline import Deadline
from live_tokens.errors import BodyTooSlow, MalformedRequest

LARGEST_BODY_BYTES = 16 * 1024


class RequestBodies:
    """Reads bodies from the connections that they come on. With another web server than gunicorn, time has no limit."""

    def __init__(self) -> None:
        self._watch = _Watch()

    def read(self, stream: IO[bytes], announced: int | None, environ: Mapping[str, Any], deadline: Deadline) -> bytes:
        """Return the whole body.

        Args:
            stream: the body.
            announced: its Content-Length, or None if it comes in chunks.
            environ: the WSGI environment of the request.
            deadline: when to stop waiting.

        Raises:
            MalformedRequest: it is too large, or is broken off.
            BodyTooSlow: it is not there in time.
        """
        body, broken = b"", None
        with self._watch.ending_at(deadline, environ.get("gunicorn.socket")):
            try:
                body = stream.read(LARGEST_BODY_BYTES + 1)
            except Exception as error:  # noqa: BLE001  # of gunicorn, Werkzeug or the socket: the caller's fault
                broken = error
        late, short = not deadline.left(), announced is not None and len(body) < min(announced, LARGEST_BODY_BYTES + 1)
        if late or broken or short or len(body) > LARGEST_BODY_BYTES:
            _let_the_connection_end(environ)
        if late:
            raise _too_slow() from broken
        if broken or short:
            raise MalformedRequest("The body ended early or is not valid HTTP.") from broken
        if len(body) > LARGEST_BODY_BYTES:
            raise too_large()
        return body

    def discard(self, stream: IO[bytes], environ: Mapping[str, Any]) -> None:
        """Throw away what has arrived of a body. If more is to come, the connection ends with the answer.

        Without this, gunicorn would wait for the rest in the thread that has just answered. Shutting down the read side
        also stops gunicorn's accept thread from waiting for the caller to close.
        """
        connection: socket.socket | None = environ.get("gunicorn.socket")
        if connection is None:
            return
        with suppress(OSError):
            if _ends(environ) or not _is_all_there(stream, connection):
                _let_the_connection_end(environ)
                connection.shutdown(socket.SHUT_RD)


def too_large() -> MalformedRequest:
    """Return the refusal of a body that is too large."""
    return MalformedRequest(f"The body must not be larger than {LARGEST_BODY_BYTES} bytes.")


def _let_the_connection_end(environ: Mapping[str, Any]) -> None:
    """Tell gunicorn that where the next request begins is unknown: the rest of this body might be served as one."""
    body: Any = environ.get("wsgi.input")
    if hasattr(body, "failed"):
        body.failed = True


def _ends(environ: Mapping[str, Any]) -> bool:
    """Whether no other request can come on this connection."""
    return (
        getattr(environ.get("wsgi.input"), "failed", False)
        or environ.get("SERVER_PROTOCOL") == "HTTP/1.0"
        or "close" in environ.get("HTTP_CONNECTION", "").lower()
    )


def _too_slow() -> BodyTooSlow:
    return BodyTooSlow("The body did not arrive in time. Send the whole body without a pause.")


def _is_all_there(stream: IO[bytes], connection: socket.socket) -> bool:
    """Read what there is to read without waiting, and return whether that was the end."""
    usual = connection.gettimeout()
    connection.settimeout(0)
    try:
        return len(stream.read(LARGEST_BODY_BYTES + 1)) <= LARGEST_BODY_BYTES
    except Exception:  # noqa: BLE001  # there is nothing yet, or nothing that can be read
        return False
    finally:
        connection.settimeout(usual)


class _Watch:
    """Ends reads that last too long. One thread watches all, from the first read on; not before the fork."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[socket.socket, Deadline] = {}
        self._thread: threading.Thread | None = None
        self._idle = False

    @contextmanager
    def ending_at(self, deadline: Deadline, connection: socket.socket | None) -> Iterator[None]:
        """Let nothing be read from a connection any more if what is inside lasts longer than the deadline."""
        if connection is None:
            yield
            return
        try:
            self._begin(connection, deadline)
            yield
        finally:
            with self._changed:
                self._watched.pop(connection, None)

    def _begin(self, connection: socket.socket, deadline: Deadline) -> None:
        with self._changed:
            self._watched[connection] = deadline
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="body-watch", daemon=True)
                thread.start()
                self._thread = thread
            elif self._idle:
                self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while True:
                for connection in [late for late, deadline in self._watched.items() if not deadline.left()]:
                    del self._watched[connection]
                    with suppress(OSError):
                        connection.shutdown(socket.SHUT_RD)
                # Deadlines come in the order of the reads, so that a new read never has an earlier one than these.
                self._idle = not self._watched
                self._changed.wait(None if self._idle else min(self._watched.values()).left())
