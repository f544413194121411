"""What the operator may choose: one frozen object, made from a mapping, all faults reported at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

API_VERSIONS = ("v1alpha", "v1beta")
EMULATOR_VARIABLES = ("FIREBASE_AUTH_EMULATOR_HOST", "SECRET_MANAGER_EMULATOR_HOST", "GEMINI_EMULATOR_HOST")

_PROJECT_ID = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_SECRET_VERSION = re.compile(r"projects/[^/\s]+/secrets/[^/\s]+/versions/(latest|[0-9]+)")
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}")
_ORIGIN = re.compile(r"https?://[^/\s,]+")
_LONGEST_CACHE_SECONDS = 86_400


class SettingsError(Exception):
    """The environment does not describe a service that may start.

    Attributes:
        faults: one sentence per fault, each naming its variable. Values are left out: one may be a misplaced key.
    """

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The settings are not usable:\n" + "\n".join(f"  - {fault}" for fault in faults))


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one running service. See the table in the README.

    Attributes:
        firebase_project_id: the audience of ID tokens.
        gemini_api_key_secret: `projects/P/secrets/S/versions/V`.
        gemini_api_version: `v1alpha` or `v1beta`.
        api_key_cache: how long a read key is used.
        check_revoked: whether Firebase is asked if the user was disabled or signed out everywhere.
        cors_allowed_origins: origins of web apps, or `*` alone.
        firebase_auth_emulator_host: `host:port` of the Auth emulator, or None.
        secret_manager_emulator_host: `host:port` of a stand-in, or None.
        gemini_emulator_host: `host:port` of a stand-in, or None.
    """

    firebase_project_id: str
    gemini_api_key_secret: str
    gemini_api_version: str
    api_key_cache: timedelta
    check_revoked: bool
    cors_allowed_origins: tuple[str, ...]
    firebase_auth_emulator_host: str | None
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
            api_key_cache=reader.seconds("API_KEY_CACHE_SECONDS", default=300),
            check_revoked=reader.one_of("CHECK_REVOKED", ("true", "false"), default="true") == "true",
            cors_allowed_origins=reader.origins("CORS_ALLOWED_ORIGINS"),
            firebase_auth_emulator_host=reader.host_and_port("FIREBASE_AUTH_EMULATOR_HOST"),
            secret_manager_emulator_host=reader.host_and_port("SECRET_MANAGER_EMULATOR_HOST"),
            gemini_emulator_host=reader.host_and_port("GEMINI_EMULATOR_HOST"),
        )
        reader.refuse_emulators_in_the_cloud()
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

    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self._get(name) or default
        if value not in choices:
            self.faults.append(f"{name} must be {' or '.join(choices)}.")
        return value

    def seconds(self, name: str, default: int) -> timedelta:
        value = self._get(name) or str(default)
        if not re.fullmatch(r"[0-9]{1,9}", value) or not 1 <= int(value) <= _LONGEST_CACHE_SECONDS:
            self.faults.append(f"{name} must be a whole number of seconds from 1 to {_LONGEST_CACHE_SECONDS}.")
            return timedelta()
        return timedelta(seconds=int(value))

    def origins(self, name: str) -> tuple[str, ...]:
        origins = tuple(origin.strip() for origin in (self._get(name) or "").split(",") if origin.strip())
        if origins != ("*",) and not all(_ORIGIN.fullmatch(origin) for origin in origins):
            self.faults.append(f"{name} must be origins such as https://app.example.com, comma-separated, or * alone.")
        return origins

    def host_and_port(self, name: str) -> str | None:
        value = self._get(name)
        if value is not None and not _HOST_AND_PORT.fullmatch(value):
            self.faults.append(f"{name} must be host:port without a scheme.")
        return value

    def refuse_emulators_in_the_cloud(self) -> None:
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

    def _get(self, name: str) -> str | None:
        """An empty variable is as good as none: shells and YAML make them easily."""
        value = self._environment.get(name, "").strip()
        return value or None
