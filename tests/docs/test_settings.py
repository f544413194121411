"""The table of settings names what the code reads, with the defaults that it has."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import cast

from live_tokens.gemini_lock import find_config_faults
from live_tokens.model_rules import AS_OF, RULES, Effect
from live_tokens.settings import Settings
from support.documents import ROOT, table
from support.loaded_profiles import load_profiles

REQUIRED = {"FIREBASE_PROJECT_ID": "demo-project", "GEMINI_API_KEY_SECRET": "projects/p/secrets/s/versions/1"}


class ReadVariables(dict[str, str]):
    """An environment that notes what is looked up in it."""

    def __init__(self) -> None:
        super().__init__(REQUIRED)
        self.names: set[str] = set()

    def get(self, name: str, default: object = None) -> str:
        self.names.add(name)
        return super().get(name, cast("str", default))


def test_the_settings_table_names_each_variable_the_code_reads_and_no_other() -> None:
    environment = ReadVariables()
    Settings.from_mapping(environment)
    assert sorted(row[0].strip("`") for row in table("docs/settings.md", "settings")) == sorted(environment.names)


def test_the_settings_table_tells_the_defaults_that_the_code_has() -> None:
    told = {row[0].strip("`"): row[1].strip("`") for row in table("docs/settings.md", "settings")}
    settings = Settings.from_mapping(REQUIRED)
    assert {name for name, default in told.items() if default == "required"} == set(REQUIRED)
    assert settings.gemini_api_version == told["GEMINI_API_VERSION"]
    assert settings.api_key_cache == timedelta(seconds=int(told["API_KEY_CACHE_SECONDS"]))
    assert settings.check_revoked == json.loads(told["CHECK_REVOKED"])
    assert settings.app_check == told["APP_CHECK"]
    assert settings.app_check_consume == json.loads(told["APP_CHECK_CONSUME"])
    assert settings.app_check_allowed_app_ids == frozenset()
    assert settings.quota_store == told["QUOTA_STORE"]
    assert settings.firestore_database == told["FIRESTORE_DATABASE"]
    assert settings.memory_switches_file is None
    assert settings.cors_allowed_origins == ()
    assert settings.secret_manager_emulator_host is None
    assert settings.gemini_emulator_host is None
    assert {name for name, default in told.items() if default == "none"} == {
        "APP_CHECK_ALLOWED_APP_IDS",
        "CORS_ALLOWED_ORIGINS",
        "MEMORY_SWITCHES_FILE",
        "FIRESTORE_EMULATOR_HOST",
        "FIREBASE_AUTH_EMULATOR_HOST",
        "SECRET_MANAGER_EMULATOR_HOST",
        "GEMINI_EMULATOR_HOST",
    }


def test_the_profile_of_the_page_starts_and_so_does_its_example_of_choices(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    profile, choices = blocks[0], next(block for block in blocks if "[choices." in block)
    (tmp_path / "default.toml").write_text(profile, encoding="utf-8")
    choosing = profile.replace("{claim:level}", "{choice:level}") + choices
    (tmp_path / "choosing.toml").write_text(choosing, encoding="utf-8")
    offered = load_profiles(tmp_path, find_config_faults).files["choosing"].choices
    assert {name: choice.values[0] for name, choice in offered.items()} == {"voice": "Kore", "level": "a beginner"}


def test_the_table_of_model_rules_is_the_one_that_the_code_has() -> None:
    told = table("docs/settings.md", "model rules")
    assert told == [
        [
            ", ".join(f"`{model.name}`" if model.name.startswith("gemini") else model.name for model in rule.models)
            or "all Live models",
            rule.what,
            rule.says,
            {Effect.DEPENDS: "note"}.get(rule.effect, "refused" if rule.stops else "warning"),
            f"{rule.provenance.value}: {rule.source}",
        ]
        for rule in RULES
    ]
    assert AS_OF in (ROOT / "docs/settings.md").read_text(encoding="utf-8")
