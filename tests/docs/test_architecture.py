"""The tables of deadlines in the architecture page are those of the code, and they add up."""

import re
from fnmatch import fnmatch

from live_tokens import (
    firebase_app_check,
    firebase_id_tokens,
    firebase_identity,
    firestore_documents,
    gemini_minter,
    google_credentials,
    secret_manager_key,
)
from live_tokens.issuing import CALL_SECONDS, STEP_SECONDS
from live_tokens.settings import Settings
from support.documents import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
REQUIRED = {"FIREBASE_PROJECT_ID": "demo-project", "GEMINI_API_KEY_SECRET": "projects/p/secrets/s/versions/1"}
CLOUD_RUN_SECONDS = 60
"""Least `timeout_seconds` that infra/variables.tf takes."""

UPSTREAMS = [
    ("verify", firebase_id_tokens.CERTIFICATES_SECONDS),
    ("verify", google_credentials.CREDENTIALS_SECONDS),
    ("verify", firebase_identity.LOOK_UP_SECONDS),
    ("attest", firebase_app_check.KEYS_SECONDS),
    ("attest", firebase_app_check.CONSUMPTION_SECONDS),
    ("spend", firestore_documents.RPC_SECONDS),
    ("readKey", secret_manager_key.READ_SECONDS),
    ("mint", gemini_minter.MINT_SECONDS),
]


def rows(marker: str) -> list[list[str]]:
    after = PAGE.split(f"<!-- {marker} -->", 1)[1].lstrip().splitlines()
    table = [line for line in after[: after.index("")] if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table[2:]]


def test_the_page_tells_the_share_of_each_step() -> None:
    assert [(step.strip("`"), float(seconds)) for step, seconds, _ in rows("steps")] == list(STEP_SECONDS.items())


def test_the_page_tells_the_limit_of_each_upstream() -> None:
    assert [(step.strip("`"), float(seconds)) for _, step, seconds in rows("upstreams")] == UPSTREAMS


def test_the_shares_of_the_steps_add_up_to_a_call_and_a_call_is_shorter_than_cloud_runs() -> None:
    assert sum(float(seconds) for _, seconds, _ in rows("steps")) <= CALL_SECONDS < CLOUD_RUN_SECONDS
    assert Settings.from_mapping(REQUIRED).call_deadline.total_seconds() == CALL_SECONDS


def test_the_limits_of_the_upstreams_fit_into_their_step_so_that_their_time_outs_are_told_from_a_short_call() -> None:
    for step, share in STEP_SECONDS.items():
        limits = [seconds for of_step, seconds in UPSTREAMS if of_step == step]
        assert not limits or sum(limits) < share


def test_each_module_is_on_the_map_once_and_the_map_has_no_other() -> None:
    modules = {file.stem for file in (ROOT / "functions" / "live_tokens").glob("*.py")} - {"__init__"}
    named = [name for files, *_ in rows("modules") for name in re.findall(r"`([\w*]+)`", files)]
    places = {module: [name for name in named if fnmatch(module, name)] for module in modules}
    assert {module: names for module, names in places.items() if len(names) != 1} == {}
    assert [name for name in named if not any(fnmatch(module, name) for module in modules)] == []
