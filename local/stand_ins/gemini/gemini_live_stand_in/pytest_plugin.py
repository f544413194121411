"""Fixtures for pytest: a Gemini of its own for each test. Installing the package is enough for pytest to find them."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from gemini_live_stand_in.app import create_app
from gemini_live_stand_in.certificates import Certificate, make_certificate
from gemini_live_stand_in.endpoints import Endpoints
from gemini_live_stand_in.serving import serve
from gemini_live_stand_in.stand_in import GeminiStandIn, StandInConfig

API_KEY = "stand-in-key"


@dataclass(frozen=True, slots=True)
class GeminiLive:
    """A running stand-in.

    Attributes:
        stand_in: what it has seen, and how to change what it does while it runs.
        trust: for clients that take an SSL context; None without TLS.
    """

    endpoints: Endpoints
    stand_in: GeminiStandIn
    trust: ssl.SSLContext | None = None


@pytest.fixture
def gemini_live_config() -> StandInConfig:
    """The settings of both fixtures. Define a fixture of this name for other settings."""
    return StandInConfig(api_keys=frozenset({API_KEY}), pace=0)


@pytest.fixture
def gemini_live(gemini_live_config: StandInConfig) -> Iterator[GeminiLive]:
    """A stand-in over http and ws."""
    stand_in = GeminiStandIn(gemini_live_config)
    with serve(create_app(stand_in)) as address:
        yield GeminiLive(Endpoints(f"http://{address}", min(gemini_live_config.api_keys)), stand_in)


@pytest.fixture(scope="session")
def gemini_live_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """The certificate of `gemini_live_tls`, for localhost and 127.0.0.1. Needs the extra `tls`."""
    return make_certificate(tmp_path_factory.mktemp("gemini_live_tls"))


@pytest.fixture
def gemini_live_tls(gemini_live_config: StandInConfig, gemini_live_certificate: Certificate) -> Iterator[GeminiLive]:
    """A stand-in over https and wss, for clients that speak nothing else. Needs the extra `tls`."""
    stand_in, certificate = GeminiStandIn(gemini_live_config), gemini_live_certificate
    with serve(create_app(stand_in), tls=(certificate.chain, certificate.key)) as address:
        endpoints = Endpoints(f"https://{address}", min(gemini_live_config.api_keys), certificate.authority)
        yield GeminiLive(endpoints, stand_in, ssl.create_default_context(cafile=certificate.authority))
