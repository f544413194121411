"""Reads the Gemini API key from Secret Manager and keeps it for a few minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import google_crc32c
import requests
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPICallError, RetryError, ServerError
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud.secretmanager import AccessSecretVersionResponse, SecretManagerServiceClient
from google.protobuf.json_format import ParseError

from live_tokens.errors import ApiKeyUnavailable
from live_tokens.issuing import ApiKey

_ATTEMPT_SECONDS = 3.0
# Without one of our own, the library retries for 60 s.
_RETRY = Retry(
    predicate=lambda error: isinstance(error, ServerError | requests.ConnectionError),
    initial=0.1,
    maximum=0.5,
    timeout=4.0,
)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The outcome of one read: a key, or why there is none. Times are of the monotonic clock, in seconds."""

    key: ApiKey | None
    fault: str | None
    started: float
    ended: float

    def answers(self, asked: float, refused: ApiKey | None) -> bool:
        """Whether somebody who asked at that time can take this outcome instead of reading again.

        A read that began before a key was refused may just have missed the rotation.
        """
        if self.key is not None and refused is not None and self.key.value == refused.value:
            return self.started >= asked
        return self.ended >= asked


class SecretManagerKey:
    """`ApiKeys` that reads one secret version.

    One thread reads at a time, and those who come meanwhile take its outcome, good or bad: an outage costs every
    caller one read, not one after the other.

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
        emulator_host: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secret_version = secret_version
        self._cache_seconds = cache.total_seconds()
        self._emulator_host = emulator_host
        self._monotonic = monotonic
        self._client: SecretManagerServiceClient | None = None
        self._last: _Reading | None = None
        self._reading = threading.Lock()

    def current(self) -> ApiKey:
        """See `ApiKeys.current`."""
        last = self._last
        if last and last.key and self._monotonic() - last.ended < self._cache_seconds:
            return last.key
        return self._read_or_share(asked=self._monotonic(), refused=None)

    def replacement_for(self, refused: ApiKey) -> ApiKey:
        """See `ApiKeys.replacement_for`."""
        asked = self._monotonic()
        last = self._last
        if last and last.key and last.key.value != refused.value:
            return last.key
        return self._read_or_share(asked, refused)

    def _read_or_share(self, asked: float, refused: ApiKey | None) -> ApiKey:
        with self._reading:
            reading = self._last
            if reading is None or not reading.answers(asked, refused):
                reading = self._last = self._read()
        if reading.key is None:
            raise ApiKeyUnavailable(reading.fault)
        return reading.key

    def _read(self) -> _Reading:
        started = self._monotonic()
        key: ApiKey | None = None
        fault: str | None = None
        try:
            key = _key_in(self._access())
        except _UnusablePayloadError as error:
            fault = str(error)
        except GoogleAPICallError as error:
            fault = f"{type(error).__name__} {error.code}"
        except (RetryError, GoogleAuthError, requests.RequestException, ParseError, ValueError) as error:
            fault = type(error).__name__
        return _Reading(key, fault, started, ended=self._monotonic())

    def _access(self) -> AccessSecretVersionResponse:
        if self._client is None:
            self._client = self._new_client()
        return self._client.access_secret_version(name=self._secret_version, retry=_RETRY, timeout=_ATTEMPT_SECONDS)

    def _new_client(self) -> SecretManagerServiceClient:
        """REST rather than gRPC: no threads of its own, and it honours HTTPS_PROXY and the usual CA variables."""
        if self._emulator_host is None:
            return SecretManagerServiceClient(transport="rest")
        return SecretManagerServiceClient(
            transport="rest",
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # google-auth leaves it untyped
            client_options=ClientOptions(api_endpoint=f"http://{self._emulator_host}"),
        )


class _UnusablePayloadError(Exception):
    """What was read is not a key. The text says why, without a byte of it."""


def _key_in(response: AccessSecretVersionResponse) -> ApiKey:
    """Return the key in a response, whose checksum the library leaves to us.

    Source: https://cloud.google.com/secret-manager/docs/data-integrity
    """
    data = response.payload.data
    if google_crc32c.value(data) != response.payload.data_crc32c:
        raise _UnusablePayloadError("the payload does not match its checksum")
    try:
        value = data.decode("ascii").strip()
    except UnicodeDecodeError:
        raise _UnusablePayloadError("the payload is not a key: it holds other than ASCII") from None
    if not value:
        raise _UnusablePayloadError("the payload is empty")
    if not value.isprintable() or " " in value:
        raise _UnusablePayloadError("the payload is not a key: it holds white space or control characters")
    return ApiKey(value=value, version=response.name)
