"""The backend that is shared in forums: FastAPI, an `async def` that calls synchronous SDKs, a client per request.

It has the key in its environment, so it does one request less than the others.
"""

from __future__ import annotations

import os

import firebase_admin
from fastapi import FastAPI, Header, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from firebase_admin import auth
from google import genai

from speed.baselines.locked import token_config

firebase_admin.initialize_app(options={"projectId": os.environ["FIREBASE_PROJECT_ID"]})
app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])


async def mint(authorization: str = Header("")) -> dict[str, str | None]:
    """Answer one request."""
    try:
        auth.verify_id_token(authorization.removeprefix("Bearer "))
    except (ValueError, auth.InvalidIdTokenError) as error:
        raise HTTPException(401, "sign in") from error
    client = genai.Client(api_key=os.environ["GEMINI_API_KEY"])
    token = client.auth_tokens.create(config=token_config())
    return {"token": token.name}


app.add_api_route("/", mint, methods=["POST"])
