"""Findings about who, beside the function, reads the key or signs in as any user."""

from collections.abc import Callable

from operations.doctor.expected import Case, Expect, ExpectedFinding, each_case
from operations.doctor.result import Doctor
from operations.doctor.sample_project import PROJECT, RELEASE, RUNTIME, Sample

DEV = "user:dev@example.com"
ADMIN, SIGNER = "roles/secretmanager.admin", "roles/iam.serviceAccountTokenCreator"
KEYS = "roles/iam.serviceAccountKeyAdmin"


def _on_project(role: str) -> Callable[[Sample], object]:
    return lambda sample: sample.project.bindings.append({"role": role, "members": [DEV]})


def _on_account(account: str) -> Callable[[Sample], object]:
    binding = {"role": SIGNER, "members": [DEV]}
    return lambda sample: sample.accounts[account.removeprefix("serviceAccount:")].append(binding)


def _revoked(role: str) -> str:
    return f"gcloud projects remove-iam-policy-binding {PROJECT} --member={DEV} --role={role} --all"


CASES = (
    *(
        Case(
            f"somebody has {role} on the project",
            _on_project(role),
            (ExpectedFinding("warn", f"Insiders: {DEV} {power}", _revoked(role)),),
        )
        for role, power in (
            (ADMIN, "reads every secret, the key among them"),
            (SIGNER, "signs as every account of the project, and so reads the key and signs in as any user"),
            (KEYS, "makes keys of every account of the project, and so reads the key and signs in as any user"),
        )
    ),
    Case(
        "somebody administers the secret",
        lambda sample: sample.secret.bindings.append({"role": ADMIN, "members": [DEV]}),
        (
            ExpectedFinding(
                "warn",
                f"Insiders: {DEV} reads the key ({ADMIN} on the secret)",
                f"gcloud secrets remove-iam-policy-binding gemini-api-key --member={DEV} --role={ADMIN} --all "
                f"--project={PROJECT}",
            ),
        ),
    ),
    *(
        Case(
            f"somebody signs as {account}",
            _on_account(account),
            (
                ExpectedFinding(
                    "warn",
                    f"Insiders: {DEV} signs as {account.removeprefix('serviceAccount:')}, and so {power}",
                    "gcloud iam service-accounts remove-iam-policy-binding "
                    f"{account.removeprefix('serviceAccount:')} --member={DEV} --role={SIGNER} --all "
                    f"--project={PROJECT}",
                ),
            ),
        )
        for account, power in ((RUNTIME, "reads the key"), (RELEASE, "signs in as any user"))
    ),
    Case("there is no account for releases", lambda sample: sample.accounts.pop(RELEASE.partition(":")[2]), ()),
)


@each_case(CASES)
def test_finding(case: Case, expect: Expect) -> None:
    expect(case)


def test_owners_are_named_because_they_do_both(doctor: Doctor) -> None:
    line = f"ok   Insiders: Owner of {PROJECT}, and so reads the key and signs in as any user: user:owner@example.com"
    assert line in doctor().findings


def test_where_nobody_does_this_is_said(sample: Sample, doctor: Doctor) -> None:
    sample.revoke("roles/owner")
    assert "ok   Insiders: nobody but the function reads the key, and nobody signs as an account" in doctor().findings
