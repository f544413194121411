"""What the operator may choose: one frozen object, made from a mapping, all faults reported at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeVar, get_args

from live_tokens.configuration_error import ConfigurationError
from live_tokens.web_origins import is_origin, right_form

ApiVersion = Literal["v1alpha", "v1beta"]
AppCheckMode = Literal["off", "monitor", "enforce"]
QuotaStoreName = Literal["firestore", "memory"]
API_VERSIONS: tuple[ApiVersion, ...] = get_args(ApiVersion)
APP_CHECK_MODES: tuple[AppCheckMode, ...] = get_args(AppCheckMode)
QUOTA_STORES: tuple[QuotaStoreName, ...] = get_args(QuotaStoreName)
Choice = TypeVar("Choice", bound=str)
EMULATOR_VARIABLES = (
    "FIREBASE_AUTH_EMULATOR_HOST",
    "FIRESTORE_EMULATOR_HOST",
    "SECRET_MANAGER_EMULATOR_HOST",
    "GEMINI_EMULATOR_HOST",
)

_PROJECT_ID = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_SECRET_VERSION = re.compile(r"projects/[^/\s]+/secrets/[^/\s]+/versions/(latest|[0-9]+)")
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}")
_HOST_PERHAPS_SECURE = re.compile(rf"(https://)?{_HOST_AND_PORT.pattern}")
_APP_ID = re.compile(r"[0-9]+:[0-9]+:[a-z]+:[0-9a-f]+")
_DATABASE = re.compile(r"\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9]")
_PATH = re.compile(r"[^\0]+")
_LONGEST_CACHE_SECONDS = 86_400
# Cloud Run gives a request up after 60 s by default, and Firebase's SDKs after 70.
_LONGEST_CALL_SECONDS = 55
# With less, a call would be over before an upstream has had its share: nobody could tell that it hangs.
_SHORTEST_CALL_SECONDS = 10
# Cloud Run sends an instance 1000 requests at once at the most.
_MOST_THREADS = 1_000


# As many as Cloud Run sends at once; functions-framework's own default would queue them.
DEFAULT_THREADS = 32


class SettingsError(ConfigurationError):
    """The environment does not describe a service that may start."""

    subject = "settings"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one running service. docs/settings.md describes them for operators.

    Attributes:
        firebase_project_id: the audience of ID tokens.
        gemini_api_key_secret: `projects/P/secrets/S/versions/V`.
        gemini_api_version: `v1alpha` or `v1beta`.
        api_key_cache: how long a read key is used.
        check_revoked: whether Firebase is asked if the user was disabled or signed out everywhere.
        app_check: `off`, `monitor` or `enforce`.
        app_check_consume: whether an App Check token is good for one call only.
        app_check_allowed_app_ids: Firebase app ids; empty for all apps of the project.
        quota_store: `firestore` or `memory`.
        firestore_database: name of the database with quotas and stop switches.
        memory_switches_file: path of a file of stop switches for `memory`, or None.
        cors_allowed_origins: origins of web apps, or `*` alone.
        call_deadline: how long a call may take in all.
        threads: how many calls are answered at once; as many connections to each upstream are kept.
        firebase_auth_emulator_host: `host:port` of the Auth emulator, or None.
        firestore_emulator_host: `host:port` of Firestore's emulator, or None.
        secret_manager_emulator_host: `host:port` of a stand-in, or None.
        gemini_emulator_host: `host:port` of a stand-in, `https://host:port` for one over TLS, or None.
    """

    firebase_project_id: str
    gemini_api_key_secret: str
    gemini_api_version: ApiVersion
    api_key_cache: timedelta
    check_revoked: bool
    app_check: AppCheckMode
    app_check_consume: bool
    app_check_allowed_app_ids: frozenset[str]
    quota_store: QuotaStoreName
    firestore_database: str
    memory_switches_file: str | None
    cors_allowed_origins: tuple[str, ...]
    call_deadline: timedelta
    threads: int
    firebase_auth_emulator_host: str | None
    firestore_emulator_host: str | None
    secret_manager_emulator_host: str | None
    gemini_emulator_host: str | None

    @classmethod
    def from_mapping(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings from environment variables.

        Raises:
            SettingsError: with every fault there is, not only the first.
        """
        reader = _Reader(environment)
        settings = cls(
            firebase_project_id=reader.required(
                "FIREBASE_PROJECT_ID", _PROJECT_ID, "the id of a Firebase project, such as my-app-1a2b"
            ),
            gemini_api_key_secret=reader.required(
                "GEMINI_API_KEY_SECRET",
                _SECRET_VERSION,
                "projects/P/secrets/S/versions/V, with a number or latest as V",
            ),
            gemini_api_version=reader.one_of("GEMINI_API_VERSION", API_VERSIONS, default="v1beta"),
            api_key_cache=timedelta(
                seconds=reader.whole_number("API_KEY_CACHE_SECONDS", 300, 1, _LONGEST_CACHE_SECONDS)
            ),
            check_revoked=reader.boolean("CHECK_REVOKED", default="true"),
            app_check=reader.one_of("APP_CHECK", APP_CHECK_MODES, default="off"),
            app_check_consume=reader.boolean("APP_CHECK_CONSUME", default="false"),
            app_check_allowed_app_ids=frozenset(
                reader.all_like("APP_CHECK_ALLOWED_APP_IDS", _APP_ID, "Firebase app ids such as 1:1234:web:abcd")
            ),
            quota_store=reader.one_of("QUOTA_STORE", QUOTA_STORES, default="firestore"),
            firestore_database=reader.optional("FIRESTORE_DATABASE", _DATABASE, "the name of a Firestore database")
            or "live-tokens",
            memory_switches_file=reader.optional("MEMORY_SWITCHES_FILE", _PATH, "the path of a file"),
            cors_allowed_origins=reader.origins("CORS_ALLOWED_ORIGINS"),
            call_deadline=timedelta(
                seconds=reader.whole_number("CALL_DEADLINE_SECONDS", 25, _SHORTEST_CALL_SECONDS, _LONGEST_CALL_SECONDS)
            ),
            threads=reader.whole_number("THREADS", DEFAULT_THREADS, 1, _MOST_THREADS),
            firebase_auth_emulator_host=reader.host_and_port("FIREBASE_AUTH_EMULATOR_HOST"),
            firestore_emulator_host=reader.host_and_port("FIRESTORE_EMULATOR_HOST"),
            secret_manager_emulator_host=reader.host_and_port("SECRET_MANAGER_EMULATOR_HOST"),
            gemini_emulator_host=reader.optional(
                "GEMINI_EMULATOR_HOST", _HOST_PERHAPS_SECURE, "host:port, or https://host:port"
            ),
        )
        reader.refuse_empty_emulators()
        reader.refuse_stand_ins_in_the_cloud(settings.quota_store)
        if settings.quota_store != "memory" and settings.memory_switches_file is not None:
            reader.faults.append("MEMORY_SWITCHES_FILE is set, but QUOTA_STORE is not memory: it would stop nothing.")
        app_check_is_off = environment.get("APP_CHECK", "").strip() in ("", "off")
        if app_check_is_off and (settings.app_check_consume or settings.app_check_allowed_app_ids):
            reader.faults.append("APP_CHECK is off, so APP_CHECK_CONSUME and APP_CHECK_ALLOWED_APP_IDS do nothing.")
        if reader.faults:
            raise SettingsError(reader.faults)
        return settings


class _Reader:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[str] = []

    def required(self, name: str, form: re.Pattern[str], description: str) -> str:
        value = self._get(name)
        if value is None:
            self.faults.append(f"{name} is not set. It must be {description}.")
        elif not form.fullmatch(value):
            self.faults.append(f"{name} must be {description}.")
        return value or ""

    def optional(self, name: str, form: re.Pattern[str], description: str) -> str | None:
        value = self._get(name)
        if value is not None and not form.fullmatch(value):
            self.faults.append(f"{name} must be {description}.")
        return value

    def boolean(self, name: str, default: str) -> bool:
        return self.one_of(name, ("true", "false"), default) == "true"

    def all_like(self, name: str, form: re.Pattern[str], description: str) -> tuple[str, ...]:
        values = tuple(value.strip() for value in (self._get(name) or "").split(",") if value.strip())
        if not all(form.fullmatch(value) for value in values):
            self.faults.append(f"{name} must be {description}, comma-separated.")
        return values

    def one_of(self, name: str, choices: tuple[Choice, ...], default: Choice) -> Choice:
        value = self._get(name) or default
        for choice in choices:
            if choice == value:
                return choice
        self.faults.append(f"{name} must be {' or '.join(choices)}.")
        return default

    def whole_number(self, name: str, default: int, least: int, most: int) -> int:
        value = self._get(name) or str(default)
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            self.faults.append(f"{name} must be a whole number from {least} to {most}.")
            return default
        return int(value)

    def origins(self, name: str) -> tuple[str, ...]:
        origins = tuple(origin.strip() for origin in (self._get(name) or "").split(",") if origin.strip())
        wrong = [(number, origin) for number, origin in enumerate(origins, 1) if not is_origin(origin)]
        if origins != ("*",) and wrong:
            advice = "; ".join(f"entry {number}: {right_form(origin)}" for number, origin in wrong)
            self.faults.append(
                f"{name} must be origins as browsers send them, such as https://app.example.com or "
                f"capacitor://localhost, comma-separated, or * alone. Others never match. {advice}."
            )
        return origins

    def host_and_port(self, name: str) -> str | None:
        return self.optional(name, _HOST_AND_PORT, "host:port without a scheme")

    def refuse_empty_emulators(self) -> None:
        """Refuse what is none to us but an emulator to the libraries, which read these variables by themselves."""
        self.faults.extend(
            f"{name} is set, and empty. Unset it."
            for name in EMULATOR_VARIABLES
            if name in self._environment and self._get(name) is None
        )

    def refuse_stand_ins_in_the_cloud(self, quota_store: str) -> None:
        """An emulator accepts unsigned ID tokens. K_SERVICE is set by Cloud Run and by nothing else.

        Source: https://cloud.google.com/run/docs/container-contract#services-env-vars
        """
        if "K_SERVICE" not in self._environment:
            return
        self.faults.extend(
            f"{name} is set on Cloud Run (K_SERVICE is set). An emulator accepts forged sign-ins: unset it."
            for name in EMULATOR_VARIABLES
            if name in self._environment
        )
        if quota_store == "memory":
            self.faults.append(
                "QUOTA_STORE is memory on Cloud Run: each instance would count for itself. Use firestore."
            )

    def _get(self, name: str) -> str | None:
        """An empty variable is as good as none: shells and YAML make them easily."""
        value = self._environment.get(name, "").strip()
        return value or None
