"""The naive function of those who make their clients where they use them: for every request."""

from __future__ import annotations

import os
from typing import Any

import firebase_admin
import functions_framework
from firebase_admin import auth
from flask import Request
from google import genai
from google.cloud import secretmanager

from speed.baselines.locked import token_config

firebase_admin.initialize_app(options={"projectId": os.environ["FIREBASE_PROJECT_ID"]})


@functions_framework.http
def mint(request: Request) -> tuple[dict[str, Any], int]:
    """Answer one request."""
    id_token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        auth.verify_id_token(id_token)
    except (ValueError, auth.InvalidIdTokenError):
        return {"error": "sign in"}, 401
    secrets = secretmanager.SecretManagerServiceClient(transport="rest")
    key = secrets.access_secret_version(name=os.environ["GEMINI_API_KEY_SECRET"]).payload.data.decode()
    client = genai.Client(api_key=key)  # with a name: the SDK closes a client that nobody holds
    token = client.auth_tokens.create(config=token_config())
    return {"token": token.name}, 200
