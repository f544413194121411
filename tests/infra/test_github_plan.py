"""The script of the workflow that plans, run with terraform: what fails, and what is no change."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from support.terraform_runner import PROJECT, REGION, REPOSITORY, Terraform, copy_of_module, terraform_in

WORKFLOW = REPOSITORY / "infra/examples/github/workflows/plan.yml"
BACKEND = 'terraform {\n  backend "local" {}\n}\n'
# The options of infra/backend.tf → those of a state in a file, whose name has both values.
IN_THE_BUCKET = '-backend-config="bucket=$PROJECT_ID-live-tokens-state" -backend-config="prefix=live-tokens/$REGION"'
IN_A_FILE = '-backend-config="path=$PROJECT_ID-$REGION.tfstate"'


def script() -> str:
    (job,) = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"].values()
    (found,) = [step["run"] for step in job["steps"] if step.get("name") == "plan"]
    assert IN_THE_BUCKET in found
    return str(found).replace(IN_THE_BUCKET, IN_A_FILE)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """A deployment as `make deploy` leaves it, with its state where `init` is told that it is."""
    folder = tmp_path_factory.mktemp("plan")
    module = copy_of_module(folder)
    (module / "projects").mkdir(exist_ok=True)
    with terraform_in(module, applies=True) as terraform:
        terraform.apply('-var=worst_usd_per_user_day={"default"=12.5}')
        (module / "backend.tf").write_text(BACKEND, encoding="utf-8")
        shutil.move(module / "terraform.tfstate", module / f"{PROJECT}-{REGION}.tfstate")
        yield terraform


def planned(deployed: Terraform, settings: str, *, fail_on_changes: bool) -> tuple[int, str]:
    """Run the script as GitHub does, in a checkout with these settings. Return its exit code, and the plan."""
    (deployed.module / "projects" / f"{PROJECT}.tfvars").write_text(settings, encoding="utf-8")
    step = {"PROJECT_ID": PROJECT, "REGION": REGION, "FAIL_ON_CHANGES": str(fail_on_changes).lower()}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script()],
        cwd=deployed.module.parent,
        env={"PATH": os.environ["PATH"], **deployed.environment, **step},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    plan = Path(deployed.module.parent, "build/plan", f"{PROJECT}.txt")
    return done.returncode, plan.read_text(encoding="utf-8") if plan.exists() else done.stdout + done.stderr


def test_without_drift_there_is_no_change(deployed: Terraform) -> None:
    code, plan = planned(deployed, "", fail_on_changes=True)
    assert (code, "No changes." in plan) == (0, True), plan


def test_a_pull_request_shows_what_it_changes_and_the_search_for_drift_fails(deployed: Terraform) -> None:
    settings = "max_instances = 3\n"
    code, plan = planned(deployed, settings, fail_on_changes=False)
    assert code == 0, plan
    assert re.search(r"^Plan: 0 to add, \d+ to change, 0 to destroy\.$", plan, re.MULTILINE)
    assert planned(deployed, settings, fail_on_changes=True)[0] == 1


def test_a_plan_that_fails_fails_and_is_shown(deployed: Terraform) -> None:
    code, plan = planned(deployed, "max_instances = 0\n", fail_on_changes=False)
    assert (code, "max_instances" in plan) == (1, True), plan
