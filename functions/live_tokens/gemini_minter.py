"""Mints ephemeral tokens with google-genai.

Source of the endpoint's behaviour: https://ai.google.dev/gemini-api/docs/live-api/ephemeral-tokens
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from datetime import UTC, datetime

import httpx2
from google import genai
from google.genai import errors, types

from live_tokens.errors import ApiKeyRejected, GeminiRateLimited, GeminiUnavailable, InternalFault, TokenNotIssued
from live_tokens.gemini_lock import TOKEN_NAME, refuse_incomplete_lock, token_request
from live_tokens.issuing import ApiKey, LiveToken, Profile

GEMINI_HOST = "generativelanguage.googleapis.com"

# The one method that takes ephemeral tokens; BidiGenerateContent answers them with "unregistered callers".
# Source: https://ai.google.dev/api/live#ephemeral-auth-tokens
_WEBSOCKET_PATH = "/ws/google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContentConstrained"

_ATTEMPT_MILLISECONDS = 6_000
_RETRY = types.HttpRetryOptions(
    attempts=2, initial_delay=0.2, max_delay=0.5, http_status_codes=[408, 500, 502, 503, 504]
)
# httpx2 drops idle connections after 5 s, which would cost a quiet function a TLS handshake for every token.
_KEEP_ALIVE_SECONDS = 600
_CLIENTS_KEPT = 2


class GeminiMinter:
    """A `Minter` that asks the Gemini Developer API.

    Args:
        api_version: `v1alpha` or `v1beta`.
        emulator_host: `host:port` of a stand-in spoken to without TLS, or None for Google.
        now: the current aware UTC time.
    """

    def __init__(
        self,
        api_version: str,
        emulator_host: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._api_version = api_version
        self._host = emulator_host or GEMINI_HOST
        self._tls = "" if emulator_host else "s"
        self._now = now
        self._clients: dict[str, genai.Client] = {}
        self._lock = threading.Lock()

    def mint(self, key: ApiKey, profile: Profile, resumption_handle: str | None) -> LiveToken:
        """See `Minter.mint`."""
        issued_at = self._now().replace(microsecond=0)
        expire_time = issued_at + profile.session
        new_session_expire_time = issued_at + profile.start_within
        request = token_request(profile, resumption_handle, expire_time, new_session_expire_time)
        token = self._create(key, request)
        return LiveToken(
            token=token,
            websocket_url=self._websocket_url(token),
            api_version=self._api_version,
            profile=profile,
            issued_at=issued_at,
            new_session_expire_time=new_session_expire_time,
            expire_time=expire_time,
        )

    def _create(self, key: ApiKey, request: types.CreateAuthTokenConfig) -> str:
        client = self._client(key)
        try:
            name: str | None = client.auth_tokens.create(config=request).name
        except errors.APIError as error:
            raise _reason_for(error) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise GeminiUnavailable(type(error).__name__) from error
        except (ValueError, AttributeError) as error:  # a 200 whose body is not JSON, or not an object
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
                timeout=_ATTEMPT_MILLISECONDS,
                retry_options=_RETRY,
                client_args={
                    # Followed redirects would carry x-goog-api-key to wherever they point.
                    "follow_redirects": False,
                    "limits": httpx2.Limits(keepalive_expiry=_KEEP_ALIVE_SECONDS),
                    "event_hooks": {"request": [refuse_incomplete_lock]},
                },
            ),
        )


def silence_experimental_warning() -> None:
    """Keep google-genai's notice that `auth_tokens` is experimental out of the log; the README says it."""
    warnings.filterwarnings("ignore", message="The SDK's token creation implementation is experimental")


def _reason_for(error: errors.APIError) -> TokenNotIssued:
    diagnosis = f"{type(error).__name__} {error.code} {_error_info_reason(error)}".rstrip()
    if error.code == 429:
        return GeminiRateLimited(diagnosis)
    if error.code in (401, 403) or _error_info_reason(error) == "API_KEY_INVALID":
        return ApiKeyRejected(diagnosis)
    if 400 <= error.code < 500 and error.code != 408:
        return InternalFault(diagnosis)
    return GeminiUnavailable(diagnosis)


def _error_info_reason(error: errors.APIError) -> str:
    """Return `reason` of google.rpc.ErrorInfo in the error's details, or an empty string.

    Source: https://cloud.google.com/apis/design/errors#error_info
    """
    match error.details:
        case {"error": {"details": [*details]}}:
            reasons = [detail.get("reason") for detail in details if isinstance(detail, dict)]
            return next((reason for reason in reasons if isinstance(reason, str)), "")
    return ""
