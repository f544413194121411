"""Roles: the function's account has the roles that it needs, and no account has more than it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from live_tokens_operations.checks.deployment import CheckContext, Deployment
from live_tokens_operations.checks.finding import Finding, bad, ok, skipped, unanswered, warn
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Json, Look, Missing, Unseen
from live_tokens_operations.remedies import command, deploy

_DATABASE_USER = "roles/datastore.user"
_ACCESSOR = "roles/secretmanager.secretAccessor"
_TOO_WIDE = ("roles/owner", "roles/editor")
_DEFAULT_ACCOUNTS = ("-compute@developer.gserviceaccount.com", "@appspot.gserviceaccount.com")


@dataclass(frozen=True, slots=True)
class Binding:
    """A role that members have, perhaps under a condition."""

    role: str
    members: frozenset[str]
    condition: str | None


def check(context: CheckContext) -> Iterator[Finding]:
    api, deployment = context.api, context.deployment
    account = deployment.runtime_account
    if account is None:
        yield skipped("Roles", "the account that the function runs as is not known")
        return
    member = f"serviceAccount:{account}"
    if account.endswith(_DEFAULT_ACCOUNTS):
        project = context.project
        text = f"Roles: the function runs as {account}, which others of the project share"
        yield warn(text, deploy(project.project_id, project.home))
    # Version 3 shows conditions. Source: https://cloud.google.com/resource-manager/reference/rest/v1/projects/getIamPolicy
    policy = api.post(
        f"https://cloudresourcemanager.googleapis.com/v1/projects/{deployment.firebase_project}:getIamPolicy",
        "roles/iam.securityReviewer",
        {"options": {"requestedPolicyVersion": 3}},
    )
    # Source: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/getIamPolicy
    secret_policy = api.get(
        f"https://secretmanager.googleapis.com/v1/{deployment.secret}:getIamPolicy",
        "roles/secretmanager.viewer",
        {"options.requestedPolicyVersion": "3"},
    )
    yield from _on_project(policy, deployment, member)
    yield from _on_secret(secret_policy, policy, deployment, member)


def _on_project(policy: Look, deployment: Deployment, member: str) -> Iterator[Finding]:
    if not isinstance(policy, Found):
        yield _unread("Roles on the project", policy)
        return
    bindings = bindings_in(policy.body)
    project_id = deployment.firebase_project
    yield _database_role(bindings, deployment, member)
    settings = deployment.settings
    wanted = {
        "roles/firebaseauth.viewer": settings is not None and settings.check_revoked and "CHECK_REVOKED",
        "roles/firebaseappcheck.tokenVerifier": settings is not None
        and settings.app_check_consume
        and "APP_CHECK_CONSUME",
    }
    for role, setting in wanted.items():
        if setting and not _has(bindings, role, member):
            text = f"Roles: the function's account has no {role} on {project_id}, which {setting} needs"
            yield _lacking(text, gcloud_commands.grant_on_project(project_id, member, role), bindings, member)
        elif setting:
            yield ok(f"Roles: {role}, for {setting}")
    for role in _TOO_WIDE:
        if any(binding.role == role and member in binding.members for binding in bindings):
            text = f"Roles: the function's account has {role}, and so can do almost everything in {project_id}"
            yield bad(text, command(gcloud_commands.revoke_on_project(project_id, member, role)))


def _database_role(bindings: list[Binding], deployment: Deployment, member: str) -> Finding:
    """A binding on the one database does, if it is that database's.

    Source: https://cloud.google.com/firestore/docs/manage-databases#configure_per-database_access
    """
    project_id, database = deployment.firebase_project, deployment.database
    held = [binding for binding in bindings if binding.role == _DATABASE_USER and member in binding.members]
    conditions = [binding.condition for binding in held]
    if None in conditions:
        return ok(f"Roles: {_DATABASE_USER} on {project_id}")
    if any(f'"projects/{project_id}/databases/{database}"' in str(condition) for condition in conditions):
        return ok(f"Roles: {_DATABASE_USER} on the database {database}")
    text = (
        f"Roles: {_DATABASE_USER} is for something else than the database {database}"
        if held
        else f"Roles: the function's account has no {_DATABASE_USER} for the database {database}"
    )
    return _lacking(text, gcloud_commands.grant_on_database(project_id, database, member), bindings, member)


def _on_secret(policy: Look, project_policy: Look, deployment: Deployment, member: str) -> Iterator[Finding]:
    _, secret_project, _, secret = deployment.secret.split("/")
    if not isinstance(policy, Found):
        yield _unread("Roles on the secret", policy)
        return
    on_secret = bindings_in(policy.body)
    seen = isinstance(project_policy, Found) and secret_project == deployment.firebase_project
    on_project = bindings_in(project_policy.body) if isinstance(project_policy, Found) and seen else []
    if _has(on_secret, _ACCESSOR, member):
        yield ok(f"Roles: {_ACCESSOR} on the secret")
    elif not _has(on_project, _ACCESSOR, member):
        remedy = gcloud_commands.grant_on_secret(secret_project, secret, member)
        text = f"Roles: the function's account has no {_ACCESSOR} on the secret"
        yield _lacking(text, remedy, on_secret + on_project, member)
    for other in sorted(_members(on_secret) - {member}):
        remedy = gcloud_commands.revoke_on_secret(secret_project, secret, other)
        yield warn(f"Roles: {other} may read the key, too", command(remedy))
    for other in sorted(_members(on_project)):
        remedy = gcloud_commands.revoke_on_project(secret_project, other, _ACCESSOR)
        yield warn(f"Roles: {other} may read every secret of {secret_project}, the key among them", command(remedy))


def _lacking(text: str, remedy: Sequence[str], bindings: list[Binding], member: str) -> Finding:
    """What a custom role holds is not looked into, so with one it is a guess."""
    custom = sorted(
        binding.role
        for binding in bindings
        if member in binding.members and binding.role.startswith(("projects/", "organizations/"))
    )
    if custom:
        return warn(f"{text}, unless {', '.join(custom)} does the same", command(remedy))
    return bad(text, command(remedy))


def bindings_in(policy: Json) -> list[Binding]:
    """Return the bindings of an IAM policy."""
    return [
        Binding(
            role=binding.get("role", ""),
            members=frozenset(binding.get("members", [])),
            condition=binding["condition"].get("expression", "") if "condition" in binding else None,
        )
        for binding in policy.get("bindings", [])
    ]


def _has(bindings: list[Binding], role: str, member: str) -> bool:
    return any(binding.role == role and member in binding.members and binding.condition is None for binding in bindings)


def _members(bindings: list[Binding]) -> set[str]:
    return {member for binding in bindings if binding.role == _ACCESSOR for member in binding.members}


def _unread(at: str, look: Missing | Unseen) -> Finding:
    return unanswered(at, look) if isinstance(look, Unseen) else skipped(at, "there is no such thing")
