"""The real transport to an upstream, made as `main` makes it, for adapters that ask a server on loopback."""

import os
from collections.abc import Callable, Mapping
from urllib.request import proxy_bypass

import httpx2

from live_tokens.bounded_transport import BoundedTransport
from live_tokens.deadline import Deadline
from live_tokens.upstream import Upstream

_made: list[BoundedTransport] = []


def transport() -> BoundedTransport:
    """Return a transport that trusts whom the environment says, through the proxy that it names."""
    made = BoundedTransport(16, httpx2.create_ssl_context(), os.environ.get("HTTPS_PROXY"), proxy_bypass)
    _made.append(made)
    return made


def upstream(seconds: float = 10.0, authorize: Callable[[Deadline], Mapping[str, str]] | None = None) -> Upstream:
    """Return an upstream that has as long as it wants to answer."""
    return Upstream(transport(), seconds, authorize)


def close_connections() -> None:
    """Close what these have opened. They stay usable."""
    for made in _made:
        made.close()
