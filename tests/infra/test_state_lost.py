"""A lost state: the example imports all that has a name of its own, and the rest can be made again."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from infra.applied_options import EVERY_OPTION
from infra.deployed import resources
from support.terraform_runner import REPOSITORY, Terraform, copy_of_module, terraform_in

IMPORTS = REPOSITORY / "infra/examples/state_lost/imports.tf"
# Type → why a second creation does no harm. What ends with `_iam_member` is a grant: who has the role keeps it.
MADE_AGAIN = {
    "google_project_service": "what is on stays on",
    "google_project_service_identity": "Google gives the one that exists",
    "google_project_iam_audit_config": "it is set, not made",
    "google_firestore_field": "it is set, not made",
    "google_storage_bucket_object": "it is overwritten",
    "time_sleep": "it exists in the state alone",
    "time_static": "it exists in the state alone",
    "google_firebaserules_ruleset": "Google names it",
    "google_logging_project_bucket_config": "the time is in its name",
}
# Type → the word of the page for what is there twice afterwards: Google names it.
TWICE = {
    "google_monitoring_alert_policy": "alerts",
    "google_monitoring_dashboard": "dashboard",
    "google_monitoring_uptime_check_config": "uptime checks",
    "google_monitoring_notification_channel": "notification channels",
    "google_billing_budget": "budget",
}
# Its id is Google's, and a database has one such schedule: the page says to delete it first.
DELETED_FIRST = {"google_firestore_backup_schedule"}
PAGE = (REPOSITORY / "docs/playbooks/emergencies/state-lost.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """The module without a state, with the imports."""
    module = copy_of_module(tmp_path_factory.mktemp("lost"))
    shutil.copy(IMPORTS, module)
    with terraform_in(module, applies=True) as terraform:
        yield terraform


def planned(lost: Terraform, *options: str) -> tuple[dict[str, str], set[str]]:
    """Return the id of each address that a plan imports, and the addresses that it creates."""
    changes: list[dict[str, Any]] = [
        each for each in lost.plan(*options)["resource_changes"] if each["mode"] == "managed"
    ]
    imported = {each["address"]: each["change"]["importing"]["id"] for each in changes if "importing" in each["change"]}
    return imported, {each["address"] for each in changes} - imported.keys()


def is_made_again(address: str) -> bool:
    kind = address.partition(".")[0]
    return kind.endswith("_iam_member") or kind in {*MADE_AGAIN, *TWICE, *DELETED_FIRST}


@pytest.mark.parametrize(
    ("fixture", "options"),
    [("with_defaults", ()), ("with_every_option", (EVERY_OPTION,))],
    ids=lambda value: str(value),
)
def test_everything_is_imported_or_made_again(
    fixture: str, options: tuple[str, ...], lost: Terraform, request: pytest.FixtureRequest
) -> None:
    deployed = {
        address: values["id"]
        for address, values in resources(request.getfixturevalue(fixture)).items()
        if not address.startswith("data.")
    }
    imported, created = planned(lost, *options)
    assert imported.keys() | created == deployed.keys()
    assert [address for address in created if not is_made_again(address)] == []
    assert [address for address in imported if is_made_again(address)] == []
    # Where the schema has no format of ids, the stand-in makes one up.
    other = {address: (id_, deployed[address]) for address, id_ in imported.items() if id_ != deployed[address]}
    assert [address for address, (_, id_) in other.items() if not id_.startswith("stub-id-")] == []
    assert other.keys() <= {"google_firebaserules_release.no_clients"}


def test_the_page_says_what_is_there_twice_and_what_goes_first() -> None:
    assert [word for word in TWICE.values() if word not in " ".join(PAGE.split())] == []
    assert "gcloud firestore backups schedules delete" in PAGE
