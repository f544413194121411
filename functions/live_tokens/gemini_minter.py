"""Mints ephemeral tokens with google-genai.

Source of the endpoint's behaviour: https://ai.google.dev/gemini-api/docs/live-api/ephemeral-tokens
"""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx2
from google import genai
from google.genai import errors, types

from live_tokens.bounded_transport import UnacceptableAnswerError
from live_tokens.circuit_breaker import CircuitBreaker, CircuitOpenError, CutShortError
from live_tokens.deadline import Deadline
from live_tokens.errors import ApiKeyRejected, GeminiRateLimited, GeminiUnavailable, InternalFault, TokenNotIssued
from live_tokens.gemini_lock import TOKEN_NAME, refuse_incomplete_lock, token_request
from live_tokens.issuing import ApiKey, LiveToken, Profile

GEMINI_HOST = "generativelanguage.googleapis.com"

# The one method that takes ephemeral tokens; BidiGenerateContent answers them with "unregistered callers".
# Source: https://ai.google.dev/api/live#ephemeral-auth-tokens
_WEBSOCKET_PATH = "/ws/google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContentConstrained"

MINT_SECONDS = 6.0
# Between a try that failed at once and the other one.
_PAUSE_SECONDS = 0.2
_FAILURES = {408, 500, 502, 503, 504}
_CLIENTS_KEPT = 2

# ErrorInfo.reason as it is documented; anything else is somebody's text. Source: https://google.aip.dev/193
_ERROR_REASON = re.compile(r"[A-Z0-9_]{1,63}")


# What Gemini says of the profile that is at fault; the words after it, which can quote a value, are left out.
_UNKNOWN_NAME = re.compile(r"""Unknown name "([\w$-]{1,64})"(?: at '([\w.\[\]]{1,200})')?""", re.ASCII)
_INVALID_VALUE = re.compile(r"Invalid value at '([\w.\[\]]{1,200})'", re.ASCII)
_FIELD = re.compile(r"[A-Za-z_][\w.\[\]]{0,255}", re.ASCII)
_MOST_FIELDS = 3


class _FailedAtOnceError(Exception):
    """Gemini failed, and may be asked again."""


class GeminiMinter:
    """A `Minter` that asks the Gemini Developer API.

    Args:
        api_version: `v1alpha` or `v1beta`.
        transport: carries the requests: in time, and never to where a redirect points.
        emulator_host: `host:port` of a stand-in spoken to without TLS, or None for Google.
        now: the current aware UTC time.
    """

    def __init__(
        self,
        api_version: str,
        transport: httpx2.BaseTransport,
        emulator_host: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._api_version = api_version
        self._host = emulator_host or GEMINI_HOST
        self._tls = "" if emulator_host else "s"
        self._now = now
        # One for all keys, and ours: a client of google-genai closes its own when it is dropped.
        self._http = httpx2.Client(transport=transport, event_hooks={"request": [refuse_incomplete_lock]})
        self._breaker = CircuitBreaker()
        self._clients: dict[str, genai.Client] = {}
        self._lock = threading.Lock()

    def mint(self, key: ApiKey, profile: Profile, resumption_handle: str | None, deadline: Deadline) -> LiveToken:
        issued_at = self._now().replace(microsecond=0)
        expire_time = issued_at + profile.session
        new_session_expire_time = issued_at + profile.start_within
        request = token_request(profile, resumption_handle, expire_time, new_session_expire_time)
        token = self._create(key, request, deadline)
        return LiveToken(
            token=token,
            websocket_url=self._websocket_url(token),
            api_version=self._api_version,
            profile=profile,
            issued_at=issued_at,
            new_session_expire_time=new_session_expire_time,
            expire_time=expire_time,
        )

    def _create(self, key: ApiKey, request: types.CreateAuthTokenConfig, deadline: Deadline) -> str:
        try:
            return self._create_once(key, request, deadline)
        except _FailedAtOnceError:  # an unheard token costs nothing: nobody can use it
            time.sleep(min(_PAUSE_SECONDS, deadline.left()))
        try:
            return self._create_once(key, request, deadline)
        except _FailedAtOnceError as error:
            raise GeminiUnavailable(str(error)) from error.__cause__

    def _create_once(self, key: ApiKey, request: types.CreateAuthTokenConfig, deadline: Deadline) -> str:
        share = deadline.within(MINT_SECONDS)
        milliseconds = int(share.left() * 1000)
        if not milliseconds:
            raise GeminiUnavailable("timeout")
        timed = request.model_copy(update={"http_options": types.HttpOptions(timeout=milliseconds)})
        try:
            with self._breaker.asking(), _time_outs(cut_short=share == deadline):
                name: str | None = self._client(key).auth_tokens.create(config=timed).name
        except CircuitOpenError as error:
            raise GeminiUnavailable(str(error), error.retry_after) from error
        except TimeoutError as error:
            raise GeminiUnavailable("timeout") from error
        except errors.APIError as error:
            raise _reason_for(error) from error
        except UnacceptableAnswerError as error:
            raise GeminiUnavailable(type(error).__name__) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _FailedAtOnceError(type(error).__name__) from error
        except (ValueError, AttributeError, RecursionError) as error:  # a 200 whose body is not a JSON object
            raise GeminiUnavailable(f"unreadable answer: {type(error).__name__}") from error
        if name is None or not TOKEN_NAME.fullmatch(name):
            raise GeminiUnavailable("an answer without a token")
        return name

    def _websocket_url(self, token: str) -> str:
        """Join by hand: the `/` of the token stays as it is, as the official SDKs send it."""
        path = _WEBSOCKET_PATH.format(version=self._api_version)
        return f"ws{self._tls}://{self._host}{path}?access_token={token}"

    def _client(self, key: ApiKey) -> genai.Client:
        """Return the client of this key. A client costs two TLS contexts, and its connections are worth keeping."""
        with self._lock:
            if key.value not in self._clients:
                if len(self._clients) == _CLIENTS_KEPT:
                    self._clients.pop(next(iter(self._clients)))
                self._clients[key.value] = self._new_client(key)
            return self._clients[key.value]

    def _new_client(self, key: ApiKey) -> genai.Client:
        """Spell out what the environment could otherwise change: where the key goes and which API answers."""
        return genai.Client(
            api_key=key.value,
            enterprise=False,
            http_options=types.HttpOptions(
                base_url=f"http{self._tls}://{self._host}",
                api_version=self._api_version,
                httpx_client=self._http,
            ),
        )


def silence_experimental_warning() -> None:
    """Keep google-genai's notice that `auth_tokens` is experimental out of the log; the README says it."""
    warnings.filterwarnings("ignore", message="The SDK's token creation implementation is experimental")


@contextmanager
def _time_outs(*, cut_short: bool) -> Iterator[None]:
    """Raise httpx's time-outs as those that a circuit breaker knows."""
    try:
        yield
    except httpx2.TimeoutException as error:
        raise (CutShortError if cut_short else TimeoutError) from error


def _reason_for(error: errors.APIError) -> TokenNotIssued | _FailedAtOnceError:
    known = (type(error).__name__, str(error.code), _error_info_reason(error), _refused_fields(error))
    diagnosis = " ".join(filter(None, known))
    if error.code == 429:
        return GeminiRateLimited(diagnosis)
    if error.code in (401, 403) or _error_info_reason(error) == "API_KEY_INVALID":
        return ApiKeyRejected(diagnosis)
    if error.code in _FAILURES:
        return _FailedAtOnceError(diagnosis)
    return InternalFault(diagnosis) if 400 <= error.code < 500 else GeminiUnavailable(diagnosis)


def _error_info_reason(error: errors.APIError) -> str:
    """Return `reason` of google.rpc.ErrorInfo in the error's details, or an empty string.

    Source: https://cloud.google.com/apis/design/errors#error_info
    """
    match error.details:
        case {"error": {"details": [*details]}}:
            for detail in details:
                match detail:
                    case {"reason": str(reason)} if _ERROR_REASON.fullmatch(reason):
                        return reason
    return ""


def _refused_fields(error: errors.APIError) -> str:
    """Return the paths of the fields that Gemini names in a 400: what it says of a profile. Otherwise an empty string.

    Source of fieldViolations: https://cloud.google.com/apis/design/errors#error_details
    """
    message = error.message if error.code == 400 and isinstance(error.message, str) else ""
    fields = [f"{place}.{name}" if place else name for name, place in _UNKNOWN_NAME.findall(message)]
    fields += _INVALID_VALUE.findall(message)
    return ", ".join((fields or _violations(error))[:_MOST_FIELDS]) if error.code == 400 else ""


def _violations(error: errors.APIError) -> list[str]:
    match error.details:
        case {"error": {"details": [*details]}}:
            violations = [detail.get("fieldViolations") for detail in details if isinstance(detail, dict)]
            named = [
                each.get("field")
                for some in violations
                if isinstance(some, list)
                for each in some
                if isinstance(each, dict)
            ]
            return [field for field in named if isinstance(field, str) and _FIELD.fullmatch(field)]
    return []
