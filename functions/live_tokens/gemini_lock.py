"""The lock: what exactly a token is asked to be, and the proof that it is asked for in full.

A token whose request carries the whole session setup and no field mask takes its setup entirely from that request;
what the app sends is ignored (https://ai.google.dev/api/live#ephemeral-auth-tokens). The SDK reaches the other,
weaker, meanings through small slips, so every request is read once more on its way out.
"""

from __future__ import annotations

import json
import re
import ssl
import warnings
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from functools import cache

import httpx2
from google import genai
from google.genai import types
from pydantic import ValidationError

from live_tokens.issuing import Profile
from live_tokens.strict_json import read_json

ProvedSetups = MutableMapping[str, Mapping[str, object]]
"""The setups that rehearsals made: what `proved_as` says of a profile → the setup in its request."""

TOKEN_NAME = re.compile(r"auth_tokens/[\w.~-]+", re.ASCII)

_LOCKED_FIELDS = {"uses", "expireTime", "newSessionExpireTime", "bidiGenerateContentSetup"}
_REHEARSED_HANDLE = "rehearsal"


class IncompleteLockError(Exception):
    """A request was about to ask for a token that is not fully locked. It was not sent."""


def token_request(
    profile: Profile,
    resumption_handle: str | None,
    expire_time: datetime,
    new_session_expire_time: datetime,
    proved: Mapping[str, Mapping[str, object]] | None = None,
) -> types.CreateAuthTokenConfig:
    """Return the request for one fully locked, single-use token.

    Args:
        resumption_handle: session to go on with, or None for a new one.
        expire_time: aware UTC time at which its session ends.
        new_session_expire_time: aware UTC time until which a session can be opened.
        proved: setups that need not be made again. Walking the SDK's models takes half of a mint, for the same bytes.
    """
    request = types.CreateAuthTokenConfig(
        uses=1, expire_time=expire_time, new_session_expire_time=new_session_expire_time
    )
    setup = proved.get(proved_as(profile)) if proved else None
    if setup is not None:
        # As the SDK writes a SessionResumptionConfig; see below.
        resumption = {} if resumption_handle is None else {"handle": resumption_handle}
        request.http_options = types.HttpOptions(
            extra_body={"bidiGenerateContentSetup": {**setup, "sessionResumption": resumption}}
        )
        return request
    config = types.LiveConnectConfig.model_validate(dict(profile.config), by_alias=False, by_name=True)
    # An empty SessionResumptionConfig asks Gemini for handles; null in its place is refused with 1008.
    config.session_resumption = types.SessionResumptionConfig(handle=resumption_handle)
    # lock_additional_fields stays unset. Unset is the full lock; [] locks only the fields that happen to be set.
    request.live_connect_constraints = types.LiveConnectConstraints(model=profile.model, config=config)
    return request


def proved_as(profile: Profile) -> str:
    """Return what a setup depends on. The config of a caller whose claims are in it is another, and is never kept."""
    return json.dumps([profile.model, dict(profile.config)])


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


def find_config_faults(profile: Profile, proved: ProvedSetups | None = None) -> list[str]:
    """Return what keeps the request of a profile from being made, found without a network.

    The config is read with google-genai's own types; then a mint is rehearsed with the real client, whose transport
    answers here: what only the SDK's converters notice is noticed now, and the lock is proved before the first call.
    `profile_check` says before this what is wrong with a profile, in words of ours. What is left for here are faults of
    google-genai, so its words are left out: they name neither the file nor the cure, and can quote a value.

    Args:
        proved: takes the setup of a profile without faults.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            setup = _rehearse(profile)
        except ValidationError as error:
            return [f"{field}: google-genai does not take this value." for field in _faulty_fields(error)]
        except IncompleteLockError:
            return ["[config] leaves the lock incomplete: the request would not hold the whole setup."]
        except (ValueError, TypeError, AttributeError, RecursionError):
            return ["[config]: google-genai cannot make a request of it. Leave fields out until it can."]
    # The SDK lets unknown enum values pass with a mere UserWarning; Gemini would not.
    if any(warning.category is UserWarning for warning in caught):
        return ["[config] has a value that google-genai does not know."]
    if proved is not None:
        proved[proved_as(profile)] = setup
    return []


def _rehearse(profile: Profile) -> Mapping[str, object]:
    """Return the setup in the request that was made."""
    now = datetime.now(UTC)
    client, requests = _rehearsing_client()
    client.auth_tokens.create(config=token_request(profile, _REHEARSED_HANDLE, now, now))
    setup: Mapping[str, object] = read_json(requests.pop().content)["bidiGenerateContentSetup"]
    return setup


@cache
def _rehearsing_client() -> tuple[genai.Client, list[httpx2.Request]]:
    """Return a client that reaches nobody, and its requests. Making one takes ten times as long as a rehearsal."""
    requests: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        refuse_incomplete_lock(request)
        requests.append(request)
        return httpx2.Response(200, json={"name": "auth_tokens/rehearsal"})

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    no_certificates_needed = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return new_client("rehearsal", "https://rehearsal.invalid", "v1beta", http, no_certificates_needed), requests


def new_client(api_key: str, base_url: str, api_version: str, http: httpx2.Client, tls: ssl.SSLContext) -> genai.Client:
    """Return a client of the SDK. What the environment could otherwise change is spelt out: the key, and where it goes.

    Args:
        http: carries its requests.
        tls: for what it makes besides, and never uses. Without one it loads all certificates twice.
    """
    return genai.Client(
        api_key=api_key,
        enterprise=False,
        http_options=types.HttpOptions(
            base_url=base_url,
            api_version=api_version,
            httpx_client=http,
            client_args={"verify": tls},
            async_client_args={"verify": tls, "ssl": tls},
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
