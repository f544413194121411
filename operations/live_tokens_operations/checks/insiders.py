"""Insiders: who, beside the function, reads the key or signs in as any user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from live_tokens_operations.checks.deployment import CheckContext
from live_tokens_operations.checks.finding import Finding, Mark, ok, unanswered, warn
from live_tokens_operations.checks.roles import bindings_in
from live_tokens_operations.defaults import release_account, smoke_account
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Look, Unseen
from live_tokens_operations.remedies import command

_OWNER, _EDITOR = "roles/owner", "roles/editor"
_TOKEN_CREATOR = "roles/iam.serviceAccountTokenCreator"  # noqa: S105  # the name of a role
_ACCOUNT_USER = "roles/iam.serviceAccountUser"
_WORKLOAD_USER = "roles/iam.workloadIdentityUser"
_READS, _SIGNS_IN = "reads the key", "signs in as any user"
_JOBS = "/workloadIdentityPools/github/attribute.task"
_SECRET_ADMIN = "roles/secretmanager.admin"  # noqa: S105  # the name of a role
_SIGNS, _ACTS, _KEYS, _GRANTS, _RUNS = "signs as", "acts as", "makes keys of", "grants roles on", "may run code as"
_BOTH = f"{_READS} and {_SIGNS_IN}"
# Nobody signs as this agent of Google. It has Editor in every project, and some services need that.
# Source: https://cloud.google.com/iam/docs/service-agent-types
_GOOGLES_AGENT = "@cloudservices.gserviceaccount.com"

ACCOUNT_ROLES = {
    _TOKEN_CREATOR: _SIGNS,
    _WORKLOAD_USER: _ACTS,
    "roles/iam.serviceAccountKeyAdmin": _KEYS,
    _EDITOR: _KEYS,
    "roles/iam.admin": _KEYS,
    "roles/iam.editor": _KEYS,
    "roles/assuredoss.admin": _KEYS,
    "roles/securitycenter.admin": _KEYS,
    "roles/iam.serviceAccountAdmin": _GRANTS,
    "roles/iam.securityAdmin": _GRANTS,
    "roles/iam.devOps": _GRANTS,
    "roles/earthengine.appsPublisher": _GRANTS,
    _ACCOUNT_USER: _RUNS,
    "roles/iam.dataScientist": _RUNS,
    "roles/iam.databasesAdmin": _RUNS,
    "roles/backupdr.computeEngineOperator": _RUNS,
    "roles/dataproc.hubAgent": _RUNS,
}
"""Role → what it lets somebody do with a service account, or with every one of a project.

Source: https://cloud.google.com/iam/docs/roles-permissions
"""
PROJECT_ROLES = {"roles/resourcemanager.projectIamAdmin": "grants itself any role"}
"""Role → what it lets somebody do with a project, beside `ACCOUNT_ROLES`."""
SECRET_ROLES = {
    _SECRET_ADMIN: _READS,
    "roles/iam.securityAdmin": f"grants itself the right, and so {_READS}",
}
"""Role → what it lets somebody do with the secret. `roles` looks at those that may do nothing but read."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Something that has a policy.

    Attributes:
        name: in findings.
        powers: role → what its members do.
        revoke: returns the command that takes a role from a member.
        own: a member and its role that need no mention, such as those of this project's programs.
        meant: role → the end of the members who are meant to have it.
    """

    name: str
    look: Look
    powers: Mapping[str, str]
    revoke: Callable[[str, str], list[str]]
    own: tuple[str, str] | None = None
    meant: Mapping[str, str] = field(default_factory=dict)


def check(context: CheckContext) -> Iterator[Finding]:
    places = [_project(context), _secret(context), *_accounts(context)]
    findings = [finding for place in places for finding in _findings(place)]
    yield from findings
    if all(finding.mark is Mark.OK for finding in findings):
        seen = ", ".join(place.name for place in places if isinstance(place.look, Found))
        yield ok(f"Insiders: no other known role that {_READS} or gets at an account, on {seen}")


def _findings(place: _Place) -> Iterator[Finding]:
    if isinstance(place.look, Unseen):
        yield unanswered(f"Insiders of {place.name}", place.look)
    if not isinstance(place.look, Found):
        return
    held = {(member, each.role) for each in bindings_in(place.look.body) for member in each.members}
    for role, power in place.powers.items():
        for member in sorted(member for member, other in held - {place.own} if other == role):
            text = f"Insiders: {member} {power} ({role} on {place.name})"
            if role in place.meant and member.endswith(place.meant[role]):
                yield ok(text)
            elif not member.endswith(_GOOGLES_AGENT):
                yield warn(text, command(place.revoke(member, role)))


def _project(context: CheckContext) -> _Place:
    """Source: https://cloud.google.com/resource-manager/reference/rest/v1/projects/getIamPolicy."""
    project = context.deployment.firebase_project
    look = context.api.post(
        f"https://cloudresourcemanager.googleapis.com/v1/projects/{project}:getIamPolicy",
        "roles/iam.securityReviewer",
        {"options": {"requestedPolicyVersion": 3}},
    )
    has_secret = context.deployment.secret.split("/")[1] == project
    powers = {
        _OWNER: f"may do everything, and so {_BOTH}",
        **({_SECRET_ADMIN: "reads every secret, the key among them"} if has_secret else {}),
        **{role: f"{power}, and so {_BOTH}" for role, power in PROJECT_ROLES.items()},
        **{role: f"{power} every account of the project, and so {_BOTH}" for role, power in ACCOUNT_ROLES.items()},
    }
    revoke = partial(gcloud_commands.revoke_on_project, project)
    own = (f"serviceAccount:{context.deployment.runtime_account}", _EDITOR)  # `roles` reports it, as worse
    return _Place(project, look, powers, revoke, own, meant={_OWNER: ""})


def _secret(context: CheckContext) -> _Place:
    """Source: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/getIamPolicy."""
    _, project, _, secret = context.deployment.secret.split("/")
    url = f"https://secretmanager.googleapis.com/v1/{context.deployment.secret}:getIamPolicy"
    look = context.api.get(url, "roles/secretmanager.viewer", {"options.requestedPolicyVersion": "3"})
    powers = {_OWNER: _READS, **SECRET_ROLES}
    return _Place("the secret", look, powers, partial(gcloud_commands.revoke_on_secret, project, secret))


def _accounts(context: CheckContext) -> Iterator[_Place]:
    """Who releases may use the account for that, and so may the jobs at GitHub of infra/examples/github theirs."""
    project = context.project.project_id
    release, smoke = release_account(project), smoke_account(project)
    if runtime := context.deployment.runtime_account:
        yield _account(context, runtime, _READS, own=(f"serviceAccount:{release}", _ACCOUNT_USER))
    # They sign for themselves: their smoke tests sign in.
    own, jobs = (f"serviceAccount:{release}", _TOKEN_CREATOR), f"{_JOBS}/release"
    yield _account(context, release, _BOTH, own=own, meant={_ACCOUNT_USER: "", _WORKLOAD_USER: jobs})
    own, jobs = (f"serviceAccount:{smoke}", _TOKEN_CREATOR), f"{_JOBS}/smoke"
    yield _account(context, smoke, _SIGNS_IN, own=own, meant={_WORKLOAD_USER: jobs})


def _account(
    context: CheckContext, account: str, then: str, *, own: tuple[str, str], meant: Mapping[str, str] | None = None
) -> _Place:
    """Source: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/getIamPolicy."""
    url = f"https://iam.googleapis.com/v1/projects/-/serviceAccounts/{account}:getIamPolicy"
    look = context.api.post(f"{url}?options.requestedPolicyVersion=3", "roles/iam.securityReviewer", {})
    powers = {role: f"{power} {account}, and so {then}" for role, power in {_OWNER: _KEYS, **ACCOUNT_ROLES}.items()}
    revoke = partial(gcloud_commands.revoke_on_account, context.project.project_id, account)
    return _Place(account, look, powers, revoke, own, meant or {})
