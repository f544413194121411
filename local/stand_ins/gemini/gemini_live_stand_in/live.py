"""The Live WebSocket: handshake, credential, first frame, lock, token, model; then the session."""

import re
from typing import Any

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from gemini_live_stand_in.conversations import Conversation
from gemini_live_stand_in.credential import require_key, require_token
from gemini_live_stand_in.frame import read_message
from gemini_live_stand_in.journal import LOGGER, fingerprint
from gemini_live_stand_in.model import require_model
from gemini_live_stand_in.refusals import MESSAGE_INVALID, CloseError, SilenceError
from gemini_live_stand_in.session import Session
from gemini_live_stand_in.stand_in import GeminiStandIn
from gemini_live_stand_in.tokens import Token

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
        try:
            await self._serve(websocket, path["version"], constrained=bool(path["constrained"]))
        except CloseError as closed:
            LOGGER.info("close: %d %s", closed.code, closed.reason)
            await _close(websocket, closed)
        except WebSocketDisconnect as gone:
            LOGGER.info("client left: %d %s", gone.code, gone.reason)

    async def _serve(self, websocket: WebSocket, version: str, *, constrained: bool) -> None:
        token: Token | None = None
        if constrained:
            token = require_token(self._stand_in, websocket.query_params, websocket.headers)
        else:
            require_key(self._stand_in, websocket.query_params, websocket.headers)
        LOGGER.info("connect: %s, %s", version, f"token {fingerprint(token.name)}" if token else "API key")
        message = await read_message(websocket)
        if "setup" not in message:
            raise CloseError(MESSAGE_INVALID)
        setup = token.lock.effective_setup(message["setup"]) if token else message["setup"]
        conversation = self._open(token, setup)
        session = Session(websocket, self._stand_in, setup, conversation, token.expire_time if token else None)
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

    def _open(self, token: Token | None, setup: dict[str, Any]) -> Conversation:
        now = self._stand_in.now()
        if token:
            token.require_unexpired(now)
        handle = setup.get("sessionResumption", {}).get("handle")
        if handle:
            return self._stand_in.conversations.resume(handle, now)
        if token:
            self._stand_in.tokens.spend(token, now)
        return Conversation()


async def _close(websocket: WebSocket, closed: CloseError) -> None:
    try:
        await websocket.close(closed.code, closed.reason)
    except WebSocketDisconnect:
        LOGGER.info("client left before it was told")
