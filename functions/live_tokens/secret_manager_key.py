"""Reads the Gemini API key from Secret Manager and keeps it for a few minutes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from http import HTTPStatus

import google_crc32c
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager import (
    AccessSecretVersionRequest,
    AccessSecretVersionResponse,
    SecretManagerServiceClient,
)
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceRestTransport
from google.protobuf.json_format import ParseError

from live_tokens.deadline import Deadline
from live_tokens.errors import ApiKeyUnavailable
from live_tokens.issuing import ApiKey
from live_tokens.single_flight import Outcome, SingleFlight
from live_tokens.upstream import Upstream
from live_tokens.upstream_errors import UpstreamError

READ_SECONDS = 2.5
_VERSION = re.compile(r"projects/[\w-]{1,63}/secrets/[\w-]{1,255}/versions/[0-9]{1,18}", re.ASCII)


class SecretManagerKey:
    """`ApiKeys` that reads one secret version.

    Args:
        secret_version: `projects/P/secrets/S/versions/V`; with `latest`, a rotation is noticed by itself.
        cache: how long a read key is used.
        emulator_host: `host:port` of a stand-in spoken to over plain HTTP, or None for Google.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        secret_version: str,
        cache: timedelta,
        upstream: Upstream,
        emulator_host: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secret_version = secret_version
        self._cache_seconds = cache.total_seconds()
        self._transport = _UpstreamTransport(upstream, emulator_host)
        self._monotonic = monotonic
        self._reading = SingleFlight(self._read, monotonic)

    def current(self, deadline: Deadline) -> ApiKey:
        last = self._reading.last
        if last and last.value and self._monotonic() - last.ended < self._cache_seconds:
            return last.value
        return self._read_or_share(deadline)

    def replacement_for(self, refused: ApiKey, deadline: Deadline) -> ApiKey:
        asked = self._monotonic()

        def is_reusable(outcome: Outcome[ApiKey]) -> bool:
            """A read that began before Gemini rejected the key may have missed the rotation."""
            if outcome.value is None:
                return outcome.ended >= asked
            return outcome.value.value != refused.value or outcome.started >= asked

        return self._read_or_share(deadline, is_reusable)

    def _read_or_share(
        self, deadline: Deadline, is_reusable: Callable[[Outcome[ApiKey]], bool] | None = None
    ) -> ApiKey:
        try:
            return self._reading.run(deadline, is_reusable)
        except UpstreamError as error:
            raise ApiKeyUnavailable(str(error), error.retry_after) from error

    def _read(self, deadline: Deadline) -> ApiKey:
        client = SecretManagerServiceClient(transport=self._transport)
        try:
            response = client.access_secret_version(name=self._secret_version, retry=None, timeout=deadline.left())
            return _key_in(response)
        except (ParseError, ValueError, TypeError, RecursionError) as error:
            raise UpstreamError(type(error).__name__) from error


class _UpstreamTransport(SecretManagerServiceRestTransport):
    """The library's transport over HTTP, for the one method that is called here.

    The library's own transport has a time-out for single reads only, follows redirects, and reads answers of any size.
    A client accepts another transport:
    https://docs.cloud.google.com/python/docs/reference/secretmanager/latest
    """

    def __init__(self, upstream: Upstream, emulator_host: str | None) -> None:
        super().__init__(credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]  # untyped there
        self._upstream = upstream
        self._base_url = f"http://{emulator_host}" if emulator_host else "https://secretmanager.googleapis.com"

    @property
    def access_secret_version(self) -> Callable[..., AccessSecretVersionResponse]:
        """The method that a client calls."""
        return self._access

    def _access(
        self, request: AccessSecretVersionRequest, *, timeout: float, metadata: Sequence[tuple[str, str]] = ()
    ) -> AccessSecretVersionResponse:
        url = f"{self._base_url}/v1/{request.name}:access"
        answer = self._upstream.ask("GET", url, Deadline.after(timeout), dict(metadata), tries=2)
        if answer.status != HTTPStatus.OK:
            raise UpstreamError(f"HTTP {answer.status}")
        response: AccessSecretVersionResponse
        response = AccessSecretVersionResponse.from_json(answer.body, ignore_unknown_fields=True)
        return response


def _key_in(response: AccessSecretVersionResponse) -> ApiKey:
    """Return the key in a response, whose checksum the library leaves to us.

    Source: https://cloud.google.com/secret-manager/docs/data-integrity

    Raises:
        UpstreamError: the response holds no key. The text says why, without a byte of the content.
    """
    data = response.payload.data
    if google_crc32c.value(data) != response.payload.data_crc32c:
        raise UpstreamError("the payload does not match its checksum")
    try:
        value = data.decode("ascii").strip()
    except UnicodeDecodeError:
        raise UpstreamError("the payload is not a key: it holds other than ASCII") from None
    if not value:
        raise UpstreamError("the payload is empty")
    if not value.isprintable() or " " in value:
        raise UpstreamError("the payload is not a key: it holds white space or control characters")
    if not _VERSION.fullmatch(response.name):
        raise UpstreamError("the answer names no version")
    return ApiKey(value=value, version=response.name)
