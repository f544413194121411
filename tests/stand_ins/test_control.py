"""The control route: scenarios and the journal over HTTP."""

import json

import pytest
import requests
from starlette.testclient import TestClient

from gemini_live_stand_in import GeminiStandIn, StandInConfig, create_app, ready_made
from gemini_live_stand_in.control import is_loopback
from stand_ins.gemini_client import KEY, Gemini, audio_setup, said

TOML = 'name = "mine"\n[[mint]]\nnot_json = true\n[[connection]]\nsteps = [{ do = "answer", say = "Hi." }]'


def put(gemini: Gemini, content: str, content_type: str) -> requests.Response:
    return gemini.request("PUT", "/control/scenario", content.encode(), content_type=content_type)


def answer(gemini: Gemini) -> str:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(outputAudioTranscription={}))
        return said(live.ask())


def test_a_scenario_can_be_put_as_a_file_or_as_json(gemini: Gemini) -> None:
    as_json = {
        "name": "mine",
        "mint": [{"not_json": True}],
        "connection": [{"steps": [{"do": "answer", "say": "Hi."}]}],
    }
    for content, kind in ((TOML, "application/toml"), (json.dumps(as_json), "application/json; charset=utf-8")):
        response = put(gemini, content, kind)
        assert response.json() == {"name": "mine", "connectionsLeft": 1, "mintsLeft": 1}
        assert answer(gemini) == "Hi."
        left = gemini.request("GET", "/control/scenario").json()
        assert left == {"name": "mine", "connectionsLeft": 0, "mintsLeft": 1}


def test_a_ready_made_scenario_can_be_named(gemini: Gemini) -> None:
    assert put(gemini, '{"readyMade": "token-spent"}', "application/json").json()["name"] == "token-spent"
    with gemini.connect_with_key() as live:
        assert live.closing() == (1011, "Token has been used too many times")
    listed = gemini.request("GET", "/control/scenarios").json()["readyMade"]
    assert [entry["name"] for entry in listed] == list(ready_made())
    assert all(entry["about"] for entry in listed)


def test_a_scenario_can_be_dropped(gemini: Gemini) -> None:
    put(gemini, TOML, "application/toml")
    assert gemini.request("DELETE", "/control/scenario").status_code == 204
    assert gemini.request("GET", "/control/scenario").json() == {"name": None, "connectionsLeft": 0, "mintsLeft": 0}
    assert answer(gemini).startswith("Hello")


@pytest.mark.parametrize(
    ("content", "kind", "faults"),
    [
        (
            '{"abut": 1, "repeat": 2}',
            "application/json",
            [
                {
                    "source": "request",
                    "path": "abut",
                    "value": "1",
                    "expected": "one of the names here: name, about, connection, mint, repeat",
                },
                {"source": "request", "path": "repeat", "value": "2", "expected": "true or false"},
            ],
        ),
        ("{", "application/json", ["(body)"]),
        ("[" * 100_000, "application/json", ["(body)"]),
        ('"x"', "application/json", ["(file)"]),
        ('{"readyMade": "none"}', "application/json", ["(file)"]),
        ("x", "application/toml", ["(file)"]),
        (TOML, "text/plain", ["Content-Type"]),
        (TOML, "", ["Content-Type"]),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused_and_the_one_before_stays(
    gemini: Gemini, content: str, kind: str, faults: list[object]
) -> None:
    put(gemini, TOML, "application/toml")
    response = put(gemini, content, kind)
    assert response.status_code == 400
    found = response.json()["faults"]
    assert (found if isinstance(faults[0], dict) else [fault["path"] for fault in found]) == faults
    assert gemini.request("GET", "/control/scenario").json()["name"] == "mine"


def test_the_journal_can_be_read_and_cleared(gemini: Gemini) -> None:
    assert answer(gemini)
    assert gemini.talk
    journal = gemini.request("GET", "/control/journal")
    assert journal.json() == gemini.stand_in.journal.as_json()
    assert journal.json()["connections"][0]["turns"][0]["text"] == "hello"
    trace = gemini.request("GET", "/control/journal/trace")
    assert trace.headers["content-type"].startswith("text/plain")
    assert trace.text == gemini.stand_in.journal.trace()
    assert gemini.request("DELETE", "/control/journal").status_code == 204
    assert gemini.request("GET", "/control/journal").json() == {"connections": [], "mints": []}


def client(caller: str, host: str, *, control: bool = True) -> TestClient:
    stand_in = GeminiStandIn(StandInConfig(api_keys=frozenset({KEY})))
    return TestClient(create_app(stand_in, control=control), base_url=f"http://{host}", client=(caller, 5000))


@pytest.mark.parametrize("host", ["127.0.0.1:8090", "localhost", "[::1]:8090"])
def test_it_is_for_callers_on_this_machine(host: str) -> None:
    assert client("127.0.0.1", host).get("/control/journal").status_code == 200


@pytest.mark.parametrize(
    ("caller", "host"),
    [("192.168.1.7", "127.0.0.1"), ("10.0.0.1", "localhost"), ("127.0.0.1", "evil.example"), ("x", "localhost")],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "scenario"),
        ("PUT", "scenario"),
        ("DELETE", "scenario"),
        ("GET", "scenarios"),
        ("GET", "journal"),
        ("DELETE", "journal"),
        ("GET", "journal/trace"),
    ],
)
def test_nobody_else_may_use_it_and_no_page_of_another_site(caller: str, host: str, method: str, path: str) -> None:
    assert client(caller, host).request(method, f"/control/{path}").status_code == 403


@pytest.mark.parametrize("path", ["scenario", "scenarios", "journal", "journal/trace"])
def test_it_does_not_exist_unless_asked_for(path: str) -> None:
    assert client("127.0.0.1", "localhost", control=False).get(f"/control/{path}").status_code == 404


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.168.1.7", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_what_is_of_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
