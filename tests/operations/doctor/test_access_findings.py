"""Findings about roles: too few, and too many."""

from collections.abc import Callable

from operations.doctor.expected import DEPLOY, Case, Expect, ExpectedFinding, each_case
from operations.doctor.result import Doctor
from operations.doctor.sample_project import NUMBER, PROJECT, RUNTIME, Sample

TO_DATABASE = (
    f"gcloud projects add-iam-policy-binding {PROJECT} --member={RUNTIME} --role=roles/datastore.user "
    f'\'--condition=expression=resource.name == "projects/{PROJECT}/databases/live-tokens",'
    "title=Only the database live-tokens'"
)


def _grant(role: str, member: str, on: str = "project") -> Callable[[Sample], object]:
    def grant(sample: Sample) -> None:
        bindings = sample.project.bindings if on == "project" else sample.secret.bindings
        bindings.append({"role": role, "members": [member]})

    return grant


def _revoke(role: str) -> Callable[[Sample], object]:
    return lambda sample: sample.revoke(role)


def _database_condition(expression: str) -> Callable[[Sample], None]:
    def limit(sample: Sample) -> None:
        sample.project.bindings[1]["condition"]["expression"] = expression

    return limit


def _default_account(sample: Sample) -> None:
    account = f"{NUMBER}-compute@developer.gserviceaccount.com"
    sample.function["serviceConfig"]["serviceAccountEmail"] = account
    for binding in (*sample.project.bindings, *sample.secret.bindings):
        binding["members"] = [f"serviceAccount:{account}"]


def _to_project(role: str) -> str:
    return f"gcloud projects add-iam-policy-binding {PROJECT} --member={RUNTIME} --role={role} --condition=None"


CASES = (
    Case(
        "the account may not read the key",
        lambda sample: sample.secret.bindings.clear(),
        (
            ExpectedFinding(
                "BAD",
                "Roles: the function's account has no roles/secretmanager.secretAccessor on the secret",
                f"gcloud secrets add-iam-policy-binding gemini-api-key --member={RUNTIME} "
                f"--role=roles/secretmanager.secretAccessor --condition=None --project={PROJECT}",
            ),
        ),
    ),
    Case(
        "the account may not use the database",
        _revoke("roles/datastore.user"),
        (
            ExpectedFinding(
                "BAD",
                "Roles: the function's account has no roles/datastore.user for the database live-tokens",
                TO_DATABASE,
            ),
        ),
    ),
    Case(
        "the account may use another database only",
        _database_condition(f'resource.name == "projects/{PROJECT}/databases/(default)"'),
        (ExpectedFinding("BAD", "Roles: roles/datastore.user is for something else than the database", TO_DATABASE),),
    ),
    Case(
        "the account may use a database that begins alike",
        _database_condition(f'resource.name == "projects/{PROJECT}/databases/live-tokens-2"'),
        (ExpectedFinding("BAD", "Roles: roles/datastore.user is for something else than the database", TO_DATABASE),),
    ),
    Case(
        "the account may not look users up",
        _revoke("roles/firebaseauth.viewer"),
        (
            ExpectedFinding(
                "BAD",
                "Roles: the function's account has no roles/firebaseauth.viewer "
                f"on {PROJECT}, which CHECK_REVOKED needs",
                _to_project("roles/firebaseauth.viewer"),
            ),
        ),
    ),
    Case(
        "the account may not consume App Check tokens",
        _revoke("roles/firebaseappcheck.tokenVerifier"),
        (
            ExpectedFinding(
                "BAD",
                "Roles: the function's account has no roles/firebaseappcheck.tokenVerifier "
                f"on {PROJECT}, which APP_CHECK_CONSUME needs",
                _to_project("roles/firebaseappcheck.tokenVerifier"),
            ),
        ),
    ),
    *(
        Case(
            f"the account has {role}",
            _grant(role, RUNTIME),
            (
                ExpectedFinding(
                    "BAD",
                    f"Roles: the function's account has {role}, and so can do almost everything",
                    f"gcloud projects remove-iam-policy-binding {PROJECT} --member={RUNTIME} --role={role} --all",
                ),
            ),
        )
        for role in ("roles/editor", "roles/owner")
    ),
    Case(
        "somebody else may read the key",
        _grant("roles/secretmanager.secretAccessor", "user:dev@example.com", on="secret"),
        (
            ExpectedFinding(
                "warn",
                "Roles: user:dev@example.com may read the key, too",
                "gcloud secrets remove-iam-policy-binding gemini-api-key --member=user:dev@example.com "
                f"--role=roles/secretmanager.secretAccessor --all --project={PROJECT}",
            ),
        ),
    ),
    Case(
        "somebody else may read every secret",
        _grant("roles/secretmanager.secretAccessor", "group:devs@example.com"),
        (
            ExpectedFinding(
                "warn",
                f"Roles: group:devs@example.com may read every secret of {PROJECT}",
                f"gcloud projects remove-iam-policy-binding {PROJECT} --member=group:devs@example.com "
                "--role=roles/secretmanager.secretAccessor --all",
            ),
        ),
    ),
    Case(
        "the function shares its account",
        _default_account,
        (
            ExpectedFinding("warn", f"Roles: the function runs as {NUMBER}-compute@developer", DEPLOY),
            ExpectedFinding(
                "BAD",
                "Roles: the function's account has roles/owner",
                f"gcloud projects remove-iam-policy-binding {PROJECT} "
                f"--member=serviceAccount:{NUMBER}-compute@developer.gserviceaccount.com --role=roles/owner --all",
            ),
        ),
    ),
)


@each_case(CASES)
def test_the_doctor_says_what_is_wrong_with_the_roles(case: Case, expect: Expect) -> None:
    expect(case)


def test_a_role_on_the_whole_project_is_enough_for_the_database(sample: Sample, doctor: Doctor) -> None:
    del sample.project.bindings[1]["condition"]

    assert f"ok   Roles: roles/datastore.user on {PROJECT}" in doctor().findings


def test_what_a_custom_role_may_hold_is_not_called_bad(sample: Sample, doctor: Doctor) -> None:
    sample.revoke("roles/datastore.user")
    custom = f"projects/{PROJECT}/roles/liveTokens"
    sample.project.bindings.append({"role": custom, "members": [RUNTIME]})

    lacking = "warn Roles: the function's account has no roles/datastore.user for the database live-tokens"
    assert doctor().problems == (f"{lacking}, unless {custom} does the same  → {TO_DATABASE}",)


def test_roles_for_what_is_switched_off_are_not_missed(sample: Sample, doctor: Doctor) -> None:
    sample.environment.update(CHECK_REVOKED="false", APP_CHECK_CONSUME="false")
    sample.revoke("roles/firebaseauth.viewer")
    sample.revoke("roles/firebaseappcheck.tokenVerifier")

    assert doctor().problems == ()


def test_an_account_that_may_read_every_secret_may_read_the_key(sample: Sample, doctor: Doctor) -> None:
    sample.project.bindings += sample.secret.bindings
    sample.secret.bindings = []

    (problem,) = doctor().problems

    assert problem.startswith(f"warn Roles: {RUNTIME} may read every secret of {PROJECT}")
