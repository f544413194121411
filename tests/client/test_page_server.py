"""The server of `make web`: what it gives to the page, and what it refuses to pages of others."""

import http.client
import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from web.page_server import PAGE_HOST, PageServer, PageStack

SWITCHES = {"service": {"message": "Back at noon."}}


class Browser:
    """Sends requests to one server as a page could."""

    def __init__(self, server: PageServer) -> None:
        self.address = server.url.removeprefix("http://").removesuffix("/")

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def put(self, path: str, body: bytes, **headers: str) -> int:
        return self.ask("PUT", path, body, **{"Origin": f"http://{self.address}", **headers})[0]


@pytest.fixture(name="switches")
def _switches(tmp_path: Path) -> Path:
    return tmp_path / "switches.json"


@pytest.fixture(name="browser")
def _browser(switches: Path) -> Iterator[Browser]:
    stack = PageStack("http://127.0.0.1:1", "http://127.0.0.1:2", ("default",), switches, control_url=None)
    with PageServer(stack) as server:
        yield Browser(server)


def test_the_page_learns_where_its_stack_is(browser: Browser) -> None:
    status, headers, body = browser.ask("GET", "/stack.json")
    assert status == HTTPStatus.OK
    assert headers["Cache-Control"] == "no-store"
    assert json.loads(body) == {
        "mint": "http://127.0.0.1:1",
        "auth": "http://127.0.0.1:2",
        "profiles": ["default"],
        "control": False,
    }


def test_the_page_runs_its_own_scripts_only_and_in_no_frame(browser: Browser) -> None:
    status, headers, body = browser.ask("GET", "/")
    assert status == HTTPStatus.OK
    assert b"<!doctype html>" in body
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self' blob:" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("host", ["attacker.example", "attacker.example:80", "127.0.0.1", "127.0.0.1:1"])
def test_a_host_name_that_was_moved_to_this_machine_reaches_nothing(
    browser: Browser, switches: Path, host: str
) -> None:
    assert browser.ask("GET", "/stack.json", Host=host)[0] == HTTPStatus.MISDIRECTED_REQUEST
    put = browser.put("/switches", json.dumps(SWITCHES).encode(), Host=host, Origin=f"http://{host}")
    assert put == HTTPStatus.MISDIRECTED_REQUEST
    assert not switches.exists()


@pytest.mark.parametrize("origin", ["https://attacker.example", "null", f"http://{PAGE_HOST}", ""])
def test_a_page_of_another_origin_stops_nobody(browser: Browser, switches: Path, origin: str) -> None:
    assert browser.put("/switches", json.dumps(SWITCHES).encode(), Origin=origin) == HTTPStatus.FORBIDDEN
    assert not switches.exists()


def test_the_page_pauses_the_service(browser: Browser, switches: Path) -> None:
    assert browser.put("/switches", json.dumps(SWITCHES).encode()) == HTTPStatus.NO_CONTENT
    assert json.loads(switches.read_text(encoding="utf-8")) == SWITCHES


def test_what_is_no_json_leaves_the_switches_as_they_are(browser: Browser, switches: Path) -> None:
    browser.put("/switches", json.dumps(SWITCHES).encode())
    assert browser.put("/switches", b"{") == HTTPStatus.BAD_REQUEST
    assert json.loads(switches.read_text(encoding="utf-8")) == SWITCHES


@pytest.mark.parametrize("length", ["10001", "-1", "²", "1e3"])
def test_a_body_that_is_too_long_or_of_no_length_is_not_read(browser: Browser, switches: Path, length: str) -> None:
    head = f"PUT /switches HTTP/1.1\r\nHost: {browser.address}\r\nOrigin: http://{browser.address}\r\n"
    connection = http.client.HTTPConnection(browser.address, timeout=30)
    connection.connect()
    connection.sock.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode("latin-1"))
    answer = http.client.HTTPResponse(connection.sock)
    answer.begin()
    assert answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    connection.close()
    answer.close()
    assert not switches.exists()


@pytest.mark.parametrize(
    "path", ["/../page_server.py", "/%2e%2e/page_server.py", "/client/../page.js", "//etc/passwd", "/page.js/", "/x.js"]
)
def test_only_files_of_the_page_and_the_client_are_served(browser: Browser, path: str) -> None:
    assert browser.ask("GET", path)[0] == HTTPStatus.NOT_FOUND


def test_without_a_stand_in_no_scenario_is_taken(browser: Browser) -> None:
    assert browser.put("/scenario", b"{}") == HTTPStatus.NOT_FOUND


@pytest.fixture(name="app")
def _app(switches: Path, tmp_path: Path) -> Iterator[Browser]:
    dist = tmp_path / "dist"
    for name in ("index.html", "_expo/static/js/web/index-0a.js", "_expo/static/js/ios/index-0b.hbc", "secret.js.txt"):
        (dist / name).parent.mkdir(parents=True, exist_ok=True)
        (dist / name).write_text(name)
    (tmp_path / "beside.js").write_text("beside")
    stack = PageStack("http://127.0.0.1:1", "http://127.0.0.1:2", ("default",), switches, control_url=None)
    with PageServer(stack, app=dist) as server:
        yield Browser(server)


def test_an_exported_app_takes_the_place_of_the_page_and_may_write_its_styles(app: Browser) -> None:
    status, headers, body = app.ask("GET", "/?mint=http://127.0.0.1:1")
    assert (status, body) == (HTTPStatus.OK, b"index.html")
    assert "script-src 'self' blob:; style-src 'self' 'unsafe-inline';" in headers["Content-Security-Policy"]
    assert app.ask("GET", "/_expo/static/js/web/index-0a.js")[2] == b"_expo/static/js/web/index-0a.js"


@pytest.mark.parametrize(
    "path",
    [
        "/../beside.js",
        "/_expo/static/js/web/../../../../../beside.js",
        "/_expo/static/js/ios/index-0b.hbc",
        "/secret.js.txt",
        "/page.js",
    ],
)
def test_only_the_web_build_of_the_app_is_served(app: Browser, path: str) -> None:
    assert app.ask("GET", path)[0] == HTTPStatus.NOT_FOUND
