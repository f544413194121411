"""`settings`: every variable, every fault at once, and no value in any of them."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_tokens.settings import EMULATOR_VARIABLES, Settings, SettingsError

SECRET = "projects/p/secrets/gemini/versions/latest"
REQUIRED = {"FIREBASE_PROJECT_ID": "my-app-1a2b", "GEMINI_API_KEY_SECRET": SECRET}
NAMES = [
    "FIREBASE_PROJECT_ID",
    "GEMINI_API_KEY_SECRET",
    "GEMINI_API_VERSION",
    "API_KEY_CACHE_SECONDS",
    "CHECK_REVOKED",
    "CORS_ALLOWED_ORIGINS",
    *EMULATOR_VARIABLES,
]


def faults_of(environment: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refusal:
        Settings.from_mapping(environment)
    assert [fault for fault in refusal.value.faults if fault not in str(refusal.value)] == []
    return refusal.value.faults


def test_two_variables_are_enough() -> None:
    assert Settings.from_mapping(REQUIRED) == Settings(
        firebase_project_id="my-app-1a2b",
        gemini_api_key_secret=SECRET,
        gemini_api_version="v1beta",
        api_key_cache=timedelta(seconds=300),
        check_revoked=True,
        cors_allowed_origins=(),
        firebase_auth_emulator_host=None,
        secret_manager_emulator_host=None,
        gemini_emulator_host=None,
    )


def test_every_variable_is_read() -> None:
    environment = {
        "FIREBASE_PROJECT_ID": "other-app",
        "GEMINI_API_KEY_SECRET": "projects/123/secrets/gemini/versions/7",
        "GEMINI_API_VERSION": "v1alpha",
        "API_KEY_CACHE_SECONDS": "60",
        "CHECK_REVOKED": "false",
        "CORS_ALLOWED_ORIGINS": " https://app.example.com , http://localhost:8081,",
        "FIREBASE_AUTH_EMULATOR_HOST": "localhost:9099",
        "SECRET_MANAGER_EMULATOR_HOST": "localhost:9010",
        "GEMINI_EMULATOR_HOST": "127.0.0.1:9011",
    }
    assert Settings.from_mapping(environment) == Settings(
        firebase_project_id="other-app",
        gemini_api_key_secret="projects/123/secrets/gemini/versions/7",
        gemini_api_version="v1alpha",
        api_key_cache=timedelta(seconds=60),
        check_revoked=False,
        cors_allowed_origins=("https://app.example.com", "http://localhost:8081"),
        firebase_auth_emulator_host="localhost:9099",
        secret_manager_emulator_host="localhost:9010",
        gemini_emulator_host="127.0.0.1:9011",
    )


def test_any_origin_may_be_allowed() -> None:
    assert Settings.from_mapping(REQUIRED | {"CORS_ALLOWED_ORIGINS": "*"}).cors_allowed_origins == ("*",)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in REQUIRED])
@pytest.mark.parametrize("nothing", ["", "  ", "\n"])
def test_an_empty_variable_is_as_good_as_none(name: str, nothing: str) -> None:
    assert Settings.from_mapping(REQUIRED | {name: nothing}) == Settings.from_mapping(REQUIRED)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        *(("FIREBASE_PROJECT_ID", bad) for bad in ["", "My-App", "app", "my_app", "my-app-", "1-my-app", "a" * 31]),
        ("GEMINI_API_KEY_SECRET", ""),
        ("GEMINI_API_KEY_SECRET", "gemini"),
        ("GEMINI_API_KEY_SECRET", "projects/p/secrets/s"),
        ("GEMINI_API_KEY_SECRET", "projects/p/secrets/s/versions/newest"),
        ("GEMINI_API_KEY_SECRET", "projects/p/secrets/s/versions/1/x"),
        ("GEMINI_API_KEY_SECRET", "projects//secrets/s/versions/1"),
        ("GEMINI_API_VERSION", "v1"),
        ("GEMINI_API_VERSION", "V1beta"),
        *(("API_KEY_CACHE_SECONDS", bad) for bad in ["0", "-1", "1.5", "5m", "86401", "9" * 20, "٣"]),
        ("CHECK_REVOKED", "yes"),
        ("CHECK_REVOKED", "TRUE"),
        ("CORS_ALLOWED_ORIGINS", "app.example.com"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example.com/"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example *"),
        ("CORS_ALLOWED_ORIGINS", "*,https://app.example.com"),
        ("CORS_ALLOWED_ORIGINS", "https://*.example.com/x"),
        *((name, bad) for name in EMULATOR_VARIABLES for bad in ["localhost", "http://localhost:9", ":9", "host:port"]),
    ],
)
def test_a_bad_value_is_one_fault_that_names_its_variable(name: str, bad: str) -> None:
    (fault,) = faults_of(REQUIRED | {name: bad})
    assert fault.startswith(f"{name} ")


def test_all_faults_are_told_at_once() -> None:
    faults = faults_of(dict.fromkeys(NAMES, "?"))
    assert [fault.split()[0] for fault in faults] == [
        "FIREBASE_PROJECT_ID",
        "GEMINI_API_KEY_SECRET",
        "GEMINI_API_VERSION",
        "API_KEY_CACHE_SECONDS",
        "CHECK_REVOKED",
        "CORS_ALLOWED_ORIGINS",
        "FIREBASE_AUTH_EMULATOR_HOST",
        "SECRET_MANAGER_EMULATOR_HOST",
        "GEMINI_EMULATOR_HOST",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_key_in_the_wrong_variable_is_not_repeated(name: str) -> None:
    assert "AQ.made up key" not in "".join(faults_of(REQUIRED | {name: "AQ.made up key"}))


@pytest.mark.parametrize(
    "name", ["FIREBASE_AUTH_EMULATOR_HOST", "SECRET_MANAGER_EMULATOR_HOST", "GEMINI_EMULATOR_HOST"]
)
def test_an_emulator_is_refused_on_cloud_run(name: str) -> None:
    emulated = REQUIRED | {name: "localhost:9099"}
    Settings.from_mapping(emulated)
    (fault,) = faults_of(emulated | {"K_SERVICE": "mint-live-token"})
    assert fault.startswith(f"{name} is set on Cloud Run")


def test_cloud_run_without_emulators_is_fine() -> None:
    assert Settings.from_mapping(REQUIRED | {"K_SERVICE": "mint-live-token"}) == Settings.from_mapping(REQUIRED)


@given(st.dictionaries(st.sampled_from([*NAMES, "K_SERVICE"]), st.text(max_size=40)))
def test_whatever_the_environment_holds_it_is_settings_or_faults(environment: dict[str, str]) -> None:
    with contextlib.suppress(SettingsError):
        assert isinstance(Settings.from_mapping(environment), Settings)


@given(cache=st.integers(1, 86_400))
def test_every_whole_number_of_seconds_up_to_a_day_is_a_cache_time(cache: int) -> None:
    settings = Settings.from_mapping(REQUIRED | {"API_KEY_CACHE_SECONDS": str(cache)})
    assert settings.api_key_cache == timedelta(seconds=cache)
