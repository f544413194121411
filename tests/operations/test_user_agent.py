"""This program's own calls of the function say whose they are, so that nobody takes them for calls of apps."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from live_tokens_operations.client.mint_client import MintClient
from live_tokens_operations.defaults import USER_AGENT
from live_tokens_operations.google.rest import Answer, send


class Called:
    """A server, and the user agents that have called it."""

    def __init__(self) -> None:
        self.agents: list[str | None] = []
        agents = self.agents

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                agents.append(self.headers["User-Agent"])
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(401)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def called() -> Iterator[Called]:
    called = Called()
    thread = Thread(target=called.server.serve_forever)
    thread.start()
    yield called
    called.server.shutdown()
    thread.join()
    called.server.server_close()


def test_the_client_of_the_smoke_test_and_the_demo_says_who_it_is(called: Called) -> None:
    assert MintClient(called.url).call("id-token", {}).status == 401
    assert called.agents == [USER_AGENT]


def test_the_probe_of_the_doctor_says_who_it_is(called: Called) -> None:
    answer = send("POST", called.url, 10, body={"data": None})
    assert isinstance(answer, Answer)
    assert called.agents == [USER_AGENT]


def test_it_is_the_name_that_documents_give() -> None:
    assert USER_AGENT.startswith("live-tokens/")
