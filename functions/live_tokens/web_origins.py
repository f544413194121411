"""Origins of web apps, as browsers write them: what is written otherwise never matches one. No I/O."""

from __future__ import annotations

import re

# How a browser writes an origin. infra/variables.tf has the same three expressions.
# Source: https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin
_ORIGIN = re.compile(
    r"[a-z][a-z0-9+.-]*://([a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])"
    r"(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
)
_DEFAULT_PORT = re.compile(r"http://.*:80|https://.*:443")
# Pages of these have no origin, or are none.
_NO_ORIGIN = re.compile(r"(about|blob|data|file|ftp|javascript|wss?):.*")
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://([^/?#]*@)?(?P<host>[^/?#@:\[\]\s;]+|\[[^]]*\])(?P<port>:[0-9]*)?([/?#].*)?",
    re.IGNORECASE | re.DOTALL,
)


def is_origin(text: str) -> bool:
    """Return whether a browser or a web view can send a text as its `Origin`."""
    return bool(_ORIGIN.fullmatch(text)) and not _DEFAULT_PORT.fullmatch(text) and not _NO_ORIGIN.fullmatch(text)


def right_form(text: str) -> str:
    """Return what to write in place of a text that is no origin, without what may be a secret in it."""
    if text == "*":
        return "use * as the only entry"
    if "*" in text:
        return "a wildcard matches nothing; name each origin"
    if text == "null" or _NO_ORIGIN.fullmatch(text.lower()):
        return "such a page has no origin"
    url = _URL.fullmatch(text)
    if url is None:
        return "write scheme://host, such as https://app.example.com"
    origin = f"{url['scheme']}://{url['host']}".lower()
    port = (url["port"] or "").lstrip(":").lstrip("0")
    if port and not _DEFAULT_PORT.fullmatch(f"{origin}:{port}"):
        origin = f"{origin}:{port}"
    if not origin.isascii():
        return "write its host as browsers do, in ASCII (xn--…)"
    return f"write {origin}" if is_origin(origin) else "the host or port is not valid"
