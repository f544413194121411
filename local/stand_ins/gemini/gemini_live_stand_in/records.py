"""What the journal holds: frozen pictures of connections and mint requests, without a credential in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import Any

from gemini_live_stand_in.sound import Sound


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened on a connection; audio and transcripts that follow each other are one event.

    Attributes:
        seconds: since the connection was opened.
        who: `client`, `server` or `stand-in`.
        what: a name of the protocol such as `toolCall`, or of ours such as `user turn`.
    """

    seconds: float
    who: str
    what: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UserTurn:
    """A turn of the user's that was complete.

    Attributes:
        sound: what was sent in it since the turn before.
    """

    seconds: float
    text: str
    spoken_seconds: float
    sound: Sound


@dataclass(frozen=True, slots=True)
class ToolResponse:
    """What the app answered to a call of a function.

    Attributes:
        expected: whether there was such a call that nobody had answered or cancelled.
    """

    seconds: float
    id: str
    name: str
    response: Mapping[str, Any]
    expected: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """How a connection ended; `by` is `client`, `server` or `drop`."""

    seconds: float
    by: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRecord:
    """One WebSocket, as far as it has come.

    Attributes:
        token: the digest of the token; None where a key or nothing opened it.
        setup: what the client sent.
        effective_setup: what the session ran with, after the token's lock.
        resumed: whether it went on with an earlier conversation.
        scenario: the name of the scenario whose part it played, or empty.
        unmet: what a scenario expected in vain.
    """

    number: int
    opened_at: datetime
    version: str
    constrained: bool
    scenario: str
    token: str | None = None
    setup: Mapping[str, Any] | None = None
    effective_setup: Mapping[str, Any] | None = None
    resumed: bool = False
    events: tuple[Event, ...] = ()
    turns: tuple[UserTurn, ...] = ()
    tool_responses: tuple[ToolResponse, ...] = ()
    audio: Sound = field(default_factory=Sound)
    unmet: tuple[str, ...] = ()
    ending: Ended | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MintRecord:
    """One `POST auth_tokens`.

    Attributes:
        status: the HTTP status of the answer; None while there is none.
        key: the digest of the API key, if there was one.
        token: the digest of what was minted.
        body: the request, parsed; None if it was not JSON.
    """

    at: datetime
    path: str
    key: str | None
    body: Any
    status: int | None = None
    token: str | None = None


def as_json(value: Any) -> Any:
    """Return a record as plain JSON values, with names in camelCase and times in ISO 8601."""
    if is_dataclass(value):
        return {_camel_case(member.name): as_json(getattr(value, member.name)) for member in fields(value)}
    if isinstance(value, tuple):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
