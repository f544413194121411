"""Fixtures for tests that look at the function through the client SDKs."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gemini_live_stand_in import GeminiStandIn, StandInConfig
from gemini_live_stand_in import create_app as create_gemini_app
from gemini_live_stand_in.serving import serve
from integration.sdks.firebase_app import FirebaseApp
from secret_manager_stand_in import StandInSecret
from secret_manager_stand_in import create_app as create_secret_manager_app
from stack import API_KEY, LocalStack
from support.sdks.function_process import FUNCTIONS, SECRET, running_functions
from support.sdks.in_process_stand_ins import InProcessStandIns, RequestObserver, new_api_key
from support.sdks.node_scripts import SDKS, NodeScripts, NotInstalledError, installed_scripts
from support.sdks.secrets_seen import SecretsSeen

CHOOSING = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 60
session_seconds = 900
[config]
response_modalities = ["AUDIO"]
system_instruction = "You talk to {choice:level}."
[choices.voice]
field = "speech_config.voice_config.prebuilt_voice_config.voice_name"
values = ["Kore", "Puck"]
[choices.level]
values = ["a beginner", "an expert"]
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Look for secrets in the logs after everything else has been logged."""
    items.sort(key=lambda item: item.path.name == "test_no_secrets_in_logs.py")


@pytest.fixture(scope="session")
def secrets_seen() -> SecretsSeen:
    seen = SecretsSeen()
    seen.collect({"apiKey": API_KEY})
    return seen


@pytest.fixture(scope="session")
def scripts(secrets_seen: SecretsSeen) -> NodeScripts:
    try:
        return installed_scripts(SDKS, secrets_seen)
    except NotInstalledError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="session")
def app(scripts: NodeScripts, stack: LocalStack) -> FirebaseApp:
    return FirebaseApp(scripts, stack)


@pytest.fixture(scope="session")
def lonely_functions(stack: LocalStack, run_directory: Path) -> Iterator[dict[str, str]]:
    """URLs of functions, each of which misses one of its neighbours, by the reason they should give."""
    secret = StandInSecret(SECRET, [API_KEY.encode()])
    with _nobody() as nobody, serve(create_secret_manager_app(secret)) as secret_manager_host:
        neighbours = {
            "FIREBASE_AUTH_EMULATOR_HOST": stack.auth_host,
            "SECRET_MANAGER_EMULATOR_HOST": secret_manager_host,
            "GEMINI_EMULATOR_HOST": stack.gemini_host,
            "CORS_ALLOWED_ORIGINS": "*",
        }
        environments = {
            "IDENTITY_UNAVAILABLE": neighbours | {"FIREBASE_AUTH_EMULATOR_HOST": nobody},
            "API_KEY_UNAVAILABLE": neighbours | {"SECRET_MANAGER_EMULATOR_HOST": nobody},
            "GEMINI_UNAVAILABLE": neighbours | {"GEMINI_EMULATOR_HOST": nobody},
        }
        with running_functions(run_directory / "lonely", environments) as urls:
            yield urls


@pytest.fixture(scope="session")
def in_process(stack: LocalStack, run_directory: Path, secrets_seen: SecretsSeen) -> Iterator[InProcessStandIns]:
    """The function here has a profile `choosing`, which offers a voice and a level."""
    functions = run_directory / "in-process-functions"
    shutil.copytree(FUNCTIONS, functions, ignore=shutil.ignore_patterns("__pycache__"))
    (functions / "profiles" / "choosing.toml").write_text(CHOOSING, encoding="utf-8")
    key = new_api_key(secrets_seen)
    gemini = GeminiStandIn(StandInConfig(api_keys=frozenset({key}), pace=0))
    observer = RequestObserver(create_gemini_app(gemini))
    secret = StandInSecret(SECRET, [key.encode()])
    with serve(observer) as gemini_host, serve(create_secret_manager_app(secret)) as secret_manager_host:
        environment = {
            "FIREBASE_AUTH_EMULATOR_HOST": stack.auth_host,
            "SECRET_MANAGER_EMULATOR_HOST": secret_manager_host,
            "GEMINI_EMULATOR_HOST": gemini_host,
        }
        with running_functions(run_directory, {"in-process": environment}, functions / "main.py") as urls:
            yield InProcessStandIns(urls["in-process"], gemini, observer, secret, secrets_seen)


@contextmanager
def _nobody() -> Iterator[str]:
    """An address where connections are refused, for as long as the block runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"
