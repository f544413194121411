"""Runs the real terraform on a copy of the root module in `infra/`.

    with terraform_in(copy_of_module(tmp_path)) as terraform:
        terraform.run("validate")

Terraform needs its providers. Where there are `offline_providers`, they plan and apply without an account. Elsewhere
terraform downloads the real ones, which validate and test here, but could apply only to a real project.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.missing_program import require_program, skip_or_fail
from support.offline_providers import NO_OFFLINE_PROVIDERS, OfflineProvidersError, attached_providers, offline_folder

REPOSITORY = Path(__file__).parents[2]
PROJECT = "demo-live-tokens"
REGION = "europe-west1"

_REQUIRED = "REQUIRE_TERRAFORM"
_TIMEOUT_SECONDS = 300
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NOT_COPIED = shutil.ignore_patterns(
    ".terraform", ".terraform.lock.hcl", ".build", "backend.tf", "*.tfstate*", "*.tfvars", "*.tfplan"
)
_SHORT_FUNCTION = {
    "functions/main.py": '"""The function."""\n',
    "functions/live_tokens/__init__.py": '"""Its package."""\n',
    "functions/profiles/default.toml": 'model = "made-up"\n',
    "requirements.txt": "functions-framework\n",
}
_OF_THE_DEVELOPER = ("TF_", "GOOGLE_", "CLOUDSDK_", "GCLOUD_")


@dataclass(frozen=True, slots=True)
class Terraform:
    """terraform, working in one initialised copy of the root module.

    Attributes:
        module: the copy of `infra/`, with `functions/`, `docs/` and `requirements.txt` beside it.
    """

    module: Path
    environment: Mapping[str, str] = field(repr=False)

    def run(
        self, *arguments: str, accepted: Collection[int] = (0,), variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end.

        Args:
            arguments: the command and its options.
            accepted: exit codes that are no failure of the test.
            variables: Terraform variables by name, given as TF_VAR_… and so in no process list.
        """
        given = {f"TF_VAR_{name}": value for name, value in (variables or {}).items()}
        done = _run(["terraform", *arguments], self.module, {**self.environment, **given})
        assert done.returncode in accepted, f"terraform {arguments[0]} → {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def apply(self, *options: str) -> None:
        """Apply without asking."""
        self.run("apply", "-auto-approve", *options)

    def changes(self, *options: str) -> str:
        """Return what a plan would change, in terraform's words; empty if nothing."""
        done = self.run("plan", "-detailed-exitcode", *options, accepted=(0, 2))
        return done.stdout.partition("Terraform will perform the following actions:")[2] if done.returncode else ""

    def plan(self, *options: str) -> dict[str, Any]:
        """Return a plan as `terraform show -json` does."""
        self.run("plan", "-out=test.tfplan", *options)
        plan: dict[str, Any] = json.loads(self.run("show", "-json", "test.tfplan").stdout)
        return plan

    def dependencies(self) -> dict[str, frozenset[str]]:
        """Return, for each resource of the configuration, those it depends on directly."""
        edges = re.findall(r'"([^"]+)" -> "([^"]+)"', self.run("graph").stdout)
        return {user: frozenset(used for other, used in edges if other == user) for user, _ in edges}


def copy_of_module(folder: Path, *, whole_function: bool = False) -> Path:
    """Copy what terraform reads into a folder, and return the copy of `infra/`.

    Args:
        folder: takes `infra/` and what is beside it.
        whole_function: copy the function as it is deployed. Without it, a function of four short files is there: its
            files are a set to terraform, which compares them as quoted text, and that is half of the time of a plan.
    """
    shutil.copytree(REPOSITORY / "infra", folder / "infra", ignore=_NOT_COPIED)
    shutil.copytree(REPOSITORY / "docs", folder / "docs")  # alerts carry their playbooks
    if whole_function:
        shutil.copytree(REPOSITORY / "functions", folder / "functions", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(REPOSITORY / "requirements.txt", folder)
        return folder / "infra"
    for name, content in _SHORT_FUNCTION.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder / "infra"


@contextmanager
def terraform_in(module: Path, *, applies: bool = False) -> Iterator[Terraform]:
    """Yield terraform, initialised in a module. Where it cannot run, the test is skipped, or fails if it must not be.

    Args:
        module: from `copy_of_module`.
        applies: the test applies, or plans without mocks, which only the stand-ins do without an account.
    """
    require_program("terraform")
    with ExitStack() as stack:
        attached: dict[str, str] = {}
        try:
            offline = offline_folder()
            if offline is not None:
                attached = stack.enter_context(attached_providers(offline, module))
        except OfflineProvidersError as wrong:
            skip_or_fail(str(wrong), _REQUIRED)
        if offline is None and applies:
            skip_or_fail(NO_OFFLINE_PROVIDERS, _REQUIRED)
        yield _initialised(Terraform(module, _environment() | attached))


def _initialised(terraform: Terraform) -> Terraform:
    done = _run(["terraform", "init", "-backend=false"], terraform.module, terraform.environment)
    if done.returncode and "Failed to query available provider packages" in done.stderr:
        skip_or_fail("terraform cannot download its providers. Without a network, set TERRAFORM_OFFLINE.", _REQUIRED)
    assert done.returncode == 0, done.stderr
    return terraform


def _environment() -> dict[str, str]:
    """What a developer has set for their own projects must not reach these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OF_THE_DEVELOPER)}
    return kept | {
        "CHECKPOINT_DISABLE": "1",
        "GOGC": "400",  # a quarter less work for terraform, which collects garbage for most of it, and 150 MB more
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "TF_VAR_project_id": PROJECT,
        "TF_VAR_region": REGION,
    }


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command,
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    return subprocess.CompletedProcess(
        command, done.returncode, _COLOURS.sub("", done.stdout), _COLOURS.sub("", done.stderr)
    )
