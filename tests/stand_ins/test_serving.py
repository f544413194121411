"""Serving for real: ports, TLS, stopping with open sockets, and the command line."""

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
import trustme
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import gemini_live_stand_in
from gemini_live_stand_in import GeminiStandIn, StandInConfig, create_app
from gemini_live_stand_in.serving import serve
from stand_ins.gemini_client import KEY, Live, Message, audio_setup, live_path

LOCAL = Path(gemini_live_stand_in.__file__).parents[1]
TIMEOUT = 20


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost and its key, in PEM files."""
    issued = authority.issue_cert("localhost")
    folder = tmp_path_factory.mktemp("tls")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def trust(authority: trustme.CA) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())


def new_stand_in() -> GeminiStandIn:
    return GeminiStandIn(StandInConfig(api_keys=frozenset({KEY}), pace=0))


def mint(url: str, verify: str | bool = True) -> requests.Response:
    return requests.post(
        f"{url}/v1beta/auth_tokens", json={}, headers={"x-goog-api-key": KEY}, timeout=TIMEOUT, verify=verify
    )


def first_answer_over_tls(url: str, trust: ssl.SSLContext, setup: Message) -> Message:
    # Not with the threaded client: it reads and writes one TLS object from two threads, and 1 in 1,000 hangs.
    async def ask() -> Message:
        async with asyncio.timeout(TIMEOUT), connect_async(url, ssl=trust, proxy=None) as websocket:
            await websocket.send(json.dumps({"setup": setup}))
            answer: Message = json.loads(await websocket.recv())
            return answer

    return asyncio.run(ask())


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


def test_a_plain_and_a_tls_server_may_share_one_stand_in(certificate: tuple[Path, Path], trust: ssl.SSLContext) -> None:
    stand_in = new_stand_in()
    with serve(create_app(stand_in)) as plain, serve(create_app(stand_in), tls=certificate) as secure:
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
    certificate: tuple[Path, Path], trust: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as client, serve(create_app(new_stand_in()), tls=certificate) as address:
        raw = client.enter_context(socket.create_connection(("127.0.0.1", int(address.partition(":")[2]))))
        client.enter_context(trust.wrap_socket(raw, server_hostname="localhost"))
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@contextmanager
def command(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command line and yield the process and its ready line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gemini_live_stand_in", "--port", "0", *arguments],
        cwd=LOCAL,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def test_the_command_line_serves_until_it_is_stopped_and_logs_no_credential() -> None:
    keys = f"{KEY}, another-key"
    with command("--pace", "0", GEMINI_STAND_IN_API_KEYS=keys) as (process, ready):
        assert ready.startswith("Gemini stand-in ready at http://127.0.0.1:")
        url = ready.split()[4]
        token = mint(url).json()["name"]
        with connect(f"ws{url[4:]}{live_path()}?access_token={token}", proxy=None) as websocket:
            live = Live(websocket)
            live.start()
            live.ask()
            process.send_signal(signal.SIGINT)
            output, log = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    assert output == ""
    assert "mint: token " in log
    assert "connect: v1beta" in log
    assert "Traceback" not in log
    assert token not in log
    assert KEY not in log


def test_the_command_line_takes_keys_models_and_tls(
    certificate: tuple[Path, Path], authority: trustme.CA, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    cert, key = (str(path) for path in certificate)
    arguments = ["--api-key", KEY, "--leaked-key", "leaked", "--model", "models/mine", "--tls-cert", cert]
    with command(*arguments, "--tls-key", key) as (_, ready):
        assert ready.startswith("Gemini stand-in ready at https://127.0.0.1:")
        port = ready.split()[4].rpartition(":")[2]
        assert mint(f"https://localhost:{port}", verify=str(tmp_path / "authority.pem")).status_code == 200
        url = f"wss://localhost:{port}{live_path('')}?key={KEY}"
        assert first_answer_over_tls(url, trust, audio_setup(model="models/mine")) == {"setupComplete": {}}


def test_the_command_line_plays_a_scenario_and_has_the_control_route() -> None:
    arguments = ["--api-key", KEY, "--scenario", "mint-rate-limited", "--control"]
    with command(*arguments) as (_, ready):
        url = ready.split()[4]
        left = requests.get(f"{url}/control/scenario", timeout=TIMEOUT).json()
        assert left == {"name": "mint-rate-limited", "connectionsLeft": 0, "mintsLeft": 1}
        assert [mint(url).status_code for _ in range(2)] == [429, 200]
        journal = requests.get(f"{url}/control/journal", timeout=TIMEOUT).json()
        assert [entry["status"] for entry in journal["mints"]] == [429, 200]


def test_the_command_line_drops_connections_too() -> None:
    with command("--api-key", KEY, "--scenario", "drop-mid-speech") as (_, ready):
        url = f"ws{ready.split()[4][4:]}{live_path('')}?key={KEY}"
        with connect(url, proxy=None) as websocket:
            live = Live(websocket)
            live.start()
            live.send({"realtimeInput": {"text": "hello"}})
            with pytest.raises(ConnectionClosed) as closed:
                live.turn()
        assert closed.value.rcvd is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no API key"),
        (["--api-key", "k", "--tls-cert", "cert.pem"], "belong together"),
        (["--api-key", "k", "--pace", "-1"], "must not be negative"),
        (["--api-key", "k", "--scenario", "none"], "none: (file): none is not a file that can be read, nor one of api"),
        (["--api-key", "k", "--control", "--host", "0.0.0.0"], "--control is for this machine only"),  # noqa: S104
    ],
)
def test_the_command_line_says_what_is_missing(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from gemini_live_stand_in.__main__ import main

    with pytest.raises(SystemExit) as stopped:
        main(["--port", "0", *arguments], {})
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    from gemini_live_stand_in.__main__ import main

    with pytest.raises(SystemExit) as stopped:
        main(["--help"], {})
    assert stopped.value.code == 0
    assert "python -m gemini_live_stand_in --port 8090" in capsys.readouterr().out
