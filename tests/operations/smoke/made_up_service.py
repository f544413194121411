"""A service with one fault: like function and Gemini as far as the smoke test looks, and wrong where a test says."""

import base64
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from gemini_live_stand_in import GeminiStandIn, StandInConfig, create_app
from gemini_live_stand_in.serving import serve
from support.production.id_tokens import encode

PROJECT = "made-up-project"
KEY = "made-up-gemini-key-of-the-smoke-tests"
MODEL = "models/gemini-3.8-live"
NO_STORE: Mapping[str, str] = {"Cache-Control": "no-store"}

Json = dict[str, Any]


def id_token() -> str:
    """Return an ID token as the emulator makes them."""
    now = int(time.time())
    claims = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": "ann",
        "user_id": "ann",
        "iat": now,
        "exp": now + 3600,
    }
    return encode({"alg": "none", "typ": "JWT"}, claims, lambda _: b"")


def full_lock(handle: str | None = None) -> Json:
    """Return the body of a mint as the function sends it."""
    now = datetime.now(UTC)
    return {
        "uses": 1,
        "newSessionExpireTime": (now + timedelta(seconds=60)).isoformat(),
        "expireTime": (now + timedelta(seconds=900)).isoformat(),
        "bidiGenerateContentSetup": {
            "model": MODEL,
            "generationConfig": {"responseModalities": ["AUDIO"]},
            "outputAudioTranscription": {},
            "sessionResumption": {"handle": handle} if handle else {},
        },
    }


def unchanged(value: Json) -> Json:
    return value


@dataclass(frozen=True)
class Faults:
    """What the service does otherwise.

    Attributes:
        needs_sign_in: a call without an ID token is refused.
        knows_its_project: a call with another project's is refused.
        refusal: changes with which status and reason a call is refused.
        mint: changes what Gemini is asked for.
        gemini: speaks in place of the stand-in for Gemini.
        lease_seconds: with it, the profile has leases of that length, and one session at a time.
        renews: a session that is named gets its next lease at once, so that no test waits; else the same one again.
        takes_end: a session that the app ends gives its slot back.
        tokens: how many it gives in all, and the status and reason from then on.
    """

    needs_sign_in: bool = True
    knows_its_project: bool = True
    refusal: Callable[[str], tuple[int, str]] = lambda reason: (401, reason)
    mint: Callable[[Json], Json] = unchanged
    result: Callable[[Json], Json] = unchanged
    headers: Mapping[str, str] = field(default_factory=lambda: NO_STORE)
    everything: ASGIApp | None = None
    gemini: ASGIApp | None = None
    lease_seconds: int | None = None
    renews: bool = True
    takes_end: bool = True
    tokens: tuple[int, int, str] = (1000, 429, "HOURLY_QUOTA_EXCEEDED")


@contextmanager
def run_service(faults: Faults) -> Iterator[str]:
    """Serve it, and yield the function's URL."""
    with ExitStack() as stack:
        app = faults.everything
        if app is None:
            stand_in = create_app(GeminiStandIn(StandInConfig(api_keys=frozenset({KEY}), pace=0)))
            mint_host = stack.enter_context(serve(stand_in))
            live_host = stack.enter_context(serve(faults.gemini)) if faults.gemini else mint_host
            app = Starlette(routes=[Route("/", _Function(faults, mint_host, live_host).post, methods=["POST"])])
        yield f"http://{stack.enter_context(serve(app))}"


@dataclass
class _Function:
    faults: Faults
    mint_host: str
    live_host: str
    given: int = 0
    session: str | None = None
    leased_until: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    async def post(self, request: Request) -> Response:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.faults.needs_sign_in and not bearer:
            return self._refuse("ID_TOKEN_MISSING")
        if bearer and self.faults.knows_its_project and _claims(bearer).get("aud") != PROJECT:
            return self._refuse("ID_TOKEN_INVALID")
        return await run_in_threadpool(self._decide, (await request.json())["data"])

    def _decide(self, data: Json) -> Response:
        if "end" in data:
            if self.faults.takes_end:
                self.session = None
            return self._answer({"ended": data["end"] if self.faults.takes_end else None})
        most, status, reason = self.faults.tokens
        if self.given >= most:
            return self._error(status, reason)
        if self.session is not None and data.get("session") != self.session:
            return self._error(429, "TOO_MANY_SESSIONS")
        self.given += 1
        return self._answer(self.faults.result(self._live_token(data)))

    def _answer(self, result: Json) -> Response:
        return JSONResponse({"result": result}, headers=dict(self.faults.headers))

    def _refuse(self, reason: str) -> Response:
        return self._error(*self.faults.refusal(reason))

    def _error(self, status: int, reason: str) -> Response:
        error = {"status": "UNAUTHENTICATED", "message": "Sign in.", "details": {"reason": reason, "requestId": "1"}}
        return JSONResponse({"error": error}, status, dict(self.faults.headers))

    def _live_token(self, data: Json) -> Json:
        body = self.faults.mint(full_lock(data.get("resumptionHandle")))
        minted = requests.post(
            f"http://{self.mint_host}/v1beta/auth_tokens", json=body, headers={"x-goog-api-key": KEY}, timeout=10
        )
        token = minted.json()["name"]
        path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContentConstrained"
        now = datetime.now(UTC).replace(microsecond=0)
        return {
            "token": token,
            "websocketUrl": f"ws://{self.live_host}{path}?access_token={token}",
            "setup": {"model": MODEL},
            "apiVersion": "v1beta",
            "model": MODEL,
            "profile": "default",
            "issuedAt": _time(now),
            "newSessionExpireTime": _time(now + timedelta(seconds=60)),
            "expireTime": _time(now + timedelta(seconds=900)),
            "quota": {"remaining": 19, "resetTime": _time(now + timedelta(hours=1))},
            **(self._lease(data, now, self.faults.lease_seconds) if self.faults.lease_seconds else {}),
        }

    def _lease(self, data: Json, now: datetime, seconds: int) -> Json:
        """Return the fields of a lease."""
        if "session" not in data:
            self.session, self.leased_until = secrets.token_urlsafe(12), now + timedelta(seconds=seconds)
        elif self.faults.renews:
            self.leased_until += timedelta(seconds=seconds)
        return {
            "expireTime": _time(self.leased_until),
            "session": {
                "id": self.session,
                "endsAt": _time(self.leased_until + timedelta(hours=1)),
                "renewAfter": _time(now),
                "renewBefore": _time(self.leased_until),
                "leaseSeconds": seconds,
            },
        }


class Script:
    """A Gemini that says what it is told, whatever it hears.

    Args:
        turns: frames to send after each message that comes in.
        close: close frame to send after the last of them; without it, the script waits for the client to leave.
    """

    def __init__(self, *turns: Sequence[bytes], close: tuple[int, str] | None = None) -> None:
        self._turns = turns
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        await websocket.accept()
        for frames in self._turns:
            if (await websocket.receive())["type"] == "websocket.disconnect":
                return
            for frame in frames:
                await websocket.send_bytes(frame)
        if self._close:
            await websocket.close(*self._close)
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass


SETUP_COMPLETE = [b'{"setupComplete": {}}']
HALF_AN_ANSWER = [json.dumps({"serverContent": {"outputTranscription": {"text": secrets.token_hex(2)}}}).encode()]
ANSWER = [b'{"serverContent": {"outputTranscription": {"text": "hello"}, "turnComplete": true}}']
EMPTY_TURN = [b'{"serverContent": {"turnComplete": true}}']


class InTurn:
    """A Gemini to which each connection is another one.

    Args:
        apps: what speaks on the first connection, on the second, and so on.
    """

    def __init__(self, *apps: ASGIApp) -> None:
        self._apps = iter(apps)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await next(self._apps)(scope, receive, send)


class TokenRepeatingServer:
    """A Gemini that repeats the token when it closes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        await websocket.accept()
        await websocket.close(1011, f"Bad token {websocket.query_params['access_token']}")


class RefusedHandshake:
    """A WebSocket server that answers the handshake with an HTTP status."""

    def __init__(self, status: int = 403) -> None:
        self._status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await WebSocket(scope, receive, send).send_denial_response(Response(status_code=self._status))


def _claims(token: str) -> Json:
    claims: Json = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


def _time(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
