"""Who opens a WebSocket: judged right after the handshake, before any frame is read."""

from starlette.datastructures import Headers, QueryParams

from gemini_live_stand_in.refusals import (
    PLAIN_BEARER,
    PLAIN_KEY_BAD,
    PLAIN_KEY_LEAKED,
    PLAIN_UNREGISTERED,
    TOKEN_MALFORMED,
    CloseError,
)
from gemini_live_stand_in.stand_in import GeminiStandIn, KeyState
from gemini_live_stand_in.tokens import Token


def require_key(stand_in: GeminiStandIn, query: QueryParams, headers: Headers) -> None:
    """Admit a valid API key to the plain RPC; tokens in any place are refused here, the commonest mistake."""
    key = headers.get("x-goog-api-key") or query.get("key")
    if key:
        state = stand_in.key_state(key)
        if state is KeyState.LEAKED:
            raise CloseError(PLAIN_KEY_LEAKED)
        if state is not KeyState.VALID:
            raise CloseError(PLAIN_KEY_BAD)
        return
    scheme, _, _ = headers.get("authorization", "").partition(" ")
    raise CloseError(PLAIN_BEARER if scheme.lower() == "bearer" else PLAIN_UNREGISTERED)


def require_token(stand_in: GeminiStandIn, query: QueryParams, headers: Headers) -> Token:
    """Find the token given to the Constrained RPC, by query or by `Authorization: Token …`.

    The Python SDK sends the token as x-goog-api-key too, which is ignored here.
    """
    presented = query.getlist("access_token")
    if not presented:
        scheme, _, name = headers.get("authorization", "").partition(" ")
        presented = [name] if scheme.lower() == "token" else []
    token = stand_in.tokens.find(presented[0]) if len(presented) == 1 else None
    if token is None:
        raise CloseError(TOKEN_MALFORMED)
    return token
