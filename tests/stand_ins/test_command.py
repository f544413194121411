"""The command `gemini-live-stand-in`: its ready line, its options, and how it ends."""

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import gemini_live_stand_in
from gemini_live_stand_in.__main__ import main
from gemini_live_stand_in.certificates import Certificate
from stand_ins.gemini_client import KEY, Live, audio_setup, live_path
from stand_ins.over_tls import TIMEOUT, first_answer_over_tls, mint

FOLDER = Path(gemini_live_stand_in.__file__).parents[1]


@contextmanager
def command(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run the command and yield the process and its ready line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gemini_live_stand_in", *arguments],
        cwd=FOLDER,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped_and_logs_no_credential(ending: signal.Signals) -> None:
    with command("--pace", "0", GEMINI_STAND_IN_API_KEYS=f"{KEY}, another-key") as (process, ready):
        token = mint(ready["url"]).json()["name"]
        with connect(f"{ready['constrainedUrl']}?access_token={token}", proxy=None) as websocket:
            live = Live(websocket)
            live.start()
            live.ask()
            process.send_signal(ending)
            output, log = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    assert output == "", "one line, and nothing after it"
    assert "mint: token " in log
    assert "connect: v1beta" in log
    assert "Traceback" not in log
    assert token not in log
    assert KEY not in log


def test_the_ready_line_has_all_that_a_client_needs() -> None:
    with command("--api-key", KEY) as (_, ready):
        address = ready["url"].removeprefix("http://")
        assert ready == {
            "url": f"http://{address}",
            "liveUrl": f"ws://{address}{live_path('')}",
            "constrainedUrl": f"ws://{address}{live_path()}",
            "authTokensUrl": f"http://{address}/v1beta/auth_tokens",
            "controlUrl": None,
            "apiKey": KEY,
            "certificate": None,
        }


def test_without_a_key_it_makes_one_up_for_each_run() -> None:
    with command() as (_, first), command() as (_, second):
        assert first["apiKey"] != second["apiKey"]
        with connect(f"{first['liveUrl']}?key={first['apiKey']}", proxy=None) as websocket:
            assert Live(websocket).start() == {"setupComplete": {}}


def test_a_server_for_everywhere_names_an_address_that_can_be_opened() -> None:
    with command("--host", "0.0.0.0", "--api-key", KEY) as (_, ready):  # noqa: S104  # for a second
        assert ready["url"].startswith("http://localhost:")
        assert mint(ready["url"]).status_code == 200


def test_it_ends_with_the_program_that_started_it() -> None:
    with command("--until-stdin-closes") as (process, _):
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(TIMEOUT) == 0


def test_a_certificate_of_its_own_is_there_to_be_trusted_and_gone_at_the_end() -> None:
    with command("--tls", "--api-key", KEY) as (process, ready):
        authority = Path(ready["certificate"])
        assert mint(ready["url"], verify=str(authority)).status_code == 200
        url, trust = f"{ready['liveUrl']}?key={KEY}", ssl.create_default_context(cafile=authority)
        assert first_answer_over_tls(url, trust, audio_setup()) == {"setupComplete": {}}
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    assert not authority.exists()


def test_a_certificate_for_others_stays_where_they_want_it(tmp_path: Path) -> None:
    with command("--tls", "--tls-folder", str(tmp_path)) as (process, ready):
        process.terminate()
        process.wait(TIMEOUT)
    assert ready["certificate"] == str(tmp_path / "authority.pem")
    assert (tmp_path / "authority.pem").exists()
    assert (tmp_path / "server-key.pem").stat().st_mode & 0o077 == 0


def test_it_takes_keys_models_and_a_certificate(certificate: Certificate, trust: ssl.SSLContext) -> None:
    tls = ["--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key)]
    with command("--api-key", KEY, "--leaked-key", "leaked", "--model", "models/mine", *tls) as (_, ready):
        assert ready["certificate"] == str(certificate.chain)
        assert mint(ready["url"], verify=str(certificate.authority)).status_code == 200
        url = f"{ready['liveUrl']}?key={KEY}"
        assert first_answer_over_tls(url, trust, audio_setup(model="models/mine")) == {"setupComplete": {}}


def test_it_plays_a_scenario_and_serves_the_control_route() -> None:
    with command("--api-key", KEY, "--scenario", "mint-rate-limited", "--control") as (_, ready):
        control = ready["controlUrl"]
        assert control == f"{ready['url']}/control"
        left = requests.get(f"{control}/scenario", timeout=TIMEOUT).json()
        assert left == {"name": "mint-rate-limited", "connectionsLeft": 0, "mintsLeft": 1}
        assert [mint(ready["url"]).status_code for _ in range(2)] == [429, 200]
        journal = requests.get(f"{control}/journal", timeout=TIMEOUT).json()
        assert [entry["status"] for entry in journal["mints"]] == [429, 200]


def test_it_drops_connections_too() -> None:
    with (
        command("--api-key", KEY, "--scenario", "drop-mid-speech") as (_, ready),
        connect(f"{ready['liveUrl']}?key={KEY}", proxy=None) as websocket,
    ):
        live = Live(websocket)
        live.start()
        live.send({"realtimeInput": {"text": "hello"}})
        with pytest.raises(ConnectionClosed) as closed:
            live.turn()
    assert closed.value.rcvd is None


def test_go_away_comes_before_a_short_limit_too() -> None:
    with (
        command("--api-key", KEY, "--connection-seconds", "4") as (_, ready),
        connect(f"{ready['liveUrl']}?key={KEY}", proxy=None) as websocket,
    ):
        live = Live(websocket)
        live.start()
        announced = live.receive_until("goAway")[-1]["goAway"]["timeLeft"]
    assert 0 < float(announced.removesuffix("s")) <= 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tls-cert", "cert.pem"], "belong together"),
        (["--tls", "--tls-cert", "cert.pem", "--tls-key", "key.pem"], "give one of the two"),
        (["--control", "--host", "0.0.0.0"], "--control is for this machine only"),  # noqa: S104  # refused
        (["--scenario", "none"], "none: (file): none is not a file that can be read, nor one of api"),
        (["--tls-folder", "tls"], "--tls-folder needs --tls"),
        (["--pace", "-1"], "must not be negative"),
    ],
)
def test_it_says_what_does_not_go_together(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments, {})
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"], {})
    assert stopped.value.code == 0
    assert "gemini-live-stand-in --port 8443 --tls" in capsys.readouterr().out
