"""Asks a service of Google's over HTTP: in time, behind a circuit breaker, and with one kind of error for no answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2

from live_tokens.bounded_transport import UnacceptableAnswerError
from live_tokens.circuit_breaker import CircuitBreaker
from live_tokens.deadline import Deadline
from live_tokens.upstream_errors import UpstreamError, UpstreamFailedError

# After these the same request may succeed. Source: https://www.rfc-editor.org/rfc/rfc9110#section-15
_FAILURES = {408, 500, 502, 503, 504}
# Between a try that failed at once and the next one.
_PAUSE_SECONDS = 0.2


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
            UpstreamError: the body is not JSON, or is nested too deep to read.
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
        authorize: gives the headers that authorise a question, by its deadline; None for a service that needs none.
    """

    def __init__(
        self,
        transport: httpx2.BaseTransport,
        seconds: float,
        authorize: Callable[[Deadline], Mapping[str, str]] | None = None,
    ) -> None:
        self._transport = transport
        self._seconds = seconds
        self._authorize = authorize
        self._breaker = CircuitBreaker(httpx2.TimeoutException)

    def ask(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        tries: int = 1,
    ) -> Answer:
        """Return the response with any status except a redirect, which raises UpstreamError.

        Args:
            deadline: of the step that needs the answer.
            body: what to send: bytes as they are, anything else as JSON, None for nothing.
            tries: how often to ask while the upstream fails at once; never again after a time-out.

        Raises:
            UpstreamError: there is no response, or there are no credentials for the request.
        """
        raw: Mapping[str, Any] = (
            {"content": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        )
        authorization = self._authorize(deadline) if self._authorize else {}
        try:
            request = httpx2.Request(method, url, headers={**(headers or {}), **authorization}, **raw)
        except httpx2.InvalidURL as error:
            raise UpstreamError(type(error).__name__) from error
        response = self.send(request, deadline, tries)
        return Answer(response.status_code, response.headers, response.content)

    def send(self, request: httpx2.Request, deadline: Deadline, tries: int = 1) -> httpx2.Response:
        """Return the response to a request as it is; a library that makes its own requests sends them with this.

        Raises:
            UpstreamError: there is none.
        """
        for _ in range(tries - 1):
            with suppress(UpstreamFailedError):
                response = self._send_once(request, deadline)
                if response.status_code not in _FAILURES:
                    return response
            time.sleep(min(_PAUSE_SECONDS, deadline.left()))
        return self._send_once(request, deadline)

    def _send_once(self, request: httpx2.Request, deadline: Deadline) -> httpx2.Response:
        request.extensions["timeout"] = {"read": deadline.within(self._seconds).left()}
        try:
            with self._breaker.asking(deadline):
                return self._transport.handle_request(request)
        except UnacceptableAnswerError as error:
            raise UpstreamError(type(error).__name__) from error
        except httpx2.HTTPError as error:
            raise UpstreamFailedError(type(error).__name__) from error
