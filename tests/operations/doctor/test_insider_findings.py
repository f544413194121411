"""Findings about who, beside the function, reads the key or signs in as any user."""

import json
from collections.abc import Callable

import pytest

from live_tokens_operations.checks.insiders import ACCOUNT_ROLES, PROJECT_ROLES, SECRET_ROLES
from operations.doctor.expected import Case, Expect, ExpectedFinding, each_case
from operations.doctor.result import Doctor
from operations.doctor.sample_project import JOBS, PROJECT, RELEASE, RUNTIME, SMOKE, Sample
from support.documents import ROOT

# permission → the roles that hold it
HOLDERS: dict[str, list[str]] = json.loads(
    (ROOT / "tests/support/google/roles_with_permission.json").read_text(encoding="utf-8")
)["roles_with"]
# what the doctor says of a role → the permissions that make it true
ON_ACCOUNTS = {
    "signs as": ("signBlob", "signJwt", "implicitDelegation"),
    "acts as": ("getAccessToken",),
    "grants roles on": ("setIamPolicy",),
    "may run code as": ("actAs",),
}
# Owners are reported, and the others exist on folders and organisations alone.
NOT_LISTED = {"roles/owner", "roles/resourcemanager.folderAdmin", "roles/resourcemanager.organizationAdmin"}

DEV = "user:dev@example.com"
ADMIN, SIGNER = "roles/secretmanager.admin", "roles/iam.serviceAccountTokenCreator"
BOTH = "and so reads the key and signs in as any user"
EVERY = f"every account of the project, {BOTH}"
AGENT = "serviceAccount:123456789012@cloudservices.gserviceaccount.com"
OK = "ok   Insiders: no other known role that reads the key or gets at an account, on "


def holders(*permissions: str) -> set[str]:
    return {role for permission in permissions for role in HOLDERS[permission]} - NOT_LISTED


def _email(account: str) -> str:
    return account.removeprefix("serviceAccount:")


def _on_project(role: str) -> Callable[[Sample], object]:
    return lambda sample: sample.project.bindings.append({"role": role, "members": [DEV]})


def _on_secret(role: str) -> Callable[[Sample], object]:
    return lambda sample: sample.secret.bindings.append({"role": role, "members": [DEV]})


def _on_account(account: str, role: str, member: str = DEV) -> Callable[[Sample], object]:
    return lambda sample: sample.accounts[_email(account)].append({"role": role, "members": [member]})


def _revoked(role: str) -> str:
    return f"gcloud projects remove-iam-policy-binding {PROJECT} --member={DEV} --role={role} --all"


def _revoked_on(account: str, role: str, member: str = DEV) -> str:
    return (
        f"gcloud iam service-accounts remove-iam-policy-binding {_email(account)} --member={member} --role={role} "
        f"--all --project={PROJECT}"
    )


CASES = (
    *(
        Case(
            f"somebody has {role} on the project",
            _on_project(role),
            (ExpectedFinding("warn", f"Insiders: {DEV} {power} ({role} on {PROJECT})", _revoked(role)),),
        )
        for role, power in (
            (ADMIN, "reads every secret, the key among them"),
            (SIGNER, f"signs as {EVERY}"),
            ("roles/iam.workloadIdentityUser", f"acts as {EVERY}"),
            ("roles/iam.serviceAccountKeyAdmin", f"makes keys of {EVERY}"),
            ("roles/editor", f"makes keys of {EVERY}"),
            ("roles/iam.serviceAccountAdmin", f"grants roles on {EVERY}"),
            ("roles/iam.securityAdmin", f"grants roles on {EVERY}"),
            ("roles/iam.serviceAccountUser", f"may run code as {EVERY}"),
            ("roles/resourcemanager.projectIamAdmin", f"grants itself any role, {BOTH}"),
        )
    ),
    *(
        Case(
            f"somebody has {role} on the secret",
            _on_secret(role),
            (
                ExpectedFinding(
                    "warn",
                    f"Insiders: {DEV} {power} ({role} on the secret)",
                    f"gcloud secrets remove-iam-policy-binding gemini-api-key --member={DEV} --role={role} --all "
                    f"--project={PROJECT}",
                ),
            ),
        )
        for role, power in (
            (ADMIN, "reads the key"),
            ("roles/iam.securityAdmin", "grants itself the right, and so reads the key"),
            ("roles/owner", "reads the key"),
        )
    ),
    *(
        Case(
            f"somebody has {role} on {account}",
            _on_account(account, role, member),
            (
                ExpectedFinding(
                    "warn",
                    f"Insiders: {member} {power} {_email(account)}, and so {then} ({role} on {_email(account)})",
                    _revoked_on(account, role, member),
                ),
            ),
        )
        for account, then in (
            (RUNTIME, "reads the key"),
            (RELEASE, "reads the key and signs in as any user"),
            (SMOKE, "signs in as any user"),
        )
        for role, power, member in (
            (SIGNER, "signs as", DEV),
            ("roles/iam.serviceAccountKeyAdmin", "makes keys of", DEV),
            ("roles/owner", "makes keys of", DEV),
            ("roles/iam.serviceAccountAdmin", "grants roles on", DEV),
            ("roles/iam.workloadIdentityUser", "acts as", f"{JOBS}/plan"),
        )
    ),
    *(
        Case(
            f"somebody may run code as {account}",
            _on_account(account, "roles/iam.serviceAccountUser"),
            (
                ExpectedFinding(
                    "warn",
                    f"Insiders: {DEV} may run code as {_email(account)}, and so {then}",
                    _revoked_on(account, "roles/iam.serviceAccountUser"),
                ),
            ),
        )
        for account, then in ((RUNTIME, "reads the key"), (SMOKE, "signs in as any user"))
    ),
    Case("there is no account for releases", lambda sample: sample.accounts.pop(_email(RELEASE)), ()),
    Case("GitHub is not let in", lambda sample: sample.accounts.pop(_email(SMOKE)), ()),
    Case(
        "an agent of Google has Editor",
        lambda sample: sample.project.bindings.append({"role": "roles/editor", "members": [AGENT]}),
        (),
    ),
)


@each_case(CASES)
def test_finding(case: Case, expect: Expect) -> None:
    expect(case)


@pytest.mark.parametrize("said", sorted(ON_ACCOUNTS))
def test_every_role_that_gets_at_an_account_is_known(said: str) -> None:
    holding = holders(*(f"iam.serviceAccounts.{permission}" for permission in ON_ACCOUNTS[said]))
    assert holding <= set(ACCOUNT_ROLES)
    assert {role for role, power in ACCOUNT_ROLES.items() if power == said} <= holding


def test_every_role_that_makes_keys_of_an_account_is_said_to() -> None:
    makes_keys = {role for role, power in ACCOUNT_ROLES.items() if power == "makes keys of"}
    assert holders("iam.serviceAccountKeys.create") == makes_keys


def test_every_role_that_grants_roles_on_the_project_is_known() -> None:
    assert holders("resourcemanager.projects.setIamPolicy") - set(ACCOUNT_ROLES) == set(PROJECT_ROLES)


def test_every_role_that_reads_the_secret_is_known() -> None:
    # The accessors are those of Roles.
    readers = holders("secretmanager.versions.access", "secretmanager.secrets.setIamPolicy")
    assert readers - {"roles/secretmanager.secretAccessor"} == set(SECRET_ROLES)


def test_who_is_meant_to_have_a_role_is_named(doctor: Doctor) -> None:
    release, smoke = _email(RELEASE), _email(SMOKE)
    both, user = "and so reads the key and signs in as any user", "roles/iam.serviceAccountUser"
    job = "roles/iam.workloadIdentityUser"
    said = [line for line in doctor().findings if line.startswith("ok   Insiders: ") and "no other" not in line]
    assert said == [
        f"ok   Insiders: user:owner@example.com may do everything, {both} (roles/owner on {PROJECT})",
        f"ok   Insiders: {JOBS}/release acts as {release}, {both} ({job} on {release})",
        f"ok   Insiders: {DEV} may run code as {release}, {both} ({user} on {release})",
        f"ok   Insiders: {JOBS}/smoke acts as {smoke}, and so signs in as any user ({job} on {smoke})",
    ]


def test_that_there_is_nobody_else_is_said_of_what_was_looked_at(sample: Sample, doctor: Doctor) -> None:
    (line,) = (line for line in doctor().findings if line.startswith(OK))
    assert line.removeprefix(OK).split(", ") == [
        PROJECT,
        "the secret",
        *(_email(account) for account in (RUNTIME, RELEASE, SMOKE)),
    ]
    del sample.accounts[_email(SMOKE)]
    (line,) = (line for line in doctor().findings if line.startswith(OK))
    assert _email(SMOKE) not in line


def test_it_is_not_said_where_something_was_not_seen(sample: Sample, doctor: Doctor) -> None:
    sample.access.services.discard("iam.googleapis.com")
    assert OK not in "\n".join(doctor().findings)
