"""A plan that deletes or replaces what is protected never comes to the question whether to apply it."""

from typing import Any

import pytest

from live_tokens_operations.deploy.accidents import Accident
from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.plan import Plan
from live_tokens_operations.deploy.protection import require_protected_to_stay
from operations.deploy.google import STATE
from operations.deploy.runs import Deployed

SECRET = "google_secret_manager_secret.gemini_api_key"


def plan(address: str, before: dict[str, Any], *actions: str) -> Plan:
    """Return a plan that does this to one resource, and takes its protection away."""
    after = None if actions == ("delete",) else {"deletion_policy": "DELETE", "deletion_protection": False}
    change = {"actions": list(actions), "before": before, "after": after}
    resource = {"address": address, "mode": "managed", "type": address.partition(".")[0], "change": change}
    return Plan.of({"resource_changes": [resource]})


@pytest.mark.parametrize("actions", [("delete",), ("delete", "create"), ("create", "delete")])
@pytest.mark.parametrize(
    "before",
    [
        {"deletion_policy": "PREVENT"},
        {"deletion_protection": True},
        {"delete_protection_state": "DELETE_PROTECTION_ENABLED"},
    ],
)
def test_what_is_protected_is_neither_deleted_nor_replaced(before: dict[str, Any], actions: tuple[str, ...]) -> None:
    with pytest.raises(MisuseError, match=r"deletes what deletion_protection protects") as refused:
        require_protected_to_stay(plan(SECRET, before, *actions))
    assert SECRET in str(refused.value)
    assert "first run this with deletion_protection = false and no other change" in str(refused.value)


@pytest.mark.parametrize(
    ("before", "actions"),
    [
        ({"deletion_policy": "DELETE", "deletion_protection": False}, ("delete", "create")),
        ({"deletion_policy": "DELETE", "deletion_protection": False}, ("delete",)),
        ({"deletion_policy": "PREVENT"}, ("update",)),
        ({"deletion_policy": "PREVENT"}, ("forget",)),
    ],
)
def test_what_is_not_protected_may_go_and_the_protection_too(before: dict[str, Any], actions: tuple[str, ...]) -> None:
    require_protected_to_stay(plan(SECRET, before, *actions))


def test_no_word_accepts_the_loss_of_a_protected_secret(deployed: Deployed) -> None:
    google, checkout = deployed
    checkout.set(region="europe-west1", secret_name="another")
    before = google.state_bucket.objects[STATE]
    ended = checkout.build("deploy", "--yes", *(f"--accept={accident.value}" for accident in Accident))
    assert ended.code == 2, ended.shown
    assert f"  - {SECRET} (deleted and made again)" in ended.shown
    assert google.state_bucket.objects[STATE] == before
