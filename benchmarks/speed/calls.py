"""Calls a function, as one caller or as many at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from speed.running import BenchmarkError, Running

_ANSWER_SECONDS = 60.0
_BODY = b'{"data": null}'


@dataclass(frozen=True, slots=True)
class Answers:
    """How long many calls took.

    Attributes:
        seconds: of each call, sorted.
        wall_seconds: from the first question to the last answer.
        unavailable: how many were answered with 503, as an overrun function may.
    """

    seconds: Sequence[float]
    wall_seconds: float
    unavailable: int = 0

    def percentile(self, percent: int) -> float:
        """Return the time within which so many percent of the calls were answered."""
        return self.seconds[min(len(self.seconds) - 1, len(self.seconds) * percent // 100)]


def refused(function: Running) -> None:
    """Make a call without an ID token, and wait for its refusal."""
    _expect(function, asyncio.run(_one_call(function.port, None)), 401)


def answered(function: Running, id_token: str) -> None:
    """Make a good call, and wait for its token."""
    _expect(function, asyncio.run(_one_call(function.port, id_token)), 200)


def many_calls(function: Running, id_tokens: Sequence[str], callers: int, calls: int) -> Answers:
    """Let so many callers call at once, one call after the other on a connection of their own, each as its own user."""
    return asyncio.run(_calls(function, [[id_token] * (calls // callers) for id_token in id_tokens[:callers]]))


def a_call_each(function: Running, id_tokens: Sequence[str], at_once: int) -> Answers:
    """Let each user call once, so many at once, on as many connections."""
    return asyncio.run(_calls(function, [id_tokens[number::at_once] for number in range(at_once)]))


async def _calls(function: Running, by_connection: Iterable[Sequence[str]]) -> Answers:
    """Make a call with each ID token of a connection, one after the other."""
    started = time.monotonic()
    of_connections = await asyncio.gather(*(_connection(function, id_tokens) for id_tokens in by_connection))
    ended = time.monotonic()
    all_of_them = [answer for of_connection in of_connections for answer in of_connection]
    unavailable = sum(status == HTTPStatus.SERVICE_UNAVAILABLE for status, _ in all_of_them)
    if unavailable == len(all_of_them):
        raise BenchmarkError(f"{function.name} answers nobody.\n{function.last_words()}")
    return Answers(sorted(seconds for _, seconds in all_of_them), ended - started, unavailable)


async def _connection(function: Running, id_tokens: Sequence[str]) -> list[tuple[int, float]]:
    answers = []
    reader, writer = await asyncio.open_connection("127.0.0.1", function.port)
    try:
        for id_token in id_tokens:
            asked = time.monotonic()
            async with asyncio.timeout(_ANSWER_SECONDS):
                writer.write(_question(id_token))
                answer = await _answer(reader)
            if answer[0] != HTTPStatus.SERVICE_UNAVAILABLE:
                _expect(function, answer, HTTPStatus.OK)
            answers.append((answer[0], time.monotonic() - asked))
    finally:
        writer.close()
    return answers


async def _one_call(port: int, id_token: str | None) -> tuple[int, bytes]:
    async with asyncio.timeout(_ANSWER_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_question(id_token))
        answer = await _answer(reader)
        writer.close()
        return answer


def _question(id_token: str | None) -> bytes:
    authorization = f"Authorization: Bearer {id_token}\r\n" if id_token else ""
    head = f"POST / HTTP/1.1\r\nHost: function\r\n{authorization}Content-Type: application/json\r\n"
    return f"{head}Content-Length: {len(_BODY)}\r\n\r\n".encode() + _BODY


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status, _, headers = head.decode("latin-1").lower().partition("\r\n")
    length = int(headers.partition("content-length:")[2].split()[0])
    return int(status.split()[1]), await reader.readexactly(length)


def _expect(function: Running, answer: tuple[int, bytes], status: int) -> None:
    """Raise unless this is the answer, with a token in it if it is a good one."""
    if answer[0] != status or (status == 200 and b'"auth_tokens/' not in answer[1]):
        raise BenchmarkError(f"{function.name} answered {answer[0]}: {answer[1][:500]!r}\n{function.last_words()}")
