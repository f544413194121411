"""What the work itself costs in Python: uvicorn, PyJWT and bare HTTP. No SDK, no framework, no check of the answers."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import jwt
from cryptography.x509 import load_pem_x509_certificate

PROJECT = os.environ["FIREBASE_PROJECT_ID"]
CERTIFICATES = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"
METADATA = f"http://{os.environ['GCE_METADATA_HOST']}/computeMetadata/v1/instance/service-accounts/default/token"
SECRET = f"https://secretmanager.googleapis.com/v1/{os.environ['GEMINI_API_KEY_SECRET']}:access"
MINT = "https://generativelanguage.googleapis.com/v1beta/auth_tokens"
SETUP = {
    "model": "models/gemini-3.8-live",
    "generationConfig": {
        "responseModalities": ["AUDIO"],
        "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
    },
    "systemInstruction": {"parts": [{"text": "You are a friendly assistant in a mobile app."}], "role": "user"},
    "inputAudioTranscription": {},
    "outputAudioTranscription": {},
    "contextWindowCompression": {"triggerTokens": 25000, "slidingWindow": {"targetTokens": 8000}},
    "sessionResumption": {},
}

_client: list[httpx2.AsyncClient] = []
_keys: dict[str, Any] = {}
_api_key: list[str] = []


async def mint(id_token: str) -> dict[str, Any]:
    """Return a token.

    Raises:
        jwt.PyJWTError: the ID token is not good.
    """
    if not _client:
        _client.append(httpx2.AsyncClient(timeout=10))
    (client,) = _client
    key_id = jwt.get_unverified_header(id_token)["kid"]
    if key_id not in _keys:
        answer = (await client.get(CERTIFICATES)).json()
        _keys.update({kid: load_pem_x509_certificate(pem.encode()).public_key() for kid, pem in answer.items()})
    jwt.decode(id_token, _keys[key_id], ["RS256"], audience=PROJECT, issuer=f"https://securetoken.google.com/{PROJECT}")
    if not _api_key:
        access = (await client.get(METADATA, headers={"Metadata-Flavor": "Google"})).json()["access_token"]
        secret = (await client.get(SECRET, headers={"Authorization": f"Bearer {access}"})).json()
        _api_key.append(base64.b64decode(secret["payload"]["data"]).decode())
    now = datetime.now(UTC)
    body = {
        "uses": 1,
        "expireTime": (now + timedelta(minutes=10)).isoformat(),
        "newSessionExpireTime": (now + timedelta(minutes=1)).isoformat(),
        "bidiGenerateContentSetup": SETUP,
    }
    answer = (await client.post(MINT, json=body, headers={"x-goog-api-key": _api_key[0]})).json()
    return {"token": answer["name"]}


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer one request, as ASGI has it."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    authorization = dict(scope["headers"]).get(b"authorization", b"").decode()
    try:
        status, answer = 200, await mint(authorization.removeprefix("Bearer "))
    except jwt.PyJWTError:
        status, answer = 401, {"error": "sign in"}
    body = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
