"""The page on GitHub names what the workflows read."""

import json
import re
from pathlib import Path

import pytest

from support.documents import ROOT, table
from support.terraform_parser import refusal, terraform_lines

EXAMPLE = ROOT / "infra/examples/github"
PAGE = (ROOT / "docs/pipeline.md").read_text(encoding="utf-8")
WORKFLOWS = {path.stem: path.read_text(encoding="utf-8") for path in (EXAMPLE / "workflows").glob("*.yml")}


def test_every_variable_that_a_workflow_reads_is_in_the_table_and_no_other() -> None:
    read = {name for text in WORKFLOWS.values() for name in re.findall(r"\bvars\.(\w+)", text)}
    listed = [row[0].strip("`") for row in table("docs/pipeline.md", "github-variables")]
    assert sorted(listed) == sorted(read)


def test_the_list_of_deployments_has_what_the_workflows_read() -> None:
    block = PAGE.split("<!-- deployments -->\n```json\n", 1)[1].split("```", 1)[0]
    read = {name for text in WORKFLOWS.values() for name in re.findall(r"\bmatrix\.deployment\.(\w+)", text)}
    deployments = json.loads(block)
    assert [each["environment"] for each in deployments] == ["staging", "production"]
    assert [set(each) for each in deployments] == [read, read]
    provider = re.search(
        r'workload_identity_pool_provider_id = "(\w+)"', (EXAMPLE / "main.tf").read_text(encoding="utf-8")
    )
    assert provider is not None
    for each in deployments:
        assert re.fullmatch(
            rf"projects/\d+/locations/global/workloadIdentityPools/github/providers/{provider[1]}", each["provider"]
        )


def test_every_workflow_that_something_starts_is_described() -> None:
    started = {name for name, text in WORKFLOWS.items() if "workflow_call" not in text}
    assert {f"| `{name}` |" in PAGE for name in started} == {True}


def test_the_accounts_of_the_page_are_those_of_the_example() -> None:
    made = set(re.findall(r'account_id\s+= "(live-tokens-\w+)"', (EXAMPLE / "main.tf").read_text(encoding="utf-8")))
    assert set(re.findall(r"^\| `(live-tokens-\w+)` \|", PAGE, re.MULTILINE)) == made


@pytest.mark.parametrize("line", terraform_lines(PAGE))
def test_terraform_takes_the_commands_of_the_page(line: str, tmp_path: Path) -> None:
    assert refusal(line, tmp_path) is None


def test_there_are_commands_of_terraform() -> None:
    assert len(terraform_lines(PAGE)) == 5


def test_the_page_names_the_roles_that_editor_lacks_for_the_example() -> None:
    """Titles and contents of roles: https://cloud.google.com/iam/docs/roles-permissions."""
    data = (ROOT / "tests/support/google/roles_with_permission.json").read_text(encoding="utf-8")
    holders: dict[str, list[str]] = json.loads(data)["roles_with"]
    pools = "iam.googleapis.com/workloadIdentityPool"
    titles = {
        "Role Administrator": ("roles/iam.roleAdmin", ["iam.roles.create"]),
        "IAM Workload Identity Pool Admin": (
            "roles/iam.workloadIdentityPoolAdmin",
            [f"{pools}s.create", f"{pools}Providers.create"],
        ),
    }
    for title, (role, permissions) in titles.items():
        assert title in PAGE
        assert [each for each in permissions if role not in holders[each] or "roles/editor" in holders[each]] == []


def test_no_check_is_required_before_its_workflow_is_there() -> None:
    before, _, after = PAGE.partition("\n## 6. The workflows\n")
    assert "`tests`" not in before
    assert "`tests`" in after
    assert re.search(r"^    name: tests$", WORKFLOWS["pull-request"], re.MULTILINE)
