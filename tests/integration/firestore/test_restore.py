"""A database that is lost and restored: who was stopped stays stopped, and nobody gets more than a full quota.

The emulator makes and takes exports, which hold the documents as a backup does. It has no backups, and takes an export
only into the database that it is from, so here everything is deleted first.
"""

from datetime import timedelta
from pathlib import Path

import pytest
import requests

from integration.firestore.database import Database
from integration.firestore.people import CALLER, NOON, PROFILE, outcome, outcomes
from live_tokens.firestore_quota import SERVICE_SWITCH, FirestoreQuotaStore, profile_switch, user_switch

LIMIT = PROFILE.quota.per_hour or 0


def lose_and_restore(database: Database, folder: Path) -> None:
    """Export the database, delete all documents, and import the export."""
    name = f"projects/{database.project}/databases/live-tokens"
    emulator = f"http://{database.host}/emulator/v1"
    project = f"{emulator}/projects/{database.project}"
    metadata = folder / "backup" / "backup.overall_export_metadata"
    _require_done(
        requests.post(
            f"{project}:export",
            json={"database": name, "export_directory": str(folder), "export_name": "backup"},
            timeout=20,
        )
    )
    _require_done(requests.delete(f"{emulator}/{name}/documents", timeout=20))
    assert outcome(restored(database)) == "issued", "nothing is left"
    _require_done(requests.delete(f"{emulator}/{name}/documents", timeout=20))
    _require_done(
        requests.post(f"{project}:import", json={"database": name, "export_directory": str(metadata)}, timeout=20)
    )


def _require_done(answer: requests.Response) -> None:
    assert answer.status_code == 200, answer.text


def restored(database: Database, after: timedelta = timedelta(0)) -> FirestoreQuotaStore:
    """Return the store of an instance that starts so long after noon."""
    return database.store(now=lambda _: NOON + after)


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        (SERVICE_SWITCH, "SERVICE_PAUSED"),
        (profile_switch(PROFILE.name), "SERVICE_PAUSED"),
        (user_switch(CALLER.uid), "USER_BLOCKED"),
    ],
)
def test_who_was_stopped_is_stopped_after_a_restore(
    database: Database, tmp_path: Path, switch: str, reason: str
) -> None:
    database.set_switch(switch, {})
    lose_and_restore(database, tmp_path)
    assert outcome(restored(database)) == reason


def test_a_spent_quota_is_spent_after_a_restore_and_a_day_later_it_is_full_and_no_more(
    database: Database, tmp_path: Path
) -> None:
    outcomes(database.store(now=lambda _: NOON), LIMIT)
    lose_and_restore(database, tmp_path)
    assert outcome(restored(database)) == "HOURLY_QUOTA_EXCEEDED"
    after = outcomes(restored(database, timedelta(days=1)), LIMIT + 1)
    assert after == ["issued"] * LIMIT + ["HOURLY_QUOTA_EXCEEDED"]
