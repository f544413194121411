"""What the Python apps share: the microphone is stdin, a line for 40 ms of sound; what happens goes to stdout."""

import asyncio
import base64
import json
import os
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

URL = os.environ["LIVE_URL"]
KEY = os.environ["LIVE_KEY"]
MODEL = os.environ["LIVE_MODEL"]
API_VERSION = os.environ["LIVE_API_VERSION"]
MINT = os.environ.get("LIVE_MINT") == "1"
INSTRUCTION = "You are a friendly assistant. Answer in one sentence."

WEATHER_SECONDS = 1.0


def tell(event: str, **details: Any) -> None:
    """Print what happened."""
    print(json.dumps({"event": event, **details}), flush=True)


async def weather(city: str) -> dict[str, str]:
    """Look up the weather, which takes a second."""
    await asyncio.sleep(WEATHER_SECONDS)
    return {"weather": f"rain in {city}"}


async def microphone() -> AsyncIterator[bytes | None]:
    """Yield 40 ms of sound at a time, PCM16 mono at 16 kHz; None when it is switched off."""
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(chunks.put_nowait, line.strip())
        loop.call_soon_threadsafe(chunks.put_nowait, "")

    threading.Thread(target=read, daemon=True).start()
    while line := await chunks.get():
        yield None if line == "mute" else base64.b64decode(line)


def words(error: BaseException) -> str:
    """Return what an error says, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def hang_up() -> None:
    """End at once: some clients leave threads behind."""
    sys.stdout.flush()
    os._exit(0)
