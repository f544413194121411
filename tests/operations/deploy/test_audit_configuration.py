"""What the project has decided about its audit log is not replaced unnoticed."""

from typing import Any

import pytest

from live_tokens_operations.deploy.audit_configuration import require_no_other_audit_configuration
from live_tokens_operations.deploy.errors import MisuseError, UnansweredError
from live_tokens_operations.google.look import Found, Look, Unseen
from operations.deploy.scripted import ScriptedGoogle


def audited(service: str, *types: str) -> Look:
    return Found({"auditConfigs": [{"service": service, "auditLogConfigs": [{"logType": each} for each in types]}]})


SECRETS = "secretmanager.googleapis.com"


def require(look: Look, actions: tuple[str, ...] = ("create",)) -> None:
    """Check a plan that does something with our audit configuration, where the project has the one of a look."""
    plan: dict[str, Any] = {
        "resource_changes": [
            {"address": "google_project_iam_audit_config.secret_manager[0]", "change": {"actions": list(actions)}}
        ]
    }
    google = ScriptedGoogle({"cloudresourcemanager.googleapis.com": look})
    require_no_other_audit_configuration(plan if actions else {}, google, "my-app-1a2b")


@pytest.mark.parametrize("look", [Found({}), audited("allServices", "DATA_READ"), audited("run.googleapis.com", "X")])
def test_a_project_without_one_for_secrets_gets_ours(look: Look) -> None:
    require(look)


@pytest.mark.parametrize("actions", [("no-op",), ("update",), ("delete",), ()])
def test_ours_is_not_taken_for_somebody_elses(actions: tuple[str, ...]) -> None:
    require(audited(SECRETS, "DATA_READ"), actions)


@pytest.mark.parametrize(
    ("types", "told"),
    [
        (
            ("DATA_READ", "ADMIN_READ"),
            "It logs reads of the key, so the alert on reads by other accounts works with it.",
        ),
        (("DATA_WRITE",), "Add DATA_READ to it"),
    ],
)
def test_one_that_the_project_has_stops_the_plan(types: tuple[str, ...], told: str) -> None:
    with pytest.raises(MisuseError) as refused:
        require(audited(SECRETS, *types))
    assert f"of its own ({', '.join(sorted(types))}), and this plan would replace it. Nothing was" in str(refused.value)
    assert "set audit_secret_reads = false" in str(refused.value)
    assert told in str(refused.value)


def test_a_policy_that_cannot_be_read_stops_the_plan() -> None:
    with pytest.raises(UnansweredError, match=r"could not be read.*\nneeds role x\ngrant it"):
        require(Unseen("needs role x", "grant it"))
