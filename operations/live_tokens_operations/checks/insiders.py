"""Insiders: who, beside the function, reads the key or signs in as any user."""

from __future__ import annotations

from collections.abc import Iterator

from live_tokens_operations.checks.deployment import CheckContext
from live_tokens_operations.checks.finding import Finding, ok, skipped, unanswered, warn
from live_tokens_operations.checks.roles import Binding, bindings_in
from live_tokens_operations.defaults import release_account
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Missing, Unseen
from live_tokens_operations.google.rest import GoogleApi
from live_tokens_operations.remedies import command

_ADMIN = "roles/secretmanager.admin"
_TOKEN_CREATOR = "roles/iam.serviceAccountTokenCreator"  # noqa: S105  # the name of a role
_BOTH = "reads the key and signs in as any user"
# Role on the project → what it lets an account do. Source: https://cloud.google.com/iam/docs/roles-permissions
_POWERS = {
    _TOKEN_CREATOR: f"signs as every account of the project, and so {_BOTH}",
    "roles/iam.serviceAccountKeyAdmin": f"makes keys of every account of the project, and so {_BOTH}",
}


def check(context: CheckContext) -> Iterator[Finding]:
    findings = [*_on_project(context), *_on_secret(context), *_on_accounts(context)]
    yield from findings or [ok("Insiders: nobody but the function reads the key, and nobody signs as an account")]


def _on_project(context: CheckContext) -> Iterator[Finding]:
    """Source: https://cloud.google.com/resource-manager/reference/rest/v1/projects/getIamPolicy."""
    project = context.deployment.firebase_project
    look = context.api.post(
        f"https://cloudresourcemanager.googleapis.com/v1/projects/{project}:getIamPolicy",
        "roles/iam.securityReviewer",
        {"options": {"requestedPolicyVersion": 3}},
    )
    if not isinstance(look, Found):
        yield _unread(f"Insiders of {project}", look)
        return
    bindings = bindings_in(look.body)
    if owners := _with(bindings, "roles/owner"):
        yield ok(f"Insiders: Owner of {project}, and so {_BOTH}: {', '.join(owners)}")
    has_secret = context.deployment.secret.split("/")[1] == project
    powers = {**({_ADMIN: "reads every secret, the key among them"} if has_secret else {}), **_POWERS}
    for role, power in powers.items():
        for member in _with(bindings, role):
            remedy = gcloud_commands.revoke_on_project(project, member, role)
            yield warn(f"Insiders: {member} {power} ({role} on {project})", command(remedy))


def _on_secret(context: CheckContext) -> Iterator[Finding]:
    """Of this role alone: `roles` looks at those that may do nothing but read."""
    _, project, _, secret = context.deployment.secret.split("/")
    url = f"https://secretmanager.googleapis.com/v1/{context.deployment.secret}:getIamPolicy"
    look = context.api.get(url, "roles/secretmanager.viewer", {"options.requestedPolicyVersion": "3"})
    for member in _with(bindings_in(look.body), _ADMIN) if isinstance(look, Found) else ():
        remedy = gcloud_commands.revoke_on_secret(project, secret, member, _ADMIN)
        yield warn(f"Insiders: {member} reads the key ({_ADMIN} on the secret)", command(remedy))


def _on_accounts(context: CheckContext) -> Iterator[Finding]:
    releases = release_account(context.project.project_id)
    accounts = {context.deployment.runtime_account: "reads the key", releases: "signs in as any user"}
    for account, power in accounts.items():
        if account is not None:
            yield from _on_account(context.api, context.project.project_id, account, power)


def _on_account(api: GoogleApi, project: str, account: str, power: str) -> Iterator[Finding]:
    """Source: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/getIamPolicy."""
    url = f"https://iam.googleapis.com/v1/projects/-/serviceAccounts/{account}:getIamPolicy"
    look = api.post(f"{url}?options.requestedPolicyVersion=3", "roles/iam.securityReviewer", {})
    if isinstance(look, Missing):
        return  # not deployed with infra/
    if not isinstance(look, Found):
        yield _unread(f"Insiders of {account}", look)
        return
    # The release signs as itself: its smoke test signs in.
    for member in _with(bindings_in(look.body), _TOKEN_CREATOR, but=f"serviceAccount:{account}"):
        remedy = gcloud_commands.revoke_on_account(project, account, member, _TOKEN_CREATOR)
        yield warn(f"Insiders: {member} signs as {account}, and so {power}", command(remedy))


def _with(bindings: list[Binding], role: str, but: str = "") -> list[str]:
    return sorted({member for binding in bindings if binding.role == role for member in binding.members} - {but})


def _unread(at: str, look: Missing | Unseen) -> Finding:
    return unanswered(at, look) if isinstance(look, Unseen) else skipped(at, "there is no such thing")
