"""One real server for all tests of the stand-in; every test puts its own fresh stand-in behind it."""

import ssl
from collections.abc import Iterator

import pytest
import requests

from gemini_live_stand_in.certificates import Certificate, make_certificate
from gemini_live_stand_in.serving import serve
from stand_ins.gemini_client import Clock, Gemini, Switchboard


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[str, Switchboard]]:
    switchboard = Switchboard()
    with serve(switchboard) as address:
        yield address, switchboard


@pytest.fixture(scope="session")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gemini(served: tuple[str, Switchboard], http: requests.Session, clock: Clock) -> Gemini:
    address, switchboard = served
    return Gemini(address, switchboard, clock, http)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def trust(certificate: Certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate.authority)
