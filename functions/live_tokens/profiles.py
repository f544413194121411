"""Profiles: TOML files that say what tokens are locked to, checked before the service starts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from live_tokens.issuing import DEFAULT_PROFILE, Profile

# Google refuses expiry times 20 hours ahead; the minute is for clocks that differ.
# Source: https://ai.google.dev/api/live#AuthToken
LONGEST_LIFETIME = timedelta(hours=20) - timedelta(minutes=1)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MODEL = re.compile(r"(models/)?[a-z0-9][a-z0-9.-]*")
_TABLES = {"model", "lifetime", "config"}
_LIFETIMES = ("start_within_seconds", "session_seconds")

ConfigCheck = Callable[[Profile], Sequence[str]]
"""Returns what is wrong with a profile's model and `config`: sentences that begin with the field's name."""


class ProfileError(Exception):
    """The profiles cannot be used.

    Attributes:
        faults: one sentence per fault, each naming file and field.
    """

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The profiles are not usable:\n" + "\n".join(f"  - {fault}" for fault in faults))


def load_profiles(directory: Path, check_config: ConfigCheck) -> Mapping[str, Profile]:
    """Read every `<name>.toml` of a directory.

    Args:
        directory: the folder of profiles.
        check_config: looks into the `[config]` that only Gemini understands.

    Returns:
        Profiles by name, `default` among them.

    Raises:
        ProfileError: with every fault of every file.
    """
    files = sorted(directory.glob("*.toml"))
    faults: list[str] = []
    profiles: dict[str, Profile] = {}
    for file in files:
        faults_of_file: list[str] = []
        profile = _read(file, faults_of_file)
        if profile and not faults_of_file:
            faults_of_file.extend(check_config(profile))
            profiles[profile.name] = profile
        faults.extend(f"{file.name}: {fault}" for fault in faults_of_file)
    if DEFAULT_PROFILE not in {file.stem for file in files}:
        faults.append(f"{DEFAULT_PROFILE}.toml: this file is missing; it is used when a call names no profile.")
    if faults:
        raise ProfileError(faults)
    return MappingProxyType(profiles)


def _read(file: Path, faults: list[str]) -> Profile | None:
    def fault(field: str, problem: str) -> None:
        faults.append(f"{field} {problem}")

    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        fault("is not valid TOML:", str(error))
        return None

    if not _NAME.fullmatch(file.stem):
        fault("has a name", "that is not lower-case letters, digits and hyphens.")
    for name in sorted(document.keys() - _TABLES):
        fault(name, f"is not known here. A profile has {', '.join(sorted(_TABLES))}.")
    return Profile(
        name=file.stem,
        model=_model(document.get("model"), fault),
        config=MappingProxyType(_config(document.get("config", {}), fault)),
        **_lifetimes(document.get("lifetime"), fault),
    )


def _model(model: object, fault: Callable[[str, str], None]) -> str:
    if model is None:
        fault("model", "is missing. Without it a token would not be locked to a model.")
    elif not isinstance(model, str) or not _MODEL.fullmatch(model):
        fault("model", 'must be the name of a Gemini model, such as "gemini-3.8-live".')
    else:
        return model if model.startswith("models/") else f"models/{model}"
    return ""


def _config(config: object, fault: Callable[[str, str], None]) -> dict[str, object]:
    if isinstance(config, dict) and config:
        return config
    fault("[config]", "must be a table with at least one field. An empty lock would leave everything to defaults.")
    return {}


def _lifetimes(lifetime: object, fault: Callable[[str, str], None]) -> dict[str, timedelta]:
    if not isinstance(lifetime, dict) or set(lifetime) != set(_LIFETIMES):
        fault("[lifetime]", f"must hold {' and '.join(_LIFETIMES)}, and nothing else.")
        return {"start_within": timedelta(), "session": timedelta()}
    longest = int(LONGEST_LIFETIME.total_seconds())
    for name, seconds in lifetime.items():
        if type(seconds) is not int or not 1 <= seconds <= longest:
            fault(f"lifetime.{name}", f"must be a whole number of seconds from 1 to {longest}.")
            lifetime[name] = 1
    start_within, session = (timedelta(seconds=lifetime[name]) for name in _LIFETIMES)
    if start_within > session:
        fault("lifetime.start_within_seconds", "must not be longer than session_seconds.")
    return {"start_within": start_within, "session": session}
