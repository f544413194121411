"""What the account that deploys must be allowed to do, asked in one request before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from live_tokens_operations.checks.finding import Finding, bad, ok, skipped, unanswered, warn
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Looks, Unseen
from live_tokens_operations.remedies import command

DEPLOYER_ROLES: Mapping[str, tuple[str, ...]] = {
    "roles/editor": (
        *("resourcemanager.projects.get", "resourcemanager.projects.getIamPolicy"),
        *("serviceusage.services.enable", "serviceusage.services.get", "serviceusage.services.use"),
        *("iam.serviceAccounts.create", "iam.serviceAccounts.get", "iam.serviceAccounts.delete"),
        *("iam.serviceAccounts.actAs", "iam.serviceAccounts.getIamPolicy"),
        *("secretmanager.secrets.create", "secretmanager.secrets.get", "secretmanager.secrets.update"),
        *("secretmanager.secrets.delete", "secretmanager.versions.add", "secretmanager.versions.list"),
        *("datastore.databases.getMetadata", "datastore.databases.update"),
        *("datastore.backupSchedules.create", "datastore.backupSchedules.get"),
        *("firebaserules.rulesets.create", "firebaserules.releases.create", "firebaserules.releases.update"),
        *("cloudfunctions.functions.create", "cloudfunctions.functions.get", "cloudfunctions.functions.update"),
        *("cloudfunctions.functions.delete", "cloudfunctions.operations.get"),
        *("run.services.get", "run.services.update", "run.services.getIamPolicy"),
        *("artifactregistry.repositories.create", "artifactregistry.repositories.get"),
        *("artifactregistry.repositories.update", "artifactregistry.repositories.delete"),
        *("storage.buckets.create", "storage.buckets.delete"),
        *("logging.logMetrics.create", "logging.logMetrics.update", "logging.logMetrics.delete"),
        *("monitoring.alertPolicies.create", "monitoring.alertPolicies.update", "monitoring.alertPolicies.delete"),
        *("monitoring.notificationChannels.create", "monitoring.services.create", "monitoring.slos.create"),
        *("monitoring.dashboards.create", "monitoring.uptimeCheckConfigs.create"),
    ),
    "roles/resourcemanager.projectIamAdmin": ("resourcemanager.projects.setIamPolicy",),
    "roles/iam.serviceAccountAdmin": ("iam.serviceAccounts.setIamPolicy",),
    "roles/secretmanager.admin": ("secretmanager.secrets.setIamPolicy",),
    "roles/datastore.owner": ("datastore.databases.create", "datastore.databases.delete"),
    "roles/cloudfunctions.admin": ("cloudfunctions.functions.setIamPolicy", "run.services.setIamPolicy"),
    "roles/artifactregistry.admin": ("artifactregistry.repositories.setIamPolicy",),
    "roles/logging.configWriter": (
        *("logging.buckets.create", "logging.buckets.update"),
        *("logging.sinks.create", "logging.sinks.update", "logging.sinks.delete"),
    ),
}
"""Role → what is needed of it for the defaults. Each other role holds what Editor lacks; Owner holds all of it.

Reading and writing in the two buckets is not among them: whoever makes a bucket with Editor or Owner is let in by the
bucket's own policy, which a project does not tell.

Source: https://cloud.google.com/iam/docs/roles-permissions
"""

NEEDED = tuple(permission for permissions in DEPLOYER_ROLES.values() for permission in permissions)


def check_deployer(api: Looks, project: str) -> Finding:
    """Ask which of the permissions this account has. Nobody needs a role for that question.

    Source: https://cloud.google.com/resource-manager/reference/rest/v1/projects/testIamPermissions
    """
    url = f"https://cloudresourcemanager.googleapis.com/v1/projects/{project}:testIamPermissions"
    look = api.post(url, "roles/browser", {"permissions": list(NEEDED)})
    if isinstance(look, Unseen) and look.reason == "SERVICE_DISABLED":
        return ok("Permissions: not asked for, because the API is off; the deployment switches it on")
    if isinstance(look, Unseen) and look.status == HTTPStatus.BAD_REQUEST:
        # Google refuses the whole question for one name that it does not know, and we could not try the names.
        text = "Permissions: not checked: Google does not take one of the names that were asked for"
        return warn(text, "Before you begin, in infra/README.md, names the roles; please report this")
    if isinstance(look, Unseen):
        return unanswered("Permissions", look)
    if not isinstance(look, Found):
        return skipped("Permissions", "there is no such project")
    held = set(look.body.get("permissions", []))
    lacking = {
        role: missing
        for role, permissions in DEPLOYER_ROLES.items()
        if (missing := [permission for permission in permissions if permission not in held])
    }
    if not lacking:
        return ok(f"Permissions: all {len(NEEDED)} that a deployment needs")
    first = [permission for permissions in lacking.values() for permission in permissions]
    others = f" and {len(first) - 3} more" if len(first) > 3 else ""
    grants = "\n    ".join(command(gcloud_commands.grant_on_project(project, "ACCOUNT", role)) for role in lacking)
    return bad(
        f"This account lacks {', '.join(first[:3])}{others} in {project}.",
        f"Somebody who may grants the roles, with user:… or serviceAccount:… for ACCOUNT:\n    {grants}",
    )
