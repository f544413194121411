"""Answers that no service of Google's gives, and that something on the way to it may: endless ones, and bad ones."""

import gzip
from collections.abc import Mapping

import anyio
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from support.google_hosts.upstream import Silence

DRIP_SECONDS = 0.4
LARGEST_ANSWER_BYTES = 64 * 1024
MEBIBYTE = 1024 * 1024


class Drip(Response):
    """A byte now and then, as long as somebody listens. No single read of it ever takes long."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def bytes_for_ever() -> object:
            while True:
                yield b" "
                await anyio.sleep(DRIP_SECONDS)

        await StreamingResponse(bytes_for_ever(), media_type="application/json")(scope, receive, send)  # type: ignore[arg-type]


def endless_answers() -> Mapping[str, ASGIApp]:
    """Return what costs a caller the time that the service is given."""
    return {"silence": Silence(), "a drip": Drip()}


def astray(there: str) -> Mapping[str, ASGIApp]:
    """Return what leads elsewhere, or holds more than memory does, or deeper than Python reads.

    Args:
        there: where the redirects lead.
    """
    bomb = gzip.compress(b" " * 60 * MEBIBYTE)
    assert len(bomb) < LARGEST_ANSWER_BYTES, "small enough to be read before it is decoded"
    zipped = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    redirects = {f"redirect {status}": RedirectResponse(there, status) for status in (301, 302, 303, 307, 308)}
    return {
        **redirects,
        "gzip that becomes 60 MiB": Response(bomb, headers=zipped),
        "60 MiB": Response(b" " * 60 * MEBIBYTE, media_type="application/json"),
        "a large answer": Response(b" " * (LARGEST_ANSWER_BYTES + 1), media_type="application/json"),
        "JSON nested deep": Response(b"[" * 60_000, media_type="application/json"),
        "an object nested deep": Response(b'{"a":' * 12_000, media_type="application/json"),
        "an error nested deep": Response(b"[" * 60_000, 500, media_type="application/json"),
        "an odd error": Response(b'{"error": "x"}', 400, media_type="application/json"),
        "an error that is a list": Response(b"[7]", 503, media_type="application/json"),
    }
