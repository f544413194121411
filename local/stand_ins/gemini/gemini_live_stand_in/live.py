"""The Live WebSocket: handshake, credential, first frame, lock, token, model; then the session."""

import asyncio
import re
from datetime import datetime
from typing import Any

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from gemini_live_stand_in.conversations import Conversation
from gemini_live_stand_in.credential import require_key, require_token
from gemini_live_stand_in.frame import Frames
from gemini_live_stand_in.journal import LOGGER, ConnectionJournal
from gemini_live_stand_in.model import require_model
from gemini_live_stand_in.redaction import fingerprint
from gemini_live_stand_in.refusals import MESSAGE_INVALID, CloseError, SilenceError
from gemini_live_stand_in.scenario import Connection
from gemini_live_stand_in.script import play_bare
from gemini_live_stand_in.session import Session
from gemini_live_stand_in.stand_in import GeminiStandIn
from gemini_live_stand_in.tokens import Token
from gemini_live_stand_in.wire import DropError, HalfOpenError, drop, leave_half_open

# The official JavaScript SDK always sends two leading slashes.
_PATH = re.compile(
    r"//?ws/google\.ai\.generativelanguage\.(?P<version>v1alpha|v1beta)\.GenerativeService\."
    r"BidiGenerateContent(?P<constrained>Constrained)?"
)


class LiveSocket:
    """The WebSocket half of the stand-in."""

    def __init__(self, stand_in: GeminiStandIn) -> None:
        self._stand_in = stand_in

    async def connect(self, websocket: WebSocket) -> None:
        """Serve one connection. Known paths always get their 101; every refusal is a close frame after it."""
        path = _PATH.fullmatch(websocket.scope["path"])
        if not path:
            LOGGER.info("handshake refused: 404")
            await websocket.send_denial_response(Response(status_code=404))
            return
        await websocket.accept()
        part, scenario = self._stand_in.playlist.next_connection()
        journal = self._stand_in.journal.open_connection(
            path["version"], constrained=bool(path["constrained"]), scenario=scenario
        )
        try:
            await self._serve(websocket, path["version"], part, journal, constrained=bool(path["constrained"]))
        except CloseError as closed:
            LOGGER.info("close: %d %s", closed.code, closed.reason)
            journal.ended("server", closed.code, closed.reason)
            await _close(websocket, closed)
        except DropError:
            LOGGER.info("dropped")
            journal.ended("drop", 1006, "")
            drop(websocket)
        except HalfOpenError as half_open:
            LOGGER.info("half open")
            over = self._stand_in.after(half_open.seconds) if half_open.seconds is not None else None
            journal.note("half open")
            await leave_half_open(websocket, self._until(over))
            journal.ended("drop", 1006, "")
        except WebSocketDisconnect as gone:
            LOGGER.info("client left: %d %s", gone.code, gone.reason)
            journal.ended("client", gone.code, gone.reason or "")

    async def _serve(
        self, websocket: WebSocket, version: str, part: Connection, journal: ConnectionJournal, *, constrained: bool
    ) -> None:
        frames = Frames(websocket, journal)
        if await play_bare(part.on_connect, frames, self._stand_in, journal):
            await frames.ignore()
        token: Token | None = None
        if constrained:
            token = require_token(self._stand_in, websocket.query_params, websocket.headers)
        else:
            require_key(self._stand_in, websocket.query_params, websocket.headers)
        LOGGER.info("connect: %s, %s", version, f"token {fingerprint(token.name)}" if token else "API key")
        journal.authorized(token.name if token else None)
        message = await frames.read()
        if "setup" not in message:
            raise CloseError(MESSAGE_INVALID)
        setup = token.lock.effective_setup(message["setup"]) if token else message["setup"]
        conversation = self._open(token, setup)
        journal.accepted(setup, resumed=_handle_of(setup) is not None)
        expire_time = token.expire_time if token else None
        session = Session(websocket, frames, self._stand_in, part, journal, setup, conversation, expire_time)
        try:
            # After the use was counted: a locked model that does not exist costs the token (ASSUMED).
            require_model(setup, self._stand_in.config.models, version)
            await session.run()
        except SilenceError as silence:
            LOGGER.info("setup: %s", silence)
            await session.stay_silent()
        finally:
            # Before the close frame goes out, so that a client may resume as soon as it has seen it.
            self._stand_in.conversations.end(conversation, self._stand_in.now())

    async def _until(self, moment: datetime | None) -> None:
        await (self._stand_in.until(moment) if moment else asyncio.Event().wait())

    def _open(self, token: Token | None, setup: dict[str, Any]) -> Conversation:
        now = self._stand_in.now()
        if token:
            token.require_unexpired(now)
        handle = _handle_of(setup)
        if handle:
            return self._stand_in.conversations.resume(handle, now)
        if token:
            self._stand_in.tokens.spend(token, now)
        return Conversation()


def _handle_of(setup: dict[str, Any]) -> str | None:
    return setup.get("sessionResumption", {}).get("handle") or None


async def _close(websocket: WebSocket, closed: CloseError) -> None:
    try:
        await websocket.close(closed.code, closed.reason)
    except WebSocketDisconnect:
        LOGGER.info("client left before it was told")
