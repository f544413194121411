"""Asks a service of Google's over HTTP: in time, behind a circuit breaker, and with one kind of error for no answer."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2

from live_tokens.bounded_transport import UnacceptableAnswerError
from live_tokens.circuit_breaker import CircuitBreaker, CircuitOpenError, CutShortError
from live_tokens.deadline import Deadline

_PAUSE_SECONDS = 0.2


class UpstreamError(Exception):
    """An upstream gave no answer, or none of the documented form. The text says why, without a word of the answer.

    Attributes:
        retry_after: when it is worth another call, if that is known.
    """

    def __init__(self, diagnosis: str, retry_after: timedelta | None = None) -> None:
        super().__init__(diagnosis)
        self.retry_after = retry_after


class UpstreamFailedError(UpstreamError):
    """It failed at once: it may be asked again."""


class UpstreamTimeoutError(UpstreamError, TimeoutError):
    """It did not answer in the time that it is given."""


class UpstreamCutShortError(UpstreamError, CutShortError):
    """It did not answer in what the call had left, which was less."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response, whole.

    Attributes:
        headers: its headers, names in any case.
        body: its body, decoded and not too large.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> object:
        """Return the body read as JSON.

        Raises:
            UpstreamError: it is none, or nested too deep to read.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise UpstreamError(type(error).__name__) from error

    def json_object(self) -> Mapping[str, object]:
        """Return the JSON object in an answer of status 200.

        Raises:
            UpstreamError: it is of another status, or holds something else.
        """
        body = self.json() if self.status == httpx2.codes.OK else None
        if not isinstance(body, dict):
            raise UpstreamError(f"HTTP {self.status}")
        return body


class Upstream:
    """One service, as an adapter asks it.

    Args:
        seconds: how long one answer may take, all of it.
    """

    def __init__(self, transport: httpx2.BaseTransport, seconds: float) -> None:
        self._transport = transport
        self._seconds = seconds
        self._breaker = CircuitBreaker()

    def ask(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        tries: int = 1,
    ) -> Answer:
        """Return the answer, whatever its status; a redirect is none.

        Args:
            deadline: of the step that needs the answer.
            body: what to send: bytes as they are, anything else as JSON, None for nothing.
            tries: how often to ask while the upstream fails at once; never again after a time-out.

        Raises:
            UpstreamError: there is none.
        """
        raw = {"content": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        for _ in range(tries - 1):
            with suppress(UpstreamFailedError):
                answer = self._guarded(method, url, deadline, headers, raw)
                if answer.status < httpx2.codes.INTERNAL_SERVER_ERROR:
                    return answer
            time.sleep(min(_PAUSE_SECONDS, deadline.left()))
        return self._guarded(method, url, deadline, headers, raw)

    def _guarded(
        self, method: str, url: str, deadline: Deadline, headers: Mapping[str, str] | None, raw: Mapping[str, Any]
    ) -> Answer:
        try:
            with self._breaker.asking():
                return self._exchange(method, url, deadline, headers, raw)
        except CircuitOpenError as error:
            raise UpstreamError(str(error), error.retry_after) from error

    def _exchange(
        self, method: str, url: str, deadline: Deadline, headers: Mapping[str, str] | None, raw: Mapping[str, Any]
    ) -> Answer:
        share = deadline.within(self._seconds)
        try:
            request = httpx2.Request(
                method, url, headers=headers, extensions={"timeout": {"read": share.left()}}, **raw
            )
            response = self._transport.handle_request(request)
        except httpx2.TimeoutException as error:
            timed_out = UpstreamCutShortError if share == deadline else UpstreamTimeoutError
            raise timed_out(type(error).__name__) from error
        except UnacceptableAnswerError as error:
            raise UpstreamError(type(error).__name__) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise UpstreamFailedError(type(error).__name__) from error
        return Answer(response.status_code, response.headers, response.content)
