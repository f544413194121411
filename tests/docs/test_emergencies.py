"""The pages for emergencies name commands that their programs take. test_gcloud_lines.py has gcloud parse its own."""

import argparse
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from live_tokens_operations.arguments import Parser
from live_tokens_operations.cli import SUBCOMMANDS
from live_tokens_operations.defaults import state_bucket, state_prefix
from live_tokens_operations.deploy.project_settings import ProjectSettings
from support.documents import ROOT
from support.terraform_parser import refusal

PAGES = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs/playbooks/emergencies").glob("*.md")}
# It is one of them, on the page of what is done in production.
RESTORE = (ROOT / "docs/operations.md").read_text(encoding="utf-8").partition("\n## Restore the database\n")[2]
TEXT = "\n".join([*PAGES.values(), RESTORE.partition("\n## ")[0]])
BLOCKS = [
    [line.strip() for line in block.splitlines()]
    for block in re.findall(r"^ *```sh\n(.*?)^ *```$", TEXT, re.MULTILINE | re.DOTALL)
]
MODULE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "infra").glob("*.tf")))
OPENS_THE_STATE = [
    f"-backend-config=bucket={state_bucket('$PROJECT_ID')}",
    f"-backend-config=prefix={state_prefix('$REGION')}",
]
VARIABLES = ["-var=project_id=$PROJECT_ID", "-var=region=$REGION"]


def commands(program: str) -> list[str]:
    """Return the command lines of a program in all pages: those in code, inline or in blocks."""
    inline = re.findall(rf"`({program} [^`]+)`", TEXT)
    in_blocks = [line for block in BLOCKS for line in block if line.startswith(f"{program} ")]
    found = sorted({*inline, *in_blocks})
    return [line for line in found if line not in ("make admin", "make deploy")]  # named, not to be run


def started_by_make(line: str) -> list[str]:
    """Return the command line of live-tokens that make would start."""
    # Without the variables of the `make` that runs the tests, such as ARGS.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKEOVERRIDES", "ARGS")
    }
    expanded = line.replace("$PROJECT_ID", "my-app-1a2b").replace("$REGION", "europe-west1")
    command = ["make", "-n", *shlex.split(expanded)[1:]]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    (started,) = re.findall(r"^\S*live-tokens (.*?)$", done.stdout.replace("\\\n", " "), re.MULTILINE)
    return shlex.split(started)


@pytest.mark.parametrize("line", commands("make"))
def test_make_and_the_program_take_the_command(line: str) -> None:
    subcommand, *arguments = started_by_make(line)
    _, load = SUBCOMMANDS[subcommand]
    parser = Parser()
    load().add_arguments(parser)
    assert isinstance(parser.parse_args(arguments), argparse.Namespace)


@pytest.mark.parametrize("line", commands("terraform"))
def test_terraform_is_told_which_state_and_which_settings(line: str) -> None:
    program, folder, subcommand, *arguments = shlex.split(line)
    assert (program, folder) == ("terraform", "-chdir=infra")
    assert subcommand in ("init", "plan", "apply", "import", "state", "force-unlock")
    if subcommand == "init":
        assert arguments == ["-reconfigure", *OPENS_THE_STATE]
    if subcommand in (
        "plan",
        "apply",
        "import",
    ):  # without these, it asks for them, or takes the defaults of other settings
        assert arguments[:3] == ["-var-file=projects/$PROJECT_ID.tfvars", *VARIABLES]
    for kind, name in re.findall(r"\b(google_\w+)\.(\w+)", line):
        assert f'resource "{kind}" "{name}" {{' in MODULE
    for name in re.findall(r"\boutput -json (\w+)", line):
        assert f'output "{name}" {{' in MODULE


def test_terraform_opens_the_state_of_the_project_first_in_each_block() -> None:
    first = [next((line for line in block if line.startswith("terraform ")), "") for block in BLOCKS]
    assert len([line for line in first if line]) == 2
    assert [line for line in first if line and line.split()[2] != "init"] == []


@pytest.mark.parametrize("line", commands("terraform"))
def test_terraform_takes_the_command(line: str, tmp_path: Path) -> None:
    """Without a configuration it parses the line, and then finds that there is none."""
    assert refusal(line, tmp_path) is None


@pytest.mark.parametrize(
    "line",
    [
        "terraform -chdir=infra plan -reconfigure",
        "terraform -chdir=infra import google_storage_bucket.source",
        "terraform -chdir=infra force-unlock",
        "terraform -chdir=infra inport a b",
    ],
)
def test_terraform_refuses_a_wrong_command(line: str, tmp_path: Path) -> None:
    assert refusal(line, tmp_path) is not None


@pytest.mark.parametrize("name", sorted(PAGES.keys() - {"README.md"}))
def test_a_page_has_numbered_steps_in_order_with_minutes(name: str) -> None:
    steps = re.findall(r"^\| (\d+)\. .* \| (\d*) \| .*\|$", PAGES[name], re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    assert len(steps) >= 4
    assert sum(1 for _, minutes in steps if minutes) >= 4
    assert f"({name})" in PAGES["README.md"]


def test_the_settings_of_a_second_project_set_sign_in_up_which_deploy_needs(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```hcl\n(.*?)^```$", PAGES["region-lost.md"], re.MULTILINE | re.DOTALL)
    (project,) = re.findall(r"`make deploy PROJECT_ID=(\S+)`", PAGES["region-lost.md"])
    (tmp_path / "projects").mkdir()
    (tmp_path / f"projects/{project}.tfvars").write_text(block, encoding="utf-8")
    settings = ProjectSettings.read(tmp_path, project)
    assert settings.sets_sign_in_up
    assert settings.region_for(None) == "us-central1"


def test_there_are_commands_to_check() -> None:
    assert len(commands("make")) >= 8
    assert len(commands("terraform")) >= 6
