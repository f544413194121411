"""The client's side of a stand-in that is served on its own: minting and one answer, with or without TLS."""

import asyncio
import json
import ssl

import requests
from websockets.asyncio.client import connect

from stand_ins.gemini_client import KEY, Message

TIMEOUT = 20


def mint(url: str, verify: str | bool = True) -> requests.Response:
    return requests.post(
        f"{url}/v1beta/auth_tokens", json={}, headers={"x-goog-api-key": KEY}, timeout=TIMEOUT, verify=verify
    )


def first_answer_over_tls(url: str, trust: ssl.SSLContext, setup: Message) -> Message:
    # Not with the threaded client: it reads and writes one TLS object from two threads, and 1 in 1,000 hangs.
    async def ask() -> Message:
        async with asyncio.timeout(TIMEOUT), connect(url, ssl=trust, proxy=None) as websocket:
            await websocket.send(json.dumps({"setup": setup}))
            answer: Message = json.loads(await websocket.recv())
            return answer

    return asyncio.run(ask())
