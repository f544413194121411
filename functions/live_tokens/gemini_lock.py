"""The lock: what exactly a token is asked to be, and the proof that it is asked for in full.

A token whose request carries the whole session setup and no field mask takes its setup entirely from that request;
what the app sends is ignored (https://ai.google.dev/api/live#ephemeral-auth-tokens). The SDK reaches the other,
weaker, meanings through small slips, so every request is read once more on its way out.
"""

from __future__ import annotations

import re
import ssl
import warnings
from datetime import UTC, datetime
from functools import cache

import httpx2
from google import genai
from google.genai import types
from pydantic import ValidationError

from live_tokens.issuing import Profile
from live_tokens.strict_json import read_json

TOKEN_NAME = re.compile(r"auth_tokens/[\w.~-]+", re.ASCII)

_LOCKED_FIELDS = {"uses", "expireTime", "newSessionExpireTime", "bidiGenerateContentSetup"}
_REHEARSED_HANDLE = "rehearsal"


class IncompleteLockError(Exception):
    """A request was about to ask for a token that is not fully locked. It was not sent."""


def token_request(
    profile: Profile, resumption_handle: str | None, expire_time: datetime, new_session_expire_time: datetime
) -> types.CreateAuthTokenConfig:
    """Return the request for one fully locked, single-use token.

    Args:
        resumption_handle: session to go on with, or None for a new one.
        expire_time: aware UTC time at which its session ends.
        new_session_expire_time: aware UTC time until which a session can be opened.
    """
    config = types.LiveConnectConfig.model_validate(dict(profile.config), by_alias=False, by_name=True)
    # An empty SessionResumptionConfig asks Gemini for handles; null in its place is refused with 1008.
    config.session_resumption = types.SessionResumptionConfig(handle=resumption_handle)
    return types.CreateAuthTokenConfig(
        uses=1,
        expire_time=expire_time,
        new_session_expire_time=new_session_expire_time,
        live_connect_constraints=types.LiveConnectConstraints(model=profile.model, config=config),
        # lock_additional_fields stays unset. Unset is the full lock; [] locks only the fields that happen to be set.
    )


def refuse_incomplete_lock(request: httpx2.Request) -> None:
    """Read a request to `auth_tokens` on its way out and stop it unless it asks for a fully locked token.

    Raises:
        IncompleteLockError: it would have made a token that is unlocked, partly locked, or good for many sessions.
    """
    try:
        # TOML has NaN and Infinity, and the SDK would write them into the request.
        body = read_json(request.content)
        setup = body["bidiGenerateContentSetup"]
        locked = (
            body.keys() == _LOCKED_FIELDS  # a field mask, under whatever name, would weaken the lock
            and body["uses"] == 1
            and _is_aware(body["expireTime"])
            and _is_aware(body["newSessionExpireTime"])
            and setup["model"].startswith("models/")
            and bool(setup.keys() - {"model", "sessionResumption"})
            and "sessionResumption" in setup
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        locked = False
    if not locked:
        raise IncompleteLockError


def find_config_faults(profile: Profile) -> list[str]:
    """Return what keeps the request of a profile from being made, found without a network.

    The config is read with google-genai's own types; then a mint is rehearsed with the real client, whose transport
    answers here: what only the SDK's converters notice is noticed now, and the lock is proved before the first call.
    `profile_check` says before this what is wrong with a profile, in words of ours. What is left for here are faults of
    google-genai, so its words are left out: they name neither the file nor the cure, and can quote a value.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            _rehearse(profile)
        except ValidationError as error:
            return [f"{field}: google-genai does not take this value." for field in _faulty_fields(error)]
        except IncompleteLockError:
            return ["[config] leaves the lock incomplete: the request would not hold the whole setup."]
        except (ValueError, TypeError, AttributeError, RecursionError):
            return ["[config]: google-genai cannot make a request of it. Leave fields out until it can."]
    # The SDK lets unknown enum values pass with a mere UserWarning; Gemini would not.
    return ["[config] has a value that google-genai does not know."] * any(
        warning.category is UserWarning for warning in caught
    )


def _rehearse(profile: Profile) -> None:
    now = datetime.now(UTC)
    _rehearsing_client().auth_tokens.create(config=token_request(profile, _REHEARSED_HANDLE, now, now))


@cache
def _rehearsing_client() -> genai.Client:
    """Return a client that reaches nobody. Making one takes ten times as long as a rehearsal."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        refuse_incomplete_lock(request)
        return httpx2.Response(200, json={"name": "auth_tokens/rehearsal"})

    no_certificates_needed = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return genai.Client(
        api_key="rehearsal",
        enterprise=False,
        http_options=types.HttpOptions(
            base_url="https://rehearsal.invalid",
            api_version="v1beta",
            client_args={"transport": httpx2.MockTransport(answer), "verify": no_certificates_needed},
            async_client_args={"verify": no_certificates_needed},
        ),
    )


def _faulty_fields(error: ValidationError) -> list[str]:
    """Return paths, one per field of the config: of a union's alternatives, the one that got furthest."""
    closest: dict[object, tuple[int, str]] = {}
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        location = fault["loc"]
        # Parts in CamelCase name a union's alternative, not a field.
        parts = [
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in location if not str(part)[:1].isupper()
        ]
        if len(location) > closest.get(location[:1], (0, ""))[0]:
            closest[location[:1]] = (len(location), f"config{''.join(parts)}")
    return [field for _, field in closest.values()]


def _is_aware(timestamp: str) -> bool:
    return datetime.fromisoformat(timestamp).tzinfo is not None
