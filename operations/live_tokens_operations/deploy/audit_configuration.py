"""Whether a plan replaces an audit configuration that the project has."""

from __future__ import annotations

from live_tokens_operations.deploy.errors import MisuseError, UnansweredError
from live_tokens_operations.google.look import Found, Json, Looks, Unseen

_SERVICE = "secretmanager.googleapis.com"
_RESOURCE = "google_project_iam_audit_config.secret_manager[0]"


def require_no_other_audit_configuration(plan: Json, api: Looks, project: str) -> None:
    """Check that a plan does not replace the project's own audit configuration of Secret Manager.

    A configuration of `allServices` stays, whatever is set for one service: the two are added up.

    Source: https://cloud.google.com/iam/docs/audit-logging/configure-data-access

    Args:
        plan: as `terraform show -json` prints it.

    Raises:
        MisuseError: it would replace one.
        UnansweredError: the project's policy could not be read.
    """
    changes = {each["address"]: each["change"]["actions"] for each in plan.get("resource_changes", [])}
    if "create" not in changes.get(_RESOURCE, []):
        return
    look = api.post(
        f"https://cloudresourcemanager.googleapis.com/v1/projects/{project}:getIamPolicy",
        "roles/iam.securityReviewer",
        {"options": {"requestedPolicyVersion": 3}},
    )
    if not isinstance(look, Found):
        why = f"{look.why}\n{look.remedy}".rstrip() if isinstance(look, Unseen) else "there is no such project"
        raise UnansweredError(
            f"The audit configuration of {project} could not be read, and this plan would replace one. "
            f"Nothing was changed.\n{why}"
        )
    configs: list[Json] = [each for each in look.body.get("auditConfigs", []) if each.get("service") == _SERVICE]
    if not configs:
        return
    types = sorted(str(log.get("logType")) for config in configs for log in config.get("auditLogConfigs", []))
    logged = (
        "It logs reads of the key, so the alert on reads by other accounts works with it."
        if "DATA_READ" in types
        else "Add DATA_READ to it, if the alert on reads of the key by other accounts is to open."
    )
    raise MisuseError(
        f"{project} has an audit configuration of Secret Manager of its own ({', '.join(types)}), and this plan would "
        "replace it. Nothing was changed.\n"
        f"To leave it alone, set audit_secret_reads = false in infra/projects/{project}.tfvars. {logged}"
    )
