"""The stand-in itself: its settings, its keys, and what it remembers."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

from gemini_live_stand_in.conversations import Conversations
from gemini_live_stand_in.journal import Journal
from gemini_live_stand_in.playlist import Playlist
from gemini_live_stand_in.scenario import Scenario
from gemini_live_stand_in.tokens import Tokens

DEFAULT_MODELS = frozenset(
    {
        "gemini-3.8-live",
        "gemini-3.8-live-extended-thinking",
        "gemini-3.5-live-translate-preview",
        "gemini-3.1-flash-live-preview",
        "gemini-2.5-flash-native-audio-preview-12-2025",
        "gemini-2.5-flash-native-audio-latest",
    }
)
"""The speech models of the Live API, late 2026. Names rot: pass your own set if yours is missing."""

WATCH_SECONDS = 0.05
"""How often the stand-in's clock is looked at, which tests may move."""

_REMEMBERED_REQUESTS = 10_000


@dataclass(frozen=True, kw_only=True)
class StandInConfig:
    """What the stand-in accepts and how fast it runs.

    `pace` scales all waiting inside a reply: 1.0 speaks in real time, 0 does not wait at all.
    `go_away_seconds` before the end of a connection's `connection_seconds` the server says goAway.
    `model_turns` is how many model turns one prompt brings on models with an `interactionStatus`; None is the model's
    own number.
    """

    api_keys: frozenset[str] = field(repr=False)
    leaked_keys: frozenset[str] = field(default=frozenset(), repr=False)
    models: frozenset[str] = DEFAULT_MODELS
    connection_seconds: float = 600.0
    go_away_seconds: float = 60.0
    pace: float = 1.0
    model_turns: int | None = None

    def __post_init__(self) -> None:
        """Refuse settings that make no sense, and take model names with or without `models/`."""
        if self.connection_seconds <= 0 or self.go_away_seconds < 0 or self.pace < 0:
            raise ValueError("connection_seconds must be positive; go_away_seconds and pace must not be negative.")
        if self.model_turns is not None and self.model_turns < 1:
            raise ValueError("model_turns must be 1 or more.")
        if "" in self.api_keys:
            raise ValueError("An API key must not be empty.")
        object.__setattr__(self, "models", frozenset(name.removeprefix("models/") for name in self.models))


@dataclass(frozen=True, slots=True)
class MintRequest:
    """One recorded `POST auth_tokens`, granted or refused, for tests that assert the wire.

    Header names are lower-case; the values of credential headers read `(hidden)`. `body` is the parsed JSON
    (None if it was not JSON). The repr shows the path only.
    """

    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: object = field(repr=False)


class KeyState(Enum):
    """What an API key is to the stand-in."""

    VALID = "valid"
    LEAKED = "leaked"
    UNKNOWN_AUTH_KEY = "unknown auth key"
    UNKNOWN = "unknown"


class GeminiStandIn:
    """A local Gemini: owns the tokens, the conversations and the keys. Serve it with `create_app`.

    Attributes:
        now: the clock for every rule about time; tests pass their own and move it.
        journal: what happened so far.
        playlist: what is still to be played of a scenario.
    """

    def __init__(
        self,
        config: StandInConfig,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        scenario: Scenario | None = None,
    ) -> None:
        self.config = config
        self.now = now
        self.tokens = Tokens()
        self.conversations = Conversations()
        self.playlist = Playlist(scenario)
        self._api_keys = config.api_keys
        self._all_keys = config.api_keys | config.leaked_keys
        self.journal = Journal(now, lambda: self._all_keys)
        self._mint_requests: deque[MintRequest] = deque(maxlen=_REMEMBERED_REQUESTS)
        self._recording = threading.Lock()

    def __repr__(self) -> str:
        """Show the settings, which hide the keys."""
        return f"GeminiStandIn({self.config!r})"

    def replace_api_keys(self, keys: Iterable[str]) -> None:
        """Rotate: now exactly these keys are valid. Thread-safe; minted tokens stay good (ASSUMED)."""
        self._api_keys = frozenset(keys)
        self._all_keys |= self._api_keys

    def play(self, scenario: Scenario | None) -> None:
        """Play a scenario with the next connections and mint requests, in place of what is left of another."""
        self.playlist.play(scenario)

    def after(self, seconds: float) -> datetime:
        """Return the moment in so many seconds."""
        return self.now() + timedelta(seconds=seconds)

    async def until(self, moment: datetime) -> None:
        """Wait until the stand-in's clock has reached a moment."""
        while (left := (moment - self.now()).total_seconds()) > 0:
            await asyncio.sleep(min(left, WATCH_SECONDS))

    @property
    def mint_requests(self) -> tuple[MintRequest, ...]:
        """The mint requests so far, oldest first (the last 10,000)."""
        with self._recording:
            return tuple(self._mint_requests)

    def record(self, request: MintRequest) -> None:
        """Remember one mint request."""
        with self._recording:
            self._mint_requests.append(request)

    def key_state(self, key: str) -> KeyState:
        """Judge an API key. The `AQ.` prefix matters only for how an unknown key is refused."""
        if key in self.config.leaked_keys:
            return KeyState.LEAKED
        if key in self._api_keys:
            return KeyState.VALID
        return KeyState.UNKNOWN_AUTH_KEY if key.startswith("AQ.") else KeyState.UNKNOWN
