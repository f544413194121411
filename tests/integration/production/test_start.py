"""A deployment that is set up wrongly does not start, and says everything that is wrong with it."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.google_hosts.ledger import Ledger
from support.production.function_process import FUNCTIONS, run_function, run_function_that_fails
from support.production.local_google import LocalGoogle
from support.profile_cases import LIVE_38, ProfileCase

EMULATORS = {
    "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099",
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9102",
    "SECRET_MANAGER_EMULATOR_HOST": "127.0.0.1:9100",
    "GEMINI_EMULATOR_HOST": "127.0.0.1:9101",
}


def test_it_does_not_start_on_cloud_run_with_the_auth_emulator(
    settings: Mapping[str, str], tmp_path: Path, ledger: Ledger
) -> None:
    environment = {**settings, "K_SERVICE": "mint-live-token", "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099"}

    failed = run_function_that_fails(environment, tmp_path, ledger)

    assert failed.exit_code != 0
    assert "mint_live_token does not start." in failed.words
    assert "FIREBASE_AUTH_EMULATOR_HOST" in failed.words
    assert "Traceback" not in failed.words


def test_it_names_all_that_is_missing_and_all_that_is_wrong_at_once(
    google: LocalGoogle, tmp_path: Path, ledger: Ledger
) -> None:
    misplaced_key = google.new_api_key()
    environment = {
        **EMULATORS,
        "K_SERVICE": "mint-live-token",
        "GEMINI_API_KEY_SECRET": misplaced_key,
        "API_KEY_CACHE_SECONDS": "forever",
        "CHECK_REVOKED": "maybe",
        "QUOTA_STORE": "memory",
        "APP_CHECK": "perhaps",
        "APP_CHECK_CONSUME": "sometimes",
        "APP_CHECK_ALLOWED_APP_IDS": "my-app",
    }

    failed = run_function_that_fails(environment, tmp_path, ledger)

    assert failed.exit_code != 0
    for name in (*EMULATORS, "FIREBASE_PROJECT_ID", *environment.keys() - {"K_SERVICE"}):
        assert f"  - {name} " in failed.words
    assert misplaced_key not in failed.words


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('voices = "Kore"', "default.toml: config.voices"),
        ('response_modalities = "AUDIO"', "default.toml: config.response_modalities"),
    ],
    ids=["a field that does not exist", "a field of the wrong type"],
)
def test_it_does_not_start_with_a_profile_that_gemini_would_not_take(
    settings: Mapping[str, str], tmp_path: Path, ledger: Ledger, line: str, fault: str
) -> None:
    functions = shutil.copytree(FUNCTIONS, tmp_path / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    profile = functions / "profiles" / "default.toml"
    good_line = 'response_modalities = ["AUDIO"]'
    text = profile.read_text(encoding="utf-8")
    assert good_line in text
    profile.write_text(text.replace(good_line, line), encoding="utf-8")

    failed = run_function_that_fails(settings, tmp_path, ledger, functions)

    assert failed.exit_code != 0
    assert fault in failed.words
    assert "Traceback" not in failed.words


def functions_with(folder: Path, **configs: str) -> Path:
    """Return a copy of functions/ with these profiles: name → `[config]`."""
    functions = shutil.copytree(FUNCTIONS, folder / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    for name, config in configs.items():
        text = ProfileCase("", LIVE_38, "accept", config).text
        (functions / "profiles" / f"{name}.toml").write_text(text, encoding="utf-8")
    return functions


def test_it_names_every_fault_of_every_profile_at_once(
    settings: Mapping[str, str], tmp_path: Path, ledger: Ledger
) -> None:
    functions = functions_with(
        tmp_path, tutor='thinking_config.thinking_level = "low"', other='voices = 1\nmedia_resolution = "LOW"'
    )

    failed = run_function_that_fails(settings, tmp_path, ledger, functions)

    assert failed.exit_code != 0
    for fault in (
        "tutor.toml: config.thinking_config: gemini-3.8-live takes no thinking level",
        "other.toml: config.voices: not known",
        'other.toml: config.media_resolution is "LOW"; allowed: MEDIA_RESOLUTION_LOW',
    ):
        assert f"  - {fault}" in failed.words
    assert "Traceback" not in failed.words


def test_each_warning_about_a_profile_is_one_line_at_the_start(
    google: LocalGoogle, settings: Mapping[str, str], tmp_path: Path, ledger: Ledger
) -> None:
    functions = functions_with(tmp_path, tutor="tools = [{ url_context = {} }, { code_execution = {} }]")

    with run_function({**settings, **google.key_file}, tmp_path, ledger, functions) as function:
        warnings = [line for line in function.lines() if line["severity"] == "WARNING"]

    assert [line["message"].partition(": not supported")[0] for line in warnings] == [
        "Profile tutor.toml: config.tools[0].url_context",
        "Profile tutor.toml: config.tools[1].code_execution",
    ]
