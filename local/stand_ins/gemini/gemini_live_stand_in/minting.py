"""`POST /{v1alpha|v1beta}/auth_tokens`: shape first, then the key, then what the fields mean."""

import json
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from gemini_live_stand_in.journal import LOGGER
from gemini_live_stand_in.lock import Lock, MaskError, UnmaskedFieldError, parse_mask, require_masked
from gemini_live_stand_in.redaction import fingerprint
from gemini_live_stand_in.refusals import (
    MINT_AUTH_KEY_BAD,
    MINT_KEY_BAD,
    MINT_KEY_LEAKED,
    MINT_KEY_MISSING,
    MINT_MASK,
    MINT_NOT_FOUND,
    MINT_NOT_JSON,
    MINT_SHAPE,
    MINT_TOO_FAR,
    MINT_UNMASKED,
    MINT_USES_NEGATIVE,
    MintError,
)
from gemini_live_stand_in.shape import ShapeError, parse
from gemini_live_stand_in.stand_in import GeminiStandIn, KeyState, MintRequest
from gemini_live_stand_in.tokens import Token

LONGEST_LIFETIME = timedelta(hours=20)
DEFAULT_LIFETIME = timedelta(minutes=30)
DEFAULT_NEW_SESSION_WINDOW = timedelta(seconds=60)
DEFAULT_USES = 1

_KEY_REFUSALS = {
    KeyState.LEAKED: MINT_KEY_LEAKED,
    KeyState.UNKNOWN_AUTH_KEY: MINT_AUTH_KEY_BAD,
    KeyState.UNKNOWN: MINT_KEY_BAD,
}
_NOT_JSON = "<!DOCTYPE html><html><title>Error</title><p>The server could not complete your request.</p></html>"
_CREDENTIAL_HEADERS = frozenset({"x-goog-api-key", "authorization", "proxy-authorization", "cookie"})


class TokenMint:
    """The REST half of the stand-in."""

    def __init__(self, stand_in: GeminiStandIn) -> None:
        self._stand_in = stand_in

    async def post(self, request: Request) -> Response:
        """Answer one mint request with nothing but the token's name, or with Google's error JSON."""
        raw = await request.body()
        body = _parsed(raw)
        headers = {
            name: "(hidden)" if name in _CREDENTIAL_HEADERS else value for name, value in request.headers.items()
        }
        self._stand_in.record(MintRequest(request.url.path, headers, body))
        scripted = self._stand_in.playlist.next_mint()
        answered_at = self._stand_in.after(scripted.delay_seconds)
        journal = self._stand_in.journal.open_mint(request.url.path, _key_of(request), body)
        await self._stand_in.until(answered_at)
        if scripted.not_json:
            LOGGER.info("mint answered with HTML, by a scenario")
            journal.answered(200)
            return HTMLResponse(_NOT_JSON)
        try:
            refusal = scripted.mint_error()
            if refusal:
                raise refusal
            token = self._token_for(request, raw, body)
        except MintError as refused:
            LOGGER.info("mint refused: %d %s", refused.code, refused.status)
            journal.answered(refused.code)
            return JSONResponse(refused.body(), refused.code)
        LOGGER.info("mint: token %s, uses %d, until %s", fingerprint(token.name), token.uses, token.expire_time)
        journal.answered(200, token.name)
        return JSONResponse({"name": token.name})

    def _token_for(self, request: Request, raw: bytes, body: object) -> Token:
        if not isinstance(body, dict):
            raise MintError(MINT_NOT_JSON, where=raw[:40].decode(errors="replace"))
        fields = _shaped(body)
        self._require_key(request)
        return self._mint(fields)

    async def not_found(self, request: Request, _error: Exception) -> Response:
        """Answer for v1 and for everything that is not the one POST."""
        LOGGER.info("not found: %s", request.method)
        refused = MintError(MINT_NOT_FOUND)
        return JSONResponse(refused.body(), refused.code)

    def _require_key(self, request: Request) -> None:
        key = _key_of(request)
        if not key:
            raise MintError(MINT_KEY_MISSING)
        state = self._stand_in.key_state(key)
        if state is not KeyState.VALID:
            raise MintError(_KEY_REFUSALS[state])

    def _mint(self, fields: dict[str, Any]) -> Token:
        now = self._stand_in.now()
        uses = fields.get("uses", DEFAULT_USES)
        if uses < 0:
            raise MintError(MINT_USES_NEGATIVE)
        setup = fields.get("bidiGenerateContentSetup")
        try:
            mask = parse_mask(fields.get("fieldMask", ""))
            if mask:
                require_masked(setup or {}, mask)
        except MaskError:
            raise MintError(MINT_MASK) from None
        except UnmaskedFieldError:
            raise MintError(MINT_UNMASKED) from None
        return self._stand_in.tokens.mint(
            uses=uses,
            expire_time=_near("expire_time", fields.get("expireTime", now + DEFAULT_LIFETIME), now),
            new_session_expire_time=_near(
                "new_session_expire_time",
                fields.get("newSessionExpireTime", now + DEFAULT_NEW_SESSION_WINDOW),
                now,
            ),
            lock=Lock(setup, mask),
        )


def _key_of(request: Request) -> str | None:
    return request.headers.get("x-goog-api-key") or request.query_params.get("key")


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError):
        return None


def _shaped(body: object) -> dict[str, Any]:
    try:
        return parse("AuthToken", body, "auth_token")
    except ShapeError as fault:
        raise MintError(MINT_SHAPE, field=fault.field, fault=str(fault)) from None


def _near(field: str, moment: datetime, now: datetime) -> datetime:
    if moment >= now + LONGEST_LIFETIME:
        raise MintError(MINT_TOO_FAR, field=f"auth_token.{field}", name=field)
    return moment
