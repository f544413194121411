"""The README says what the code does."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from live_tokens.callable_endpoint import ERROR_TABLE
from live_tokens.settings import Settings
from support.reasons import reasons

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted(
    document
    for pattern in ("*.md", "docs/**/*.md", "infra/*.md", "operations/*.md", "local/*/README.md")
    for document in ROOT.glob(pattern)
)
REQUIRED = {"FIREBASE_PROJECT_ID": "demo-project", "GEMINI_API_KEY_SECRET": "projects/p/secrets/s/versions/1"}


class ReadVariables(dict[str, str]):
    """An environment that notes what is looked up in it."""

    def __init__(self) -> None:
        super().__init__(REQUIRED)
        self.names: set[str] = set()

    def get(self, name: str, default: object = None) -> str:
        self.names.add(name)
        return super().get(name, cast("str", default))


def table(marker: str) -> list[list[str]]:
    """Return the cells of the table that follows an HTML comment, without its head."""
    after = README.split(f"<!-- {marker} -->", 1)[1].lstrip().splitlines()
    rows = [line for line in after[: after.index("")] if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_the_settings_table_names_each_variable_the_code_reads_and_no_other() -> None:
    environment = ReadVariables()
    Settings.from_mapping(environment)
    assert sorted(row[0].strip("`") for row in table("settings")) == sorted(environment.names)


def test_the_settings_table_tells_the_defaults_that_the_code_has() -> None:
    told = {row[0].strip("`"): row[1].strip("`") for row in table("settings")}
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


def test_the_reasons_table_has_one_row_for_each_reason_with_its_status() -> None:
    told = {row[0].strip("`"): (int(row[1]), row[2].strip("`")) for row in table("reasons")}
    wire = {
        leaf.reason: next(status for kind, status in ERROR_TABLE.items() if issubclass(leaf, kind))
        for leaf in reasons()
    }
    assert told == {reason: (status.http.value, status.canonical) for reason, status in wire.items()}


def test_each_reason_tells_when_it_happens_and_what_the_app_should_do() -> None:
    assert all(len(row) == 5 and row[3] and row[4] for row in table("reasons"))


def test_each_make_command_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    named = set(re.findall(r"(?:^|`|… )make ([a-z]+)", text, re.MULTILINE))
    assert "demo" in named
    assert named <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []
