"""`settings`: every variable, every fault at once, and no value in any of them."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_tokens.settings import EMULATOR_VARIABLES, Settings, SettingsError
from support.web_origins import WRONG

SECRET = "projects/p/secrets/gemini/versions/latest"
REQUIRED = {"FIREBASE_PROJECT_ID": "my-app-1a2b", "GEMINI_API_KEY_SECRET": SECRET}
NAMES = [
    "FIREBASE_PROJECT_ID",
    "GEMINI_API_KEY_SECRET",
    "GEMINI_API_VERSION",
    "API_KEY_CACHE_SECONDS",
    "CHECK_REVOKED",
    "APP_CHECK",
    "APP_CHECK_CONSUME",
    "APP_CHECK_ALLOWED_APP_IDS",
    "QUOTA_STORE",
    "FIRESTORE_DATABASE",
    "MEMORY_SWITCHES_FILE",
    "CORS_ALLOWED_ORIGINS",
    "CALL_DEADLINE_SECONDS",
    "THREADS",
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
        app_check="off",
        app_check_consume=False,
        app_check_allowed_app_ids=frozenset(),
        quota_store="firestore",
        firestore_database="live-tokens",
        memory_switches_file=None,
        cors_allowed_origins=(),
        call_deadline=timedelta(seconds=25),
        threads=32,
        firebase_auth_emulator_host=None,
        firestore_emulator_host=None,
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
        "APP_CHECK": "enforce",
        "APP_CHECK_CONSUME": "true",
        "APP_CHECK_ALLOWED_APP_IDS": " 1:1234:web:abcd , 1:1234:ios:0a1b,",
        "QUOTA_STORE": "memory",
        "FIRESTORE_DATABASE": "live-tokens",
        "MEMORY_SWITCHES_FILE": "local/switches of today.json",
        "CORS_ALLOWED_ORIGINS": " https://app.example.com , http://localhost:8081,",
        "CALL_DEADLINE_SECONDS": "20",
        "THREADS": "64",
        "FIREBASE_AUTH_EMULATOR_HOST": "localhost:9099",
        "FIRESTORE_EMULATOR_HOST": "localhost:9102",
        "SECRET_MANAGER_EMULATOR_HOST": "localhost:9010",
        "GEMINI_EMULATOR_HOST": "127.0.0.1:9011",
    }
    assert Settings.from_mapping(environment) == Settings(
        firebase_project_id="other-app",
        gemini_api_key_secret="projects/123/secrets/gemini/versions/7",
        gemini_api_version="v1alpha",
        api_key_cache=timedelta(seconds=60),
        check_revoked=False,
        app_check="enforce",
        app_check_consume=True,
        app_check_allowed_app_ids=frozenset({"1:1234:web:abcd", "1:1234:ios:0a1b"}),
        quota_store="memory",
        firestore_database="live-tokens",
        memory_switches_file="local/switches of today.json",
        cors_allowed_origins=("https://app.example.com", "http://localhost:8081"),
        call_deadline=timedelta(seconds=20),
        threads=64,
        firebase_auth_emulator_host="localhost:9099",
        firestore_emulator_host="localhost:9102",
        secret_manager_emulator_host="localhost:9010",
        gemini_emulator_host="127.0.0.1:9011",
    )


def test_any_origin_may_be_allowed() -> None:
    assert Settings.from_mapping(REQUIRED | {"CORS_ALLOWED_ORIGINS": "*"}).cors_allowed_origins == ("*",)


def test_an_origin_that_is_wrong_is_told_with_what_to_write_and_without_what_may_be_a_secret() -> None:
    wrong = "https://ada:secret-words@app.example.com"
    (fault,) = faults_of(REQUIRED | {"CORS_ALLOWED_ORIGINS": f"https://first.example.com,{wrong}"})
    assert fault.endswith(" Others never match. entry 2: write https://app.example.com.")


def test_every_origin_that_is_wrong_is_told() -> None:
    (fault,) = faults_of(REQUIRED | {"CORS_ALLOWED_ORIGINS": "*, HTTPS://a.example, https://b.example, http://c:80"})
    advice = "entry 1: use * as the only entry; entry 2: write https://a.example; entry 4: write http://c"
    assert fault.endswith(f" {advice}.")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {*REQUIRED, *EMULATOR_VARIABLES}])
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
        *(("CALL_DEADLINE_SECONDS", bad) for bad in ["0", "9", "-1", "12.5", "25s", "56", "9" * 20, "٣"]),
        *(("THREADS", bad) for bad in ["0", "-1", "many", "1001"]),
        ("CHECK_REVOKED", "yes"),
        ("CHECK_REVOKED", "TRUE"),
        *(("APP_CHECK", bad) for bad in ["on", "true", "Enforce", "enforced", "monitor,enforce"]),
        *(("APP_CHECK_CONSUME", bad) for bad in ["yes", "1", "True"]),
        *(
            ("APP_CHECK_ALLOWED_APP_IDS", bad)
            for bad in ["abcd", "1:1234:web", "1:1234:web:ABCD", "1:1234:web:abcd 1:1234:ios:0a1b", "1:1234:web:abcd,x"]
        ),
        *(("QUOTA_STORE", bad) for bad in ["none", "off", "Memory", "redis"]),
        *(
            ("FIRESTORE_DATABASE", bad)
            for bad in ["(Default)", "(live)", "ab", "a/b", "Live", "1-live", "live-", "live_tokens", "a" * 64]
        ),
        ("MEMORY_SWITCHES_FILE", "switches\0.json"),
        *(("CORS_ALLOWED_ORIGINS", bad) for bad in ["*,https://app.example.com", *WRONG]),
        *((name, bad) for name in EMULATOR_VARIABLES for bad in ["localhost", "http://localhost:9", ":9", "host:port"]),
    ],
)
def test_a_bad_value_is_one_fault_that_names_its_variable(name: str, bad: str) -> None:
    app_check = {"APP_CHECK": "enforce"} if name.startswith("APP_CHECK_") else {}
    in_memory = {"QUOTA_STORE": "memory"} if name == "MEMORY_SWITCHES_FILE" else {}
    (fault,) = faults_of(REQUIRED | app_check | in_memory | {name: bad})
    assert fault.startswith(f"{name} ")


def test_all_faults_are_told_at_once() -> None:
    faults = faults_of(dict.fromkeys(NAMES, "?"))
    assert [fault.split()[0] for fault in faults] == [
        "FIREBASE_PROJECT_ID",
        "GEMINI_API_KEY_SECRET",
        "GEMINI_API_VERSION",
        "API_KEY_CACHE_SECONDS",
        "CHECK_REVOKED",
        "APP_CHECK",
        "APP_CHECK_CONSUME",
        "APP_CHECK_ALLOWED_APP_IDS",
        "QUOTA_STORE",
        "FIRESTORE_DATABASE",
        "CORS_ALLOWED_ORIGINS",
        "CALL_DEADLINE_SECONDS",
        "THREADS",
        "FIREBASE_AUTH_EMULATOR_HOST",
        "FIRESTORE_EMULATOR_HOST",
        "SECRET_MANAGER_EMULATOR_HOST",
        "GEMINI_EMULATOR_HOST",
        "MEMORY_SWITCHES_FILE",
    ]


@pytest.mark.parametrize("mode", ["monitor", "enforce"])
@pytest.mark.parametrize("consume", ["true", "false"])
def test_app_check_may_only_look_or_refuse_with_or_without_consuming(mode: str, consume: str) -> None:
    settings = Settings.from_mapping(REQUIRED | {"APP_CHECK": mode, "APP_CHECK_CONSUME": consume})
    assert (settings.app_check, settings.app_check_consume) == (mode, consume == "true")


@pytest.mark.parametrize("name", ["APP_CHECK_CONSUME", "APP_CHECK_ALLOWED_APP_IDS"])
@pytest.mark.parametrize("off", [{}, {"APP_CHECK": ""}, {"APP_CHECK": "off"}])
def test_what_does_nothing_without_app_check_is_a_fault(off: dict[str, str], name: str) -> None:
    value = "true" if name == "APP_CHECK_CONSUME" else "1:1234:web:abcd"
    (fault,) = faults_of(REQUIRED | off | {name: value})
    assert fault.startswith("APP_CHECK is off, ")
    assert name in fault
    Settings.from_mapping(REQUIRED | {"APP_CHECK": "monitor", name: value})


def test_not_to_consume_is_no_fault_without_app_check() -> None:
    environment = REQUIRED | {"APP_CHECK_CONSUME": "false", "APP_CHECK_ALLOWED_APP_IDS": " , "}
    assert Settings.from_mapping(environment) == Settings.from_mapping(REQUIRED)


@pytest.mark.parametrize("database", ["(default)", "live-tokens", "abcd", "a" * 63])
def test_a_database_has_a_name_as_firestore_gives_them(database: str) -> None:
    assert Settings.from_mapping(REQUIRED | {"FIRESTORE_DATABASE": database}).firestore_database == database


@pytest.mark.parametrize("name", sorted({*NAMES} - {"MEMORY_SWITCHES_FILE"}))
def test_a_key_in_the_wrong_variable_is_not_repeated(name: str) -> None:
    assert "AQ.made up key" not in "".join(faults_of(REQUIRED | {name: "AQ.made up key"}))


@pytest.mark.parametrize(
    "name",
    [
        "FIREBASE_AUTH_EMULATOR_HOST",
        "FIRESTORE_EMULATOR_HOST",
        "SECRET_MANAGER_EMULATOR_HOST",
        "GEMINI_EMULATOR_HOST",
    ],
)
def test_an_emulator_is_refused_on_cloud_run(name: str) -> None:
    emulated = REQUIRED | {name: "localhost:9099"}
    Settings.from_mapping(emulated)
    (fault,) = faults_of(emulated | {"K_SERVICE": "mint-live-token"})
    assert fault.startswith(f"{name} is set on Cloud Run")


def test_gemini_alone_may_be_emulated_over_tls() -> None:
    secure = "https://127.0.0.1:8443"
    assert Settings.from_mapping(REQUIRED | {"GEMINI_EMULATOR_HOST": secure}).gemini_emulator_host == secure
    others = {*EMULATOR_VARIABLES} - {"GEMINI_EMULATOR_HOST"}
    faults = faults_of(REQUIRED | dict.fromkeys(others, secure) | {"GEMINI_EMULATOR_HOST": "http://127.0.0.1:8090"})
    assert {fault.split()[0] for fault in faults} == {*EMULATOR_VARIABLES}


@pytest.mark.parametrize("nothing", ["", "  ", "\n"])
@pytest.mark.parametrize("name", EMULATOR_VARIABLES)
def test_an_empty_emulator_variable_is_refused(name: str, nothing: str) -> None:
    """The libraries read it by themselves; firebase-admin takes blanks for an emulator, whose tokens are unsigned."""
    (fault,) = faults_of(REQUIRED | {name: nothing})
    assert fault.startswith(f"{name} is set, and empty")


def test_a_file_of_switches_that_nobody_would_read_is_refused() -> None:
    (fault,) = faults_of(REQUIRED | {"MEMORY_SWITCHES_FILE": "switches.json"})
    assert fault.startswith("MEMORY_SWITCHES_FILE ")


def test_quotas_in_memory_are_refused_on_cloud_run() -> None:
    in_memory = REQUIRED | {"QUOTA_STORE": "memory"}
    assert Settings.from_mapping(in_memory).quota_store == "memory"
    (fault,) = faults_of(in_memory | {"K_SERVICE": "mint-live-token"})
    assert fault.startswith("QUOTA_STORE is memory on Cloud Run")


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
