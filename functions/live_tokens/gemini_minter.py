"""Mints ephemeral tokens with google-genai.

Source of the endpoint's behaviour: https://ai.google.dev/gemini-api/docs/live-api/ephemeral-tokens
"""

from __future__ import annotations

import re
import ssl
import threading
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import ceil

import httpx2
from google import genai
from google.genai import errors, types

from live_tokens.deadline import Deadline
from live_tokens.errors import ApiKeyRejected, GeminiRateLimited, GeminiUnavailable, InternalFault, TokenNotIssued
from live_tokens.gemini_lock import TOKEN_NAME, new_client, refuse_incomplete_lock, token_request
from live_tokens.issuing import ApiKey, Lease, LiveToken, Profile
from live_tokens.upstream import Upstream
from live_tokens.upstream_errors import UpstreamError

GEMINI_HOST = "generativelanguage.googleapis.com"

# The one method that takes ephemeral tokens; BidiGenerateContent answers them with "unregistered callers".
# Source: https://ai.google.dev/api/live#ephemeral-auth-tokens
_WEBSOCKET_PATH = "/ws/google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContentConstrained"

MINT_SECONDS = 6.0
_CLIENTS_KEPT = 2

# A status or an ErrorInfo.reason as it is documented; anything else is somebody's text.
# Source: https://google.aip.dev/193
_DOCUMENTED_WORD = re.compile(r"[A-Z0-9_]{1,63}")


# What Gemini says of the profile that is at fault; the words after it, which can quote a value, are left out.
_UNKNOWN_NAME = re.compile(r"""Unknown name "([\w$-]{1,64})"(?: at '([\w.\[\]]{1,200})')?""", re.ASCII)
_INVALID_VALUE = re.compile(r"Invalid value at '([\w.\[\]]{1,200})'", re.ASCII)
_FIELD = re.compile(r"[A-Za-z_][\w.\[\]]{0,255}", re.ASCII)
_MOST_FIELDS = 3


class _UpstreamTransport(httpx2.BaseTransport):
    """Carries google-genai's requests. Asking twice costs nothing: nobody can use a token that was not received."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        deadline = Deadline.after(request.extensions["timeout"]["read"])
        return self._upstream.send(request, deadline, tries=2)


class GeminiMinter:
    """A `Minter` that asks the Gemini Developer API.

    Args:
        api_version: `v1alpha` or `v1beta`.
        emulator_host: `host:port` of a stand-in spoken to without TLS, `https://host:port` with it, or None for Google.
        now: the current aware UTC time.
        tls: the trusted authorities, so that the SDK does not load its own for every key. `upstream` has them already.
        proved: the setups that the rehearsals at the start made, see `token_request`.
    """

    def __init__(
        self,
        api_version: str,
        upstream: Upstream,
        emulator_host: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        tls: ssl.SSLContext | None = None,
        proved: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        self._api_version = api_version
        address = emulator_host or f"https://{GEMINI_HOST}"
        self._host = address.removeprefix("https://")
        self._s = "s" if address.startswith("https://") else ""
        self._tls = tls
        self._proved = proved
        self._now = now
        # One for all keys, and ours: a client of google-genai closes its own when it is dropped.
        self._http = httpx2.Client(
            transport=_UpstreamTransport(upstream), event_hooks={"request": [refuse_incomplete_lock]}
        )
        self._clients: dict[str, genai.Client] = {}
        self._lock = threading.Lock()

    def mint(
        self, key: ApiKey, profile: Profile, resumption_handle: str | None, lease: Lease | None, deadline: Deadline
    ) -> LiveToken:
        issued_at = self._now().replace(microsecond=0)
        expire_time = issued_at + profile.session if lease is None else lease.ends
        new_session_expire_time = min(issued_at + profile.start_within, expire_time)
        request = token_request(profile, resumption_handle, expire_time, new_session_expire_time, self._proved)
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
        left = deadline.left()
        if not left:  # a time-out of 0 is none to google-genai
            raise GeminiUnavailable("timeout")
        request.http_options = request.http_options or types.HttpOptions()
        request.http_options.timeout = ceil(left * 1000)
        try:
            name: str | None = self._client(key).auth_tokens.create(config=request).name
        except UpstreamError as error:
            raise GeminiUnavailable(str(error), error.retry_after) from error
        except errors.APIError as error:
            raise _reason_for(error) from error
        except (ValueError, AttributeError, RecursionError) as error:  # a 200 whose body is not a JSON object
            raise GeminiUnavailable(f"unreadable answer: {type(error).__name__}") from error
        if name is None or not TOKEN_NAME.fullmatch(name):
            raise GeminiUnavailable("an answer without a token")
        return name

    def _websocket_url(self, token: str) -> str:
        """Join by hand: the `/` of the token stays as it is, as the official SDKs send it."""
        path = _WEBSOCKET_PATH.format(version=self._api_version)
        return f"ws{self._s}://{self._host}{path}?access_token={token}"

    def _client(self, key: ApiKey) -> genai.Client:
        """Return the client of this key."""
        with self._lock:
            if key.value not in self._clients:
                if len(self._clients) == _CLIENTS_KEPT:
                    self._clients.pop(next(iter(self._clients)))
                base_url = f"http{self._s}://{self._host}"
                self._clients[key.value] = new_client(
                    key.value, base_url, self._api_version, self._http, self._tls or ssl.create_default_context()
                )
            return self._clients[key.value]


def silence_experimental_warning() -> None:
    """Keep google-genai's notice that `auth_tokens` is experimental out of the log; the README says it."""
    warnings.filterwarnings("ignore", message="The SDK's token creation implementation is experimental")


def _reason_for(error: errors.APIError) -> TokenNotIssued:
    words = (_status(error), _error_info_reason(error), _refused_fields(error))
    diagnosis = " ".join(filter(None, (type(error).__name__, str(error.code), *words)))
    if error.code == 429:
        return GeminiRateLimited(diagnosis)
    if error.code in (401, 403) or _error_info_reason(error) == "API_KEY_INVALID":
        return ApiKeyRejected(diagnosis)
    if 400 <= error.code < 500 and error.code != 408:
        return InternalFault(diagnosis)
    return GeminiUnavailable(diagnosis)


def _status(error: errors.APIError) -> str:
    """Return Google's canonical status, such as FAILED_PRECONDITION, or an empty string."""
    status: object = error.status
    return status if isinstance(status, str) and _DOCUMENTED_WORD.fullmatch(status) else ""


def _error_info_reason(error: errors.APIError) -> str:
    """Return `reason` of google.rpc.ErrorInfo in the error's details, or an empty string.

    Source: https://cloud.google.com/apis/design/errors#error_info
    """
    match error.details:
        case {"error": {"details": [*details]}}:
            for detail in details:
                match detail:
                    case {"reason": str(reason)} if _DOCUMENTED_WORD.fullmatch(reason):
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
