"""Serves the page on 127.0.0.1, and does for it on this machine what a page cannot: scenarios and stop switches."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType

import requests

from stack import LocalStack

PAGE_HOST = "127.0.0.1"
_PAGE = Path(__file__).parent / "page"
_CLIENT = Path(__file__).parents[2] / "client" / "dist" / "esm"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
_JSON = "application/json"
_LONGEST_BODY = 10_000
_TIMEOUT_SECONDS = 10
# blob: is the AudioWorklet of client/. A page with ?mint= calls a deployed function, Firebase and Gemini.
_POLICY = (
    "default-src 'none'; script-src 'self' blob:; style-src {styles}; img-src 'self' data:; "
    "connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:* https: wss:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_POLICY = _POLICY.format(styles="'self'")
_APP_POLICY = _POLICY.format(styles="'self' 'unsafe-inline'")  # React Native for Web makes its styles in the page
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class PageStack:
    """What the page needs of a local stack.

    Attributes:
        control_url: of the Gemini stand-in, or None: Gemini is Google's.
    """

    mint_url: str
    auth_url: str
    profiles: tuple[str, ...]
    switches_file: Path
    control_url: str | None

    @classmethod
    def of(cls, stack: LocalStack) -> PageStack:
        """Return what the page needs of a running stack."""
        control_url = None if stack.gemini is None else stack.gemini["controlUrl"]
        return cls(
            mint_url=stack.function_url,
            auth_url=f"http://{stack.auth_host}",
            profiles=stack.profiles,
            switches_file=stack.switches_file,
            control_url=None if control_url is None else str(control_url),
        )

    def as_json(self) -> dict[str, object]:
        """Return what the page reads at its start."""
        return {
            "mint": self.mint_url,
            "auth": self.auth_url,
            "profiles": self.profiles,
            "control": self.control_url is not None,
        }


class PageServer:
    """A running server; a context manager.

    Args:
        port: 0 takes a free one.
        app: folder of an exported Expo app, which is served in place of the page.

    Attributes:
        url: of the page.

    Raises:
        OSError: on creation, if the port is in use.
    """

    def __init__(self, stack: PageStack, port: int = 0, app: Path | None = None) -> None:
        self._server = _Server(stack, port, app)
        self.url = f"http://{PAGE_HOST}:{self._server.server_port}/"
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> PageServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, stack: PageStack, port: int, app: Path | None) -> None:
        self.stack = stack
        self.app = app
        super().__init__((PAGE_HOST, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # or each answer waits 40 ms for an acknowledgement

    def do_GET(self) -> None:
        if not self._is_for_us():
            return
        path = self.path.partition("?")[0]
        if path == "/stack.json":
            self._answer(HTTPStatus.OK, json.dumps(self.server.stack.as_json()).encode(), _JSON)
            return
        app = self.server.app
        file = _file(path) if app is None else _file_of_app(app, path)
        if file is None or not file.is_file():
            self._answer(HTTPStatus.NOT_FOUND)
            return
        self._answer(HTTPStatus.OK, file.read_bytes(), _TYPES[file.suffix])

    def do_PUT(self) -> None:
        body = self._body() if self._is_for_us() and self._is_of_the_page() else None
        if body is None:
            return
        if self.path == "/switches":
            self._set_switches(body)
        elif self.path == "/scenario" and self.server.stack.control_url is not None:
            self._play(body)
        else:
            self._answer(HTTPStatus.NOT_FOUND)

    def _set_switches(self, body: bytes) -> None:
        """Replace the switches by those of the page, complete at every moment."""
        file = self.server.stack.switches_file
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_bytes(body)
        unfinished.replace(file)
        self._answer(HTTPStatus.NO_CONTENT)

    def _play(self, body: bytes) -> None:
        """Hand a scenario to the stand-in, whose control route does not answer pages of another origin."""
        url = f"{self.server.stack.control_url}/scenario"
        try:
            answer = requests.put(url, data=body, headers={"Content-Type": _JSON}, timeout=_TIMEOUT_SECONDS)
        except requests.RequestException:
            self._answer(HTTPStatus.BAD_GATEWAY)
            return
        self._answer(HTTPStatus(answer.status_code), answer.content, _JSON)

    def _is_for_us(self) -> bool:
        """Answer a page whose host name was moved to this machine, and return False."""
        port = self.server.server_port
        if self.headers.get("Host") in (f"{PAGE_HOST}:{port}", f"localhost:{port}"):
            return True
        self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def _is_of_the_page(self) -> bool:
        """Answer a page of another origin, and return False."""
        if self.headers.get("Origin") == f"http://{self.headers.get('Host')}":
            return True
        self._refuse(HTTPStatus.FORBIDDEN)
        return False

    def _body(self) -> bytes | None:
        """Return JSON, or answer the request and return None."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > _LONGEST_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        body = self.rfile.read(int(length))
        try:
            json.loads(body)
        except ValueError:
            self._answer(HTTPStatus.BAD_REQUEST)
            return None
        return body

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer without the body having been read: the connection cannot go on."""
        self.close_connection = True
        self._answer(status)

    def _answer(self, status: HTTPStatus, content: bytes = b"", kind: str = _JSON) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", _PAGE_POLICY if self.server.app is None else _APP_POLICY)
        self.send_header("Content-Type", kind)
        if status is not HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is of the base class
        """Log nothing: a query may have the key of a project."""


def _file(path: str) -> Path | None:
    """Return the file of a path; only plain names of three types lead to one."""
    name = re.fullmatch(r"/(client/)?([a-z0-9-]+\.(?:html|css|js))", "/index.html" if path == "/" else path)
    return (_CLIENT if name[1] else _PAGE) / name[2] if name else None


def _file_of_app(app: Path, path: str) -> Path | None:
    """Return the file of a path, as `expo export` names them."""
    name = re.fullmatch(r"/((?:_expo/static/js/web/)?[\w-]+\.(?:html|js))", "/index.html" if path == "/" else path)
    return app / name[1] if name else None
