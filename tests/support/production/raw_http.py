"""HTTP written by hand: what no client library would send, and answers as they come."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

ANSWER_SECONDS = 30.0
"""Far more than anything here takes: only what never ends fails by it."""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One response. Names of headers are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def reason(self) -> str:
        """The reason in a callable error, which any answer but a preflight's has to be."""
        assert self.headers["content-type"] == "application/json; charset=utf-8"
        return _reason_in(self, self.body)

    @property
    def streamed_reason(self) -> str:
        """The reason in a callable error that is the one event of a stream."""
        assert self.headers["content-type"] == "text/event-stream; charset=utf-8"
        name, _, event = self.body.partition(b": ")
        assert (name, event[-2:], event.count(b"\n")) == (b"data", b"\n\n", 2)
        return _reason_in(self, event)


def _reason_in(answer: RawAnswer, body: bytes) -> str:
    assert answer.headers["cache-control"] == "no-store"
    error: dict[str, Any] = json.loads(body)["error"]
    reason: str = error["details"]["reason"]
    return reason


class RawConnection:
    """A connection that says what it is told to.

    Args:
        address: host and port of a server.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, timeout=ANSWER_SECONDS)
        self._heard = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def send(self, *parts: bytes) -> Self:
        """Send some bytes."""
        self._socket.sendall(b"".join(parts))
        return self

    def drip(self, parts: Iterable[bytes], pause: float = 0.2) -> Self:
        """Send bytes one after the other, as long as the server reads and has not answered."""
        end = time.monotonic() + ANSWER_SECONDS
        self._socket.settimeout(pause)
        try:
            for part in parts:
                assert time.monotonic() < end, "it reads for as long as something comes"
                self._socket.sendall(part)
                try:
                    self._heard += self._socket.recv(65_536)
                    break
                except TimeoutError:
                    continue
        finally:
            self._socket.settimeout(ANSWER_SECONDS)
        return self

    def end_of_sending(self) -> Self:
        """Say that no more will come."""
        self._socket.shutdown(socket.SHUT_WR)
        return self

    def answer(self) -> RawAnswer:
        """Read one whole answer."""
        while b"\r\n\r\n" not in self._heard:
            self._hear()
        head, _, rest = self._heard.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(rest) < length:
            self._hear()
            rest = self._heard.partition(b"\r\n\r\n")[2]
        self._heard = rest[length:]
        return RawAnswer(int(line.split(" ")[1]), headers, rest[:length])

    def is_closed_by_server(self) -> bool:
        """Wait for the server to end the connection, and say whether it did."""
        end = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < end:
            try:
                more = self._socket.recv(65_536)
                self._heard += more
                if not more:
                    return True
            except ConnectionError:
                return True
            except TimeoutError:
                return False
        return False

    @property
    def heard(self) -> bytes:
        """What came after the last answer."""
        return self._heard

    def _hear(self) -> None:
        more = self._socket.recv(65_536)
        if not more:
            raise AssertionError(f"no whole answer: {self._heard!r}")
        self._heard += more


def head(method: str = "POST", path: str = "/", **headers: object) -> bytes:
    """Return the head of a request; in the names of headers, `_` stands for `-`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: function.example"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def peak_memory(pid: int) -> int:
    """Return the most memory, in bytes, that a process and its children have ever held each, added up."""
    total = 0
    for number in (pid, *_children(pid)):
        with open(f"/proc/{number}/status", encoding="ascii") as status:  # noqa: PTH123  # a file of the kernel's
            peak = next(line for line in status if line.startswith("VmHWM:"))
        total += int(peak.split()[1]) * 1024
    return total


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:  # noqa: PTH123  # see above
        return [int(number) for number in children.read().split()]
