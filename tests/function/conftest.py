"""What every test of the function stands on: an environment without surprises, and a server to talk to."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from function.fake_http_server import FakeHttpServer
from function.transports import close_connections


@pytest.fixture(scope="session")
def _one_authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bundle = tmp_path_factory.mktemp("tls") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(bundle)
    return bundle


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, _one_authority: Path) -> None:
    """Hide what the machine has set for Google's and Firebase's libraries, and every proxy. Trust no real server.

    One authority instead of the hundred and more of a real list also makes a google-genai client in a tenth of the
    time.
    """
    monkeypatch.setenv("SSL_CERT_FILE", str(_one_authority))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    prefixes = ("GOOGLE_", "GEMINI_", "FIREBASE_", "FIRESTORE_", "GCLOUD_")
    for name in os.environ:
        if name.upper().startswith(prefixes) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def _running_server() -> Iterator[FakeHttpServer]:
    with FakeHttpServer().running() as server:
        yield server


@pytest.fixture
def server(_running_server: FakeHttpServer) -> FakeHttpServer:
    """A server on loopback that a test scripts with `answer_with`."""
    _running_server.certificate = None
    _running_server.answer_with()
    return _running_server


@pytest.fixture
def elsewhere() -> Iterator[FakeHttpServer]:
    """A second server, to which nothing should go."""
    with FakeHttpServer().running() as server:
        yield server


@pytest.fixture(autouse=True)
def _no_connection_is_left_open() -> Iterator[None]:
    yield
    close_connections()


@pytest.fixture
def silent() -> Iterator[str]:
    """A `host:port` at which connections are taken, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def nobody() -> Iterator[str]:
    """A `host:port` at which connections are refused: bound, so that nobody else takes it, and not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"
