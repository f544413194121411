"""`main`: the environment chooses the adapters, and a service that cannot work does not start."""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import pytest
import trustme

from function.made_up import PROJECT
from function.unsigned_id_tokens import unsigned
from live_tokens.callable_endpoint import CallableEndpoint
from live_tokens.profiles import ProfileError
from live_tokens.settings import DEFAULT_THREADS, EMULATOR_VARIABLES, Settings

MAIN = Path(__file__).parents[2] / "functions" / "main.py"
SOURCE = MAIN.parent
PAUSED = json.dumps({"service": {"message": "Back at nine."}})
ENVIRONMENT = {
    "FIREBASE_PROJECT_ID": PROJECT,
    "GEMINI_API_KEY_SECRET": "projects/p/secrets/gemini/versions/latest",
    "CHECK_REVOKED": "false",
    "QUOTA_STORE": "memory",
}
OPTIONAL = ("APP_CHECK", "APP_CHECK_CONSUME", "APP_CHECK_ALLOWED_APP_IDS", "FIRESTORE_DATABASE", "K_SERVICE")

Answer = tuple[int, str]
Call = Callable[..., Answer]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, nobody: str) -> dict[str, str]:
    """What is needed to get past the sign-in; there are no credentials, and nobody answers.

    `main` reads all of the environment when it is imported, and sets THREADS.
    """
    switches = tmp_path / "switches.json"
    switches.write_text(PAUSED)
    for name in (*OPTIONAL, *EMULATOR_VARIABLES, "CORS_ALLOWED_ORIGINS"):
        monkeypatch.delenv(name, raising=False)
    variables = ENVIRONMENT | {
        "MEMORY_SWITCHES_FILE": str(switches),
        "FIREBASE_AUTH_EMULATOR_HOST": nobody,
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "missing.json"),
        "NO_GCE_CHECK": "true",
        "THREADS": "1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def main(environment: dict[str, str]) -> dict[str, Any]:
    """A copy of `main`, imported as the framework does it, by its path."""
    return runpy.run_path(str(MAIN))


@pytest.fixture
def call(main: dict[str, Any], environment: dict[str, str]) -> Call:
    def call(**changed: str) -> Answer:
        settings = Settings.from_mapping({**environment, **changed})
        endpoint: CallableEndpoint = main["Service"](settings).endpoint(SOURCE)
        headers = {"Authorization": f"Bearer {unsigned()}"}
        if changed.get("APP_CHECK") == "enforce":
            headers["X-Firebase-AppCheck"] = "no JWT"
        with flask.Flask(__name__).test_request_context("/", method="POST", headers=headers) as context:
            response = endpoint.handle(context.request)
        return response.status_code, json.loads(response.data)["error"]["details"]["reason"]

    return call


@pytest.fixture
def events(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_quotas_in_memory_come_with_their_file_of_switches(call: Call) -> None:
    assert call() == (403, "SERVICE_PAUSED")


def test_without_a_file_of_switches_nothing_is_stopped_in_memory(call: Call) -> None:
    assert call(MEMORY_SWITCHES_FILE="") == (503, "API_KEY_UNAVAILABLE")


def test_quotas_are_in_firestore_unless_something_else_is_chosen(
    call: Call, events: Callable[[], list[dict[str, Any]]]
) -> None:
    assert call(QUOTA_STORE="", MEMORY_SWITCHES_FILE="") == (503, "QUOTA_UNAVAILABLE")
    assert call(QUOTA_STORE="firestore", MEMORY_SWITCHES_FILE="") == (503, "QUOTA_UNAVAILABLE")
    assert [event["reason"] for event in events()] == ["QUOTA_UNAVAILABLE"] * 2


@pytest.mark.parametrize(
    ("mode", "answer", "state"),
    [
        ("", (403, "SERVICE_PAUSED"), "off"),
        ("off", (403, "SERVICE_PAUSED"), "off"),
        ("monitor", (403, "SERVICE_PAUSED"), "missing"),
        ("enforce", (401, "APP_CHECK_INVALID"), "invalid"),
    ],
)
def test_app_check_is_off_looked_at_or_enforced(
    call: Call, events: Callable[[], list[dict[str, Any]]], mode: str, answer: Answer, state: str
) -> None:
    assert call(APP_CHECK=mode) == answer
    assert events()[-1]["appCheck"] == state


def test_the_service_starts_with_the_shipped_profiles_and_the_threads_it_was_told(main: dict[str, Any]) -> None:
    assert callable(main["mint_live_token"])
    assert main["os"].environ["THREADS"] == "1"


@pytest.mark.parametrize("threads", ["", None])
def test_without_a_number_of_threads_the_framework_is_told_the_default_one(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, threads: str | None
) -> None:
    if threads is None:
        monkeypatch.delenv("THREADS")
    else:
        monkeypatch.setenv("THREADS", threads)
    runpy.run_path(str(MAIN))
    assert os.environ["THREADS"] == str(DEFAULT_THREADS)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"FIREBASE_PROJECT_ID": ""}, "FIREBASE_PROJECT_ID is not set."),
        ({"APP_CHECK_CONSUME": "true"}, "APP_CHECK is off, "),
        ({"K_SERVICE": "mint-live-token"}, "QUOTA_STORE is memory on Cloud Run"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], fault: str
) -> None:
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(MAIN))
    assert str(stop.value).startswith("mint_live_token does not start. The settings are not usable:")
    assert f"  - {fault}" in str(stop.value)


def test_profiles_that_cannot_work_stop_the_start(
    main: dict[str, Any], environment: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(ProfileError, match=r"default\.toml: this file is missing"):
        main["Service"](Settings.from_mapping(environment)).endpoint(tmp_path)


# --- what a start costs, whatever the machine

AFTER_THE_START = """
import main, gc, json, ssl, sys, threading
frozen = gc.get_freeze_count()
gc.unfreeze()
contexts = [each for each in gc.get_objects() if isinstance(each, ssl.SSLContext)]
print(json.dumps({
    "modules": list(sys.modules),
    "authorities": [bool(each.cert_store_stats()["x509_ca"]) for each in contexts],
    "threads": threading.active_count(),
    "collects": gc.isenabled(),
    "frozen": frozen,
}))
"""


def after_the_start(environment: dict[str, str], **changed: str | None) -> dict[str, Any]:
    """Import `main` in a process of its own: what is loaded here is loaded for all tests."""
    proxy = f"http://{environment['FIREBASE_AUTH_EMULATOR_HOST']}"  # where nobody answers what is fetched ahead
    variables = os.environ | environment | {"PYTHONPATH": str(MAIN.parent), "HTTPS_PROXY": proxy} | changed
    told = subprocess.run(
        [sys.executable, "-c", AFTER_THE_START],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        check=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


@pytest.mark.parametrize(("emulator", "loaded"), [("127.0.0.1:9099", True), (None, False)])
def test_what_reads_unsigned_tokens_is_loaded_in_front_of_the_emulator_only(
    environment: dict[str, str], emulator: str | None, loaded: bool
) -> None:
    modules = after_the_start(environment, FIREBASE_AUTH_EMULATOR_HOST=emulator)["modules"]
    assert "live_tokens.firebase_id_tokens" in modules
    assert ("firebase_admin" in modules) is loaded
    assert ("live_tokens.firebase_emulated_id_tokens" in modules) is loaded


NEVER_LOADED = ("firebase_admin", "google.cloud.firestore", "cachecontrol", "aiohttp", "google.auth._default_async")
"""Each takes time that every start would pay for nothing."""


@pytest.mark.parametrize(("store", "loaded"), [("memory", False), ("firestore", True)])
def test_a_start_loads_no_library_that_its_settings_do_not_need(
    environment: dict[str, str], store: str, loaded: bool
) -> None:
    changed = {"QUOTA_STORE": store, "MEMORY_SWITCHES_FILE": None, "FIREBASE_AUTH_EMULATOR_HOST": None}
    modules = after_the_start(environment, **changed)["modules"]
    assert [module for module in NEVER_LOADED if module in modules] == []
    assert ("google.cloud.firestore_v1" in modules) is loaded


def test_a_start_loads_the_authorities_once_and_leaves_no_thread(environment: dict[str, str], authorities: str) -> None:
    found = after_the_start(environment, FIREBASE_AUTH_EMULATOR_HOST=None, SSL_CERT_FILE=authorities)
    assert sorted(found["authorities"]) == [False, True]  # the one without is of the rehearsals
    assert found["threads"] == 1


def test_after_a_start_garbage_is_collected_again_but_not_what_the_start_has_made(environment: dict[str, str]) -> None:
    found = after_the_start(environment)
    assert found["collects"]
    assert found["frozen"] > 100_000


@pytest.fixture
def authorities(tmp_path: Path) -> str:
    """A PEM file: a context that trusts the system's loads its authorities at the first connection only."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")
