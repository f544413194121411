"""The workflows for GitHub: valid, with the least power, and with the steps of cloudbuild.yaml."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from live_tokens_operations.defaults import CHECKOUT

WORKFLOWS = CHECKOUT / "infra/examples/github/workflows"
FILES = sorted(WORKFLOWS.glob("*.yml"))
PROGRAMS = Path(sys.executable).parent
SHA = re.compile(r"uses: ([\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")


def loaded(path: Path) -> dict[Any, Any]:
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return workflow


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in FILES:
        for name, job in loaded(path)["jobs"].items():
            yield f"{path.stem}: {name}", job


def steps_of(path: Path) -> list[dict[str, Any]]:
    return [step for job in loaded(path)["jobs"].values() for step in job.get("steps", [])]


def scripts(path: Path) -> dict[str, str]:
    """Return the steps with a script by name: those of a workflow, or of cloudbuild.yaml."""
    document = loaded(path)
    steps = document["steps"] if "steps" in document else steps_of(path)
    return {
        step.get("name" if "jobs" in document else "id", ""): step.get("run", step.get("script", "")) for step in steps
    }


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    """Scan a repository, without asking GitHub."""
    command = [str(PROGRAMS / "zizmor"), "--offline", "--persona=auditor", "--format=json", "--quiet", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def repository_with(folder: Path, workflows: Path) -> Path:
    """Make a repository in which the workflows are where GitHub reads them."""
    shutil.copytree(workflows, folder / ".github" / "workflows")
    return folder


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    done = zizmor(repository_with(tmp_path, WORKFLOWS))
    assert json.loads(done.stdout) == [], done.stdout
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "audit"),
    [
        ("persist-credentials: false", "persist-credentials: true", "artipacked"),
        ("permissions: {}", "permissions: write-all", "excessive-permissions"),
        ("on: pull_request\n", "on: pull_request_target\n", "dangerous-triggers"),
        ('gh pr comment "$PULL_REQUEST"', "gh pr comment ${{ github.head_ref }}", "template-injection"),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "unpinned-uses"),
    ],
)
def test_zizmor_finds_what_is_wrong(tmp_path: Path, right: str, wrong: str, audit: str) -> None:
    """A scanner that reads nothing finds nothing, too."""
    repository = repository_with(tmp_path, WORKFLOWS)
    workflow = repository / ".github/workflows/pull-request.yml"
    text = workflow.read_text(encoding="utf-8")
    assert right in text
    workflow.write_text(text.replace(right, wrong), encoding="utf-8")
    assert audit in {finding["ident"] for finding in json.loads(zizmor(repository).stdout)}


def schema(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAMS / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_workflows_have_githubs_form(tmp_path: Path) -> None:
    assert FILES
    assert schema(*FILES).returncode == 0, schema(*FILES).stdout
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((WORKFLOWS / "drift.yml").read_text(encoding="utf-8").replace("schedule:", "shedule:"))
    assert schema(wrong).returncode == 1


def test_every_action_is_pinned_by_a_commit_and_one_action_by_one() -> None:
    lines = [
        line.strip() for path in FILES for line in path.read_text(encoding="utf-8").splitlines() if "uses: " in line
    ]
    of_others = [line for line in lines if "$/" not in line]
    pins = [SHA.search(line) for line in of_others]
    assert [line for line, pin in zip(of_others, pins, strict=True) if pin is None] == []
    by_action = {pin[1]: (pin[2], pin[3]) for pin in pins if pin}
    assert {(pin[1], pin[2], pin[3]) for pin in pins if pin} == {(name, *pinned) for name, pinned in by_action.items()}


def test_nothing_is_allowed_that_a_job_does_not_ask_for() -> None:
    assert [path.name for path in FILES if loaded(path)["permissions"] != {}] == []
    asked = {name: job["permissions"] for name, job in jobs()}
    identity = {"contents": "read", "id-token": "write"}
    assert asked == {
        "drift: plan": identity,
        "plan: plan": identity,
        "pull-request: comment": {"pull-requests": "write"},
        "pull-request: plan": identity,
        "pull-request: test": {"contents": "read"},
        "release: release": identity,
        "release: test": {"contents": "read"},
        "smoke: smoke": identity,
    }


def test_no_expression_is_in_a_script_and_no_secret_in_a_workflow() -> None:
    assert [script for path in FILES for script in scripts(path).values() if "${{" in script] == []
    assert [path.name for path in FILES if "secrets." in path.read_text(encoding="utf-8")] == []


def test_packages_of_others_are_installed_before_a_job_has_an_account() -> None:
    for name, job in jobs():
        steps = [step.get("uses", "") + step.get("run", "") for step in job.get("steps", [])]
        signed_in = [index for index, step in enumerate(steps) if "google-github-actions/auth@" in step]
        after = steps[signed_in[0] :] if signed_in else []
        assert not [step for step in after if re.search(r"(^|[;&|] *)(make|npm|pip|uv) ", step, re.MULTILINE)], name


def test_a_plan_writes_nothing_and_takes_the_committed_providers_and_settings() -> None:
    plan = scripts(WORKFLOWS / "plan.yml")["plan"]
    assert "init -input=false -lockfile=readonly" in plan
    assert "plan -input=false -no-color -lock=false -detailed-exitcode" in plan
    assert '-var-file="projects/$PROJECT_ID.tfvars"' in plan
    assert re.findall(r"terraform -chdir=infra (\w+)", plan) == ["init", "output", "plan"]


def comment_on(plans: dict[str, str], folder: Path) -> str:
    """Run the script of the comment, and return what it hands to gh."""
    program = folder / "programs" / "gh"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    program.chmod(0o755)
    (folder / "plans").mkdir()
    for name, plan in plans.items():
        (folder / "plans" / f"{name}.txt").write_text(plan, encoding="utf-8")
    subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", scripts(WORKFLOWS / "pull-request.yml")["comment"]],
        cwd=folder,
        env={"PATH": f"{program.parent}:{os.environ['PATH']}", "PULL_REQUEST": "7", "GITHUB_REPOSITORY": "acme/voice"},
        check=True,
        timeout=60,
    )
    return (folder / "comment.md").read_text(encoding="utf-8")


def test_a_comment_shows_each_plan_as_code_whatever_is_in_it(tmp_path: Path) -> None:
    plans = {
        "my-app-staging": "No changes.\n",
        "my-app-1a2b": "```\n</details>\n@everybody\nPlan: 1 to add\n" + "x" * 70_000,
    }
    comment = comment_on(plans, tmp_path)
    assert "**my-app-staging**: No changes." in comment
    assert "**my-app-1a2b**: Plan: 1 to add" in comment
    assert not [line for line in comment.splitlines() if line.startswith(("```", "@"))]
    assert comment.count("\n</details>") == 2
    assert len(comment) < 65_536


def test_a_plan_that_was_not_made_is_told(tmp_path: Path) -> None:
    assert comment_on({}, tmp_path).startswith("No plan was made")


def smoke(folder: Path, urls: str) -> tuple[int, str, list[str]]:
    """Run the script of the hourly test, in which a URL with “lost” fails. Return its exit code, words and calls."""
    program = folder / ".venv/bin/live-tokens"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$@" >>calls\ncase "$*" in *lost*) exit 1 ;; esac\n', encoding="utf-8")
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", scripts(WORKFLOWS / "smoke.yml")["smoke"]],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "URLS": urls, "SMOKE_OPTIONS": "--app-id=1:2:web:3"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, (folder / "calls").read_text(encoding="utf-8").splitlines()


def test_the_hourly_test_tries_every_url_of_a_deployment_and_names_those_that_fail(tmp_path: Path) -> None:
    code, said, calls = smoke(tmp_path, "https://lost.example https://well.example")
    assert (code, said) == (1, "::error::No session could be held with https://lost.example\n")
    assert calls == [f"smoke --no-observations --app-id=1:2:web:3 https://{name}.example" for name in ("lost", "well")]


def test_the_hourly_test_of_one_url_that_is_well_passes(tmp_path: Path) -> None:
    assert smoke(tmp_path, "https://well.example")[:2] == (0, "")


def moves(script: str) -> list[str]:
    """Return what a script does to traffic, in order."""
    lines = re.sub(r"\\\n\s*", "", script).splitlines()
    return [" ".join(line.split()) for line in lines if "update-traffic" in line]


def functions_of_the_release() -> dict[str, str]:
    """Return the functions of the script that releases a region: name → body, as it would stand alone."""
    script = scripts(WORKFLOWS / "release.yml")["release"]
    found = re.findall(r"^(\w+)\(\) \{\n(.*?)^\}$", script, re.MULTILINE | re.DOTALL)
    return {name: textwrap.dedent(body) for name, body in found}


def test_a_release_takes_the_steps_of_cloud_build() -> None:
    here, there = functions_of_the_release(), scripts(CHECKOUT / "cloudbuild.yaml")
    for step in ("pin", "candidate", "move"):
        assert moves(here[step]) == moves(there[step]) != []
    for step in ("candidate", "smoke", "move"):
        assert here[step].splitlines() == there[step].splitlines()[2:], step
    order = re.search(r"for step in ([\w ]+); do", scripts(WORKFLOWS / "release.yml")["release"])
    assert order is not None
    assert order[1].split() == [step for step in there if step not in ("prepare", "fetch")]


def test_a_release_sends_code_and_no_configuration() -> None:
    deploy = functions_of_the_release()["deploy"]
    flags = set(re.findall(r"--([\w-]+)", deploy))
    assert flags == {"gen2", "region", "source", "runtime", "update-labels", "format"}
    assert re.findall(r"--runtime=\w+", deploy) == re.findall(
        r"--runtime=\w+", scripts(CHECKOUT / "cloudbuild.yaml")["deploy"]
    )
