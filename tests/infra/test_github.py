"""GitHub Actions without a key: which job gets which account, and what that account may do."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import cel
import pytest

from support.terraform_runner import PROJECT, REPOSITORY, Terraform, terraform_in

EXAMPLE = REPOSITORY / "infra/examples/github"
VARIABLES = f"-var-file={EXAMPLE}/example.tfvars"

OURS = {
    "repository_owner_id": "1234567",
    "repository_id": "987654321",
    "run_id": "42",
    "event_name": "workflow_dispatch",
    "ref": "refs/heads/main",
}
"""The claims of a job of the repository of example.tfvars, on its branch and in no environment.

Source: https://docs.github.com/en/actions/reference/security/oidc
"""
PULL_REQUEST = {"event_name": "pull_request", "ref": "refs/pull/7/merge"}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """Applied with example.tfvars, for the project of the tests."""
    module = tmp_path_factory.mktemp("github") / "module"
    shutil.copytree(EXAMPLE, module, ignore=shutil.ignore_patterns(".terraform*", "workflows"))
    with terraform_in(module, applies=True) as terraform:
        terraform.apply(VARIABLES, f"-var=project_id={PROJECT}")
        yield terraform


@pytest.fixture(scope="module")
def resources(example: Terraform) -> dict[str, dict[str, Any]]:
    plan = example.plan(VARIABLES, f"-var=project_id={PROJECT}")
    assert {tuple(each["change"]["actions"]) for each in plan["resource_changes"]} <= {("no-op",), ("read",)}
    return {each["address"]: each["values"] for each in plan["planned_values"]["root_module"]["resources"]}


def task(provider: Mapping[str, Any], claims: Mapping[str, str]) -> str | None:
    """Return the task of a job with these claims, as Google finds it; None if it gets no account."""
    told = cel.evaluate(provider["attribute_mapping"]["attribute.task"], {"assertion": dict(claims)})
    context = {"assertion": dict(claims), "attribute": {"task": told}}
    return str(told) if cel.evaluate(provider["attribute_condition"], context) else None


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"environment": "production"}, "release"),
        ({"environment": "production-smoke", "event_name": "schedule"}, "smoke"),
        ({"event_name": "schedule"}, "plan"),
        (PULL_REQUEST, "plan"),
        # The environment's rules are missing, or it is another one.
        ({**PULL_REQUEST, "environment": "production"}, None),
        ({**PULL_REQUEST, "environment": "production-smoke"}, None),
        ({"environment": "production", "ref": "refs/heads/feature"}, None),
        ({"environment": "production", "ref": "refs/tags/v1.0.0"}, None),
        ({"environment": "production", "ref": "refs/heads/main-2"}, None),
        ({"environment": "staging"}, None),
        ({"environment": "PRODUCTION"}, None),
        ({"event_name": "push", "ref": "refs/heads/feature"}, None),
        # Strangers start these, and they run on the branch.
        ({"event_name": "pull_request_target"}, None),
        ({"event_name": "pull_request_target", "environment": "production"}, None),
        ({"event_name": "issue_comment", "environment": "production-smoke"}, None),
        ({"repository_id": "1", "environment": "production"}, None),
        ({"repository_owner_id": "1", "environment": "production"}, None),
        ({"repository_id": "1", **PULL_REQUEST}, None),
    ],
)
def test_a_job_gets_the_task_of_its_claims(
    resources: dict[str, dict[str, Any]], claims: dict[str, str], expected: str | None
) -> None:
    provider = resources["google_iam_workload_identity_pool_provider.github"]
    assert task(provider, OURS | claims) == expected


def test_audit_logs_show_the_repository_and_the_run(resources: dict[str, dict[str, Any]]) -> None:
    mapping = resources["google_iam_workload_identity_pool_provider.github"]["attribute_mapping"]
    assert cel.evaluate(mapping["google.subject"], {"assertion": OURS}) == "987654321:42"


def test_only_github_signs(resources: dict[str, dict[str, Any]]) -> None:
    (oidc,) = resources["google_iam_workload_identity_pool_provider.github"]["oidc"]
    assert oidc["issuer_uri"] == "https://token.actions.githubusercontent.com"
    assert not oidc["jwks_json"]


def test_a_task_may_act_as_its_own_account_alone(resources: dict[str, dict[str, Any]]) -> None:
    grants = {
        (values["service_account_id"].rpartition("/")[2].partition("@")[0], values["role"], values["member"])
        for address, values in resources.items()
        if address.startswith("google_service_account_iam_member.github[")
    }
    assert {(account, role) for account, role, _ in grants} == {
        (f"live-tokens-{each}", "roles/iam.workloadIdentityUser") for each in ("release", "smoke", "plan")
    }
    for account, _, member in grants:
        assert member.startswith("principalSet://iam.googleapis.com/")
        assert member.endswith(f"/workloadIdentityPools/github/attribute.task/{account.removeprefix('live-tokens-')}")


def test_no_account_gets_more(resources: dict[str, dict[str, Any]]) -> None:
    roles = {
        (values["member"].partition(":")[2].partition("@")[0], values["role"].rpartition("/")[2])
        for address, values in resources.items()
        if "_iam_member." in address and not values["member"].startswith("principalSet:")
    }
    assert roles == {
        ("live-tokens-release", "storage.objectCreator"),
        ("live-tokens-plan", "liveTokensPlan"),
        ("live-tokens-plan", "storage.objectViewer"),
        ("live-tokens-smoke", "iam.serviceAccountTokenCreator"),
        ("live-tokens-smoke", "firebaseauth.viewer"),
    }
    assert not [address for address in resources if "_key." in address]
    (condition,) = resources["google_storage_bucket_iam_member.release_package"]["condition"]
    assert "/objects/packages/" in condition["expression"]


def test_the_workflows_act_as_the_accounts_of_the_tasks(example: Terraform) -> None:
    accounts = json.loads(example.run("output", "-json", "accounts").stdout)
    workflows = [path.read_text(encoding="utf-8") for path in (EXAMPLE / "workflows").glob("*.yml")]
    used = {name for text in workflows for name in re.findall(r"service_account: ([\w-]+)@", text)}
    assert used == {address.partition("@")[0] for address in accounts.values()}


def test_plans_read_settings_and_no_data(resources: dict[str, dict[str, Any]]) -> None:
    permissions = set(resources["google_project_iam_custom_role.plan"]["permissions"])
    verbs = {each.rpartition(".")[2] for each in permissions}
    assert verbs == {"get", "getIamPolicy", "getMetadata", "list", "use"}
    assert {each for each in permissions if each.endswith((".list", ".use"))} == {
        "serviceusage.services.list",
        "serviceusage.services.use",
    }
    data = (
        "datastore.entities",
        "firebaseauth.users",
        "logging.logEntries",
        "logging.views",
        "secretmanager.versions.access",
    )
    assert not [each for each in permissions if each.startswith((*data, "storage.objects", "iam.serviceAccountKeys"))]


def test_there_is_a_row_for_every_type_that_terraform_reads() -> None:
    modules = [*(REPOSITORY / "infra").glob("*.tf"), *(REPOSITORY / "infra/examples").glob("*/*.tf")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in modules if path.parent != EXAMPLE)
    types = set(re.findall(r'^(?:resource|data) "(google_\w+)"', text, re.MULTILINE))
    rows = re.findall(
        r"^    (google_\w+) += \[", (EXAMPLE / "permissions.tf").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert rows == sorted(set(rows))
    assert types - set(rows) == set()


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("-var=repository_id=acme/voice", "repository_id must be the repository's number"),
        ("-var=repository_owner_id=acme", "repository_owner_id must be the owner's number"),
        ("-var=environment=production-smoke", "and not end with -smoke"),
        ("-var=environment=x' || true || '", "environment must be 1 to 40"),
        ("-var=branch=main' || true || '", "branch must be the name of one branch"),
        ("-var=branch=release/*", "branch must be the name of one branch"),
    ],
)
def test_a_value_that_would_open_the_condition_is_refused(example: Terraform, argument: str, words: str) -> None:
    done = example.run("plan", VARIABLES, f"-var=project_id={PROJECT}", argument, accepted=(1,))
    assert words in " ".join(done.stderr.replace("│", " ").split())
