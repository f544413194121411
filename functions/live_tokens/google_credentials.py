"""The function's own credentials at Google: found once. Every refresh has a deadline.

google-auth asks the metadata server and the token endpoint through a `Request` that it is given
(https://googleapis.dev/python/google-auth/latest/reference/google.auth.transport.html). With its own, it waits for as
long as an answer drips, sleeps between five attempts and follows redirects, and it keeps a token without an expiry
for ever. With the one here, it does none of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import google.auth
import google.auth.compute_engine  # google-auth would do it later, in a thread that shares the interpreter with imports
from google.auth import transport
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError

from live_tokens.deadline import Deadline
from live_tokens.single_flight import SingleFlight
from live_tokens.upstream import Answer, Upstream
from live_tokens.upstream_errors import UpstreamError

# For all the requests that one access token takes, the search for credentials among them.
CREDENTIALS_SECONDS = 2.0
# For one of them.
REQUEST_SECONDS = 1.5

# Source: https://firebase.google.com/docs/projects/api/reference/rest (OAuth scopes)
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/identitytoolkit")
# google-auth would sleep before it asks again after these.
_FAILURES = set(transport.DEFAULT_RETRYABLE_STATUS_CODES)
# What google-auth raises when an answer is not as documented.
_UNREADABLE = (
    GoogleAuthError,
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
)
# As long before its end a token is not used any more: the upstream's clock may be ahead.
_MARGIN = timedelta(minutes=3, seconds=45)
# Source: https://docs.cloud.google.com/docs/authentication/token-types#access-tokens (an hour; twelve by policy)
_LONGEST_LIFE = timedelta(hours=12, minutes=1)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What authorises a request at Google.

    Attributes:
        value: the token itself, kept out of `repr`.
        expiry: aware UTC time of its end.
    """

    value: str = field(repr=False)
    expiry: datetime

    @property
    def fresh(self) -> bool:
        """Whether it is good for a while."""
        return datetime.now(UTC) < self.expiry - _MARGIN


class GoogleCredentials:
    """Application Default Credentials, connecting to nothing before they are used.

    Args:
        upstream: the metadata server or the token endpoint, whichever the credentials turn out to need.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._found: Credentials | None = None
        self._fetching = SingleFlight(self._fetch)

    def access_token(self, deadline: Deadline) -> AccessToken:
        """Return a token that is good for a while.

        Raises:
            UpstreamError: there is none. A bad answer is not kept.
        """
        last = self._fetching.last
        if last is not None and last.value is not None and last.value.fresh:
            return last.value
        try:
            return self._fetching.run(deadline.within(CREDENTIALS_SECONDS))
        except UpstreamError as error:
            raise type(error)(f"access token: {error}", error.retry_after) from error

    def authorization(self, deadline: Deadline) -> Mapping[str, str]:
        """Return the header that authorises a request.

        Raises:
            UpstreamError: there is no access token.
        """
        return {"Authorization": f"Bearer {self.access_token(deadline).value}"}

    def _fetch(self, deadline: Deadline) -> AccessToken:
        request = _Request(self._upstream, deadline)
        try:
            if self._found is None:
                self._found, _ = google.auth.default(scopes=_SCOPES, request=request)
            self._found.refresh(request)  # type: ignore[no-untyped-call]  # google-auth leaves it untyped
            return _access_token_of(self._found)
        except _UNREADABLE as error:
            self._found = None  # what a bad answer leaves behind is not used again
            raise UpstreamError(type(error).__name__) from error


def _access_token_of(credentials: Credentials) -> AccessToken:
    """Return the token of refreshed credentials.

    Raises:
        ValueError: there is no token, or its expiry is missing or too far. google-auth treats a missing expiry as
            "never expires".
    """
    value, expiry = credentials.token, credentials.expiry
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        raise ValueError("no token")
    if expiry is None:
        raise ValueError("no end")
    token = AccessToken(value, expiry.replace(tzinfo=UTC))
    now = datetime.now(UTC)
    if not now < token.expiry <= now + _LONGEST_LIFE:
        raise ValueError("an end that no token has")
    return token


class _Request(transport.Request):
    """Asks for google-auth, until a deadline.

    Where google-auth would sleep and ask again, an `UpstreamError` passes through it and ends the attempt.
    """

    def __init__(self, upstream: Upstream, deadline: Deadline) -> None:
        self._upstream = upstream
        self._deadline = deadline

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002  # the deadline is in its place
        **_options: object,
    ) -> transport.Response:
        answer = self._upstream.ask(method, url, self._deadline, headers, body, tries=2)
        # A token endpoint may ask to be asked again in a body, too.
        if answer.status in _FAILURES or (method == "POST" and answer.status != HTTPStatus.OK):
            raise UpstreamError(f"HTTP {answer.status}")
        return _Response(answer)


class _Response(transport.Response):
    """An answer as google-auth reads it."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @property
    def status(self) -> int:
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._answer.headers

    @property
    def data(self) -> bytes:
        return self._answer.body
