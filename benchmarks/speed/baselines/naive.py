"""The function that everybody writes: imports at the top, clients made once, no look-up, no quota, no audit event."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import firebase_admin
import functions_framework
from firebase_admin import auth
from flask import Request
from google import genai
from google.cloud import secretmanager

from speed.baselines.locked import token_config

# https://docs.cloud.google.com/run/docs/samples/functions-http-cors
_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "Authorization, Content-Type"}

firebase_admin.initialize_app(options={"projectId": os.environ["FIREBASE_PROJECT_ID"]})


@cache
def client() -> genai.Client:
    """Return the one client of this process, with the key from Secret Manager."""
    secrets = secretmanager.SecretManagerServiceClient(transport="rest")
    answer = secrets.access_secret_version(name=os.environ["GEMINI_API_KEY_SECRET"])
    return genai.Client(api_key=answer.payload.data.decode())


@functions_framework.http
def mint(request: Request) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Answer one request."""
    if request.method == "OPTIONS":
        return {}, 204, {**_CORS, "Access-Control-Max-Age": "3600"}
    id_token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        auth.verify_id_token(id_token)
    except (ValueError, auth.InvalidIdTokenError):
        return {"error": "sign in"}, 401, _CORS
    gemini = client()  # with a name: the SDK closes a client that nobody holds, as one of two that came first
    token = gemini.auth_tokens.create(config=token_config())
    return {"token": token.name}, 200, _CORS
