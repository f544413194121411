"""What a client meets: a stand-in of its own, a clock that can be moved, and a credential."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme
from websockets.sync.client import connect

from gemini_live_stand_in import GeminiStandIn, Scenario, StandInConfig, create_app
from gemini_live_stand_in.serving import serve

MODEL = "gemini-3.8-live"
API_VERSION = "v1beta"

_KEY = "key-of-the-scorecard"
_PACE = 0.5
_NO_LIMIT = 1e6
_RPC = f"google.ai.generativelanguage.{API_VERSION}.GenerativeService.BidiGenerateContentConstrained"
_SECONDS = 30


class Clock:
    """The time, which a case can move ahead."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._moving = threading.Lock()

    def __call__(self) -> datetime:
        """Return the time of the stand-in."""
        with self._moving:
            return datetime.now(UTC) + self._ahead

    def move(self, seconds: float) -> None:
        """Let so much time pass at once."""
        with self._moving:
            self._ahead += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stand-in, as one client sees it.

    Attributes:
        url: where the client finds it.
        authority: a PEM file with the certificate that a client has to trust.
    """

    stand_in: GeminiStandIn
    clock: Clock
    url: str
    plain_host: str
    authority: Path

    @property
    def key(self) -> str:
        """The API key."""
        return _KEY

    def token(self) -> str:
        """Mint a token for one session, as a backend does."""
        request = urllib.request.Request(  # always http
            f"http://{self.plain_host}/{API_VERSION}/auth_tokens",
            data=json.dumps({"uses": 1}).encode(),
            headers={"x-goog-api-key": _KEY, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            return str(json.load(answer)["name"])

    def spend(self, token: str) -> None:
        """Open a session with a token and close it, so that a token of one use has none left."""
        setup = {"model": f"models/{MODEL}", "generationConfig": {"responseModalities": ["AUDIO"]}}
        with connect(f"ws://{self.plain_host}/ws/{_RPC}?access_token={token}", open_timeout=_SECONDS) as socket:
            socket.send(json.dumps({"setup": setup}))
            socket.recv(timeout=_SECONDS)
        self.stand_in.journal.clear()


@contextmanager
def staged(scenario: Scenario | None, *, secure: bool) -> Iterator[Stage]:
    """Serve a stand-in that plays a scenario, until the end of the block."""
    clock = Clock()
    config = StandInConfig(api_keys=frozenset({_KEY}), pace=_PACE, connection_seconds=_NO_LIMIT, go_away_seconds=0)
    stand_in = GeminiStandIn(config, now=clock)
    app = create_app(stand_in)
    with TemporaryDirectory() as folder, serve(app) as plain_host:
        authority = Path(folder, "authority.pem")
        server = Path(folder, "server.pem")
        trusted = trustme.CA()
        trusted.cert_pem.write_to_path(authority)
        trusted.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(server)
        with serve(app, tls=(server, server)) as secure_host:
            url = f"https://{secure_host}" if secure else f"http://{plain_host}"
            stand_in.play(scenario)
            yield Stage(stand_in, clock, url, plain_host, authority)
