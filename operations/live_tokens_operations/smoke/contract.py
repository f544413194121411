"""Reads a live token and checks it against the contract: every field, its type, and its relation to other fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

GEMINI_HOST = "generativelanguage.googleapis.com"

_TOKEN = re.compile(r"auth_tokens/[A-Za-z0-9_.~-]+")
_METHOD = "/ws/google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContentConstrained"
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z")
# Gemini refuses more. Source: https://ai.google.dev/api/live#ephemeral-auth-tokens
_LONGEST = timedelta(hours=20)


class ContractError(Exception):
    """An answer breaks the contract.

    Attributes:
        faults: one phrase per fault, without the values.
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Lease:
    """`session` of an answer: the lease that its token grants.

    Attributes:
        session: id of the session.
        renew_after: from then on the next lease can be had; None in the last one.
        seconds: how long the lease is, from its start.
    """

    session: str
    ends_at: datetime
    renew_after: datetime | None
    seconds: int


@dataclass(frozen=True, slots=True)
class LiveToken:
    """The live token of an answer.

    Attributes:
        websocket_url: contains the token.
        new_session_expire_time: end of the time in which a session can be opened.
        lease: None for a profile without sessions.
    """

    token: str = field(repr=False)
    websocket_url: str = field(repr=False)
    setup: Mapping[str, object]
    api_version: str
    model: str
    issued_at: datetime
    new_session_expire_time: datetime
    expire_time: datetime
    lease: Lease | None = None

    @property
    def at_google(self) -> bool:
        """Whether it is for Gemini at Google, and not for a stand-in."""
        return urlsplit(self.websocket_url).hostname == GEMINI_HOST

    def faulty_url(self, function_url: str) -> str | None:
        """Return what is wrong with `websocketUrl`, or None.

        Args:
            function_url: URL of the function. With plain HTTP, a stand-in for Gemini is allowed.
        """
        url = urlsplit(self.websocket_url)
        expected = _METHOD.format(version=self.api_version)
        local = urlsplit(function_url).scheme == "http" and url.scheme == "ws"
        if not local and (url.scheme, url.netloc) != ("wss", GEMINI_HOST):
            return f"it does not point to wss://{GEMINI_HOST}"
        if url.path != expected:
            return f"its method is not BidiGenerateContentConstrained of {self.api_version}"
        if url.query != f"access_token={self.token}" or url.fragment:
            return "its query is not access_token with the unchanged token"
        return None


def read_live_token(result: Mapping[str, Any], profile: str) -> LiveToken:
    """Return the live token of an answer.

    Args:
        result: `result` of the answer.

    Raises:
        ContractError: a field is missing or wrong.
    """
    fields: dict[str, Callable[[Any], bool]] = {
        "token": lambda value: isinstance(value, str) and bool(_TOKEN.fullmatch(value)),
        "websocketUrl": lambda value: isinstance(value, str),
        "setup": lambda value: isinstance(value, dict) and value.get("model") == result.get("model"),
        "apiVersion": lambda value: value in ("v1alpha", "v1beta"),
        "model": lambda value: isinstance(value, str) and value.startswith("models/"),
        "profile": lambda value: value == profile,
        "issuedAt": _is_time,
        "newSessionExpireTime": _is_time,
        "expireTime": _is_time,
    }
    faults = [
        f"`{name}` is {'wrong' if name in result else 'missing'}"
        for name, is_right in fields.items()
        if not is_right(result.get(name))
    ]
    if "quota" in result and not _is_quota(result["quota"]):
        faults.append("`quota` is wrong")
    if "session" in result and not _is_session(result["session"]):
        faults.append("`session` is wrong")
    if faults:
        raise ContractError(faults)
    live_token = LiveToken(
        token=result["token"],
        websocket_url=result["websocketUrl"],
        setup=result["setup"],
        api_version=result["apiVersion"],
        model=result["model"],
        issued_at=_time(result["issuedAt"]),
        new_session_expire_time=_time(result["newSessionExpireTime"]),
        expire_time=_time(result["expireTime"]),
        lease=_lease(result["session"]) if "session" in result else None,
    )
    if not live_token.issued_at < live_token.new_session_expire_time <= live_token.expire_time:
        faults.append("`issuedAt`, `newSessionExpireTime` and `expireTime` are not in this order")
    if live_token.expire_time - live_token.issued_at >= _LONGEST:
        faults.append("`expireTime` is twenty hours or more after `issuedAt`")
    if live_token.lease and not _is_in_order(live_token.lease, live_token.expire_time):
        faults.append("`session.renewAfter`, `expireTime` and `session.endsAt` are not in this order")
    if faults:
        raise ContractError(faults)
    return live_token


def _is_quota(value: object) -> bool:
    if not isinstance(value, dict) or not value.keys() & {"remaining", "minutesLeft"}:
        return False
    remaining, minutes_left = value.get("remaining", 0), value.get("minutesLeft", 0)
    counts = isinstance(remaining, int) and isinstance(minutes_left, int | float)
    return counts and remaining >= 0 and minutes_left >= 0 and _is_time(value.get("resetTime"))


def _is_session(value: object) -> bool:
    match value:
        case {"id": str(session_id), "endsAt": ends_at, "leaseSeconds": int(seconds), **others} if session_id:
            renewal = [others.get("renewAfter", "missing"), others.get("renewBefore", "missing")]
            return _is_time(ends_at) and seconds > 0 and (renewal == [None, None] or all(map(_is_time, renewal)))
    return False


def _lease(session: Mapping[str, Any]) -> Lease:
    renew_after = session["renewAfter"]
    return Lease(
        session=session["id"],
        ends_at=_time(session["endsAt"]),
        renew_after=None if renew_after is None else _time(renew_after),
        seconds=session["leaseSeconds"],
    )


def _is_in_order(lease: Lease, expire_time: datetime) -> bool:
    return (lease.renew_after or expire_time) <= expire_time <= lease.ends_at


def _is_time(value: object) -> bool:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return False
    try:
        _time(value)
    except ValueError:
        return False
    return True


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
