"""Where a user taps: in an app in Node, a process for each tap, or in a page in Chromium, a fresh one for each."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from speed.running import BenchmarkError
from speed.subjects import ROOT

NODE = "Node"
CHROMIUM = "Chromium"

_HERE = Path(__file__).parent
_PACKAGES = {"client": str(ROOT / "client"), "sdks": str(ROOT / "tests/support/sdks/node")}
_NAMES_OF_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_TAP_SECONDS = 120.0
_END_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Milliseconds from the tap."""

    setup: float
    sound: float


Tap = Callable[[Mapping[str, object]], Awaitable[Wait]]
"""Lets a user tap. What is asked is described in `tap.mjs`.

Raises:
    BenchmarkError: the tap led to no sound.
"""


async def tap_in_node(asked: Mapping[str, object]) -> Wait:
    """Tap in Node. It is a `Tap`."""
    process = await _node("tap_in_node.mjs", {**asked, **_PACKAGES})
    output, errors = await asyncio.wait_for(process.communicate(), _TAP_SECONDS)
    if process.returncode:
        raise BenchmarkError(f"A tap in Node failed: {errors.decode()[-2000:]}")
    return Wait(**json.loads(output))


@asynccontextmanager
async def chromium() -> AsyncIterator[Tap]:
    """Yield the way to tap in Chromium, which runs until the end of the `with` block.

    Raises:
        BenchmarkError: there is no Chromium.
    """
    process = await _node("tap_in_chromium.mjs", {"chromium": chromium_path(), **_PACKAGES})

    async def tap(asked: Mapping[str, object]) -> Wait:
        answer = await asyncio.wait_for(_exchange(process, asked), _TAP_SECONDS)
        if not answer:
            _, errors = await process.communicate()
            raise BenchmarkError(f"A tap in Chromium failed: {errors.decode()[-2000:]}")
        return Wait(**json.loads(answer))

    try:
        yield tap
    finally:
        with suppress(TimeoutError):  # the end of its input ends it, unless it hangs
            await asyncio.wait_for(process.communicate(), _END_SECONDS)
        if process.returncode is None:
            process.kill()


def chromium_path(path: str | None = None) -> str:
    """Return where Chromium is.

    Args:
        path: folders to look in, as in PATH; None for PATH.

    Raises:
        BenchmarkError: there is none.
    """
    for name in _NAMES_OF_CHROMIUM:
        if found := shutil.which(name, path=path):
            return found
    raise BenchmarkError("--browser needs Chromium, and there is none: apt-get install chromium")


async def _exchange(process: asyncio.subprocess.Process, asked: Mapping[str, object]) -> bytes:
    if not process.stdin or not process.stdout:
        return b""
    process.stdin.write(json.dumps(asked).encode() + b"\n")
    return await process.stdout.readline()


async def _node(program: str, argument: Mapping[str, object]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        "node", str(_HERE / program), json.dumps(argument), stdin=pipe, stdout=pipe, stderr=pipe
    )
