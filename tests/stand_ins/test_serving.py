"""Serving for real: ports, TLS, and stopping with open sockets."""

import socket
import ssl
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from gemini_live_stand_in import GeminiStandIn, StandInConfig, create_app
from gemini_live_stand_in.certificates import Certificate
from gemini_live_stand_in.serving import serve
from stand_ins.gemini_client import KEY, Live, audio_setup, live_path
from stand_ins.over_tls import TIMEOUT, first_answer_over_tls, mint


def new_stand_in() -> GeminiStandIn:
    return GeminiStandIn(StandInConfig(api_keys=frozenset({KEY}), pace=0))


def test_it_answers_on_a_free_port_as_soon_as_the_block_is_entered_and_not_after_it() -> None:
    with serve(create_app(new_stand_in())) as address:
        assert mint(f"http://{address}").status_code == 200
    with pytest.raises(requests.ConnectionError):
        mint(f"http://{address}")


def test_it_takes_the_port_it_is_given() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with serve(create_app(new_stand_in()), port) as address:
        assert address == f"127.0.0.1:{port}"


def test_a_plain_and_a_tls_server_may_share_one_stand_in(certificate: Certificate, trust: ssl.SSLContext) -> None:
    stand_in = new_stand_in()
    with (
        serve(create_app(stand_in)) as plain,
        serve(create_app(stand_in), tls=(certificate.chain, certificate.key)) as secure,
    ):
        token = mint(f"http://{plain}").json()["name"]
        url = f"wss://localhost:{secure.partition(':')[2]}{live_path()}?access_token={token}"
        assert first_answer_over_tls(url, trust, audio_setup()) == {"setupComplete": {}}


def test_a_certificate_that_is_not_there_fails_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), serve(create_app(new_stand_in()), tls=(tmp_path / "c", tmp_path / "k")):
        pass


def test_open_sockets_do_not_hold_up_the_exit(caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as client:
        with serve(create_app(new_stand_in())) as address:
            url = f"ws://{address}{live_path('')}?key={KEY}"
            websocket = client.enter_context(connect(url, proxy=None))
            assert Live(websocket).start() == {"setupComplete": {}}
        with pytest.raises(ConnectionClosed) as closed:
            websocket.recv(timeout=TIMEOUT)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(f"serve:{address[-5:]}")]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_tls_client_that_ignores_the_goodbye_does_not_hold_up_the_exit_either(
    certificate: Certificate, trust: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as client, serve(create_app(new_stand_in()), tls=(certificate.chain, certificate.key)) as address:
        raw = client.enter_context(socket.create_connection(("127.0.0.1", int(address.partition(":")[2]))))
        client.enter_context(trust.wrap_socket(raw, server_hostname="localhost"))
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
