"""The release workflow for GitHub at work: bash runs its steps with the real gcloud, region by region."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.serving import LABELS
from live_tokens_operations.source import digest_of, source_of
from release.release_run import (
    FUNCTION,
    PROJECT,
    REGION,
    SOURCES,
    GoogleCloud,
    gcloud_at,
    project_with_function,
    smoke_test_ends_with,
    workspace_in,
)
from support.gcloud_parser import require_gcloud
from support.google.storage import StoredObject

WORKFLOW = CHECKOUT / "infra/examples/github/workflows/release.yml"
ELSEWHERE = ("us-central1", "asia-east1")
"""Not in the order of their names: Terraform's file has the order."""
FIRST, SECOND = (f"{FUNCTION}-{number:05d}-abc" for number in (1, 2))
_STEPS = ("package", "hand-on", "regions", "release")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the workflow's job that releases.

    Attributes:
        failed: the name of the step that failed, or None.
    """

    failed: str | None
    said: str


@dataclass(frozen=True, slots=True)
class Job:
    """The jobs of the workflow, in a checkout, with Google behind them."""

    cloud: GoogleCloud
    workspace: Path
    environment: dict[str, str]

    def run(self, *, only: str = "", smoke_options: str = "") -> Run:
        """Run the steps with a script, up to the first that fails."""
        output = self.workspace.parent / "github-output"
        output.touch()
        tests = _scripts("test")
        assert self._bash(tests["package"], {"GITHUB_OUTPUT": str(output)}).returncode == 0
        package = output.read_text().splitlines()[-1].removeprefix("package=")
        name = f"packages/{package}.zip"
        self.cloud.functions.sources[name] = (self.workspace / "build" / f"{name}").read_bytes()
        variables = {
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "true",
            "PROJECT": PROJECT,
            "FIREBASE_PROJECT_ID": PROJECT,
            "PACKAGE": package,
            "ONLY": only,
            "OTHER_SMOKE_OPTIONS": smoke_options,
        }
        assert variables.keys() == _job("release")["env"].keys()
        steps, said = _scripts("release"), ""
        for step in _STEPS:
            done = self._bash(steps[step], variables)
            said += done.stdout + done.stderr
            if done.returncode:
                return Run(step, said)
        return Run(None, said)

    def smoke_runs(self) -> list[list[str]]:
        noted = self.workspace / "smoke-runs"
        return [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []

    def serving(self) -> list[dict[str, int]]:
        """Return who serves in each region, in the order of a release."""
        return [self.cloud.service.serving(), *(self.cloud.elsewhere[region].serving() for region in ELSEWHERE)]

    def _bash(self, script: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a script as GitHub does with `shell: bash`.

        Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
        """
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.workspace,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


def _job(name: str) -> dict[str, Any]:
    job: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"][name]
    return job


def _scripts(job: str) -> dict[str, str]:
    return {step.get("name", step.get("id", "")): step["run"] for step in _job(job)["steps"] if "run" in step}


@pytest.fixture(name="job")
def _three_regions(tmp_path: Path) -> Iterator[Job]:
    cloud, gcloud = project_with_function(), require_gcloud()
    for region in ELSEWHERE:
        cloud.add_region(region)
    _write_settings(cloud, additional_regions={ELSEWHERE[0]: {}, ELSEWHERE[1]: {}})
    with gcloud_at(cloud.apps(), tmp_path) as environment:
        path = f"{gcloud.root / 'bin'}:{os.environ['PATH']}"
        yield Job(cloud, workspace_in(tmp_path), {**environment, "PATH": path})


def _write_settings(cloud: GoogleCloud, **more: object) -> None:
    """Write down how to release, as Terraform does."""
    name = "release-settings.json"
    content = json.dumps({"_REGION": REGION, "_FUNCTION": FUNCTION, "_SMOKE_OPTIONS": "--app-id=1:2:web:3", **more})
    cloud.storage.buckets[SOURCES].objects[name] = StoredObject(name, 1, content.encode())


def test_each_region_is_smoke_tested_and_then_serves_the_one_tested_package(job: Job) -> None:
    run = job.run()
    assert run.failed is None, run.said
    assert job.serving() == [{SECOND: 100}] * 3
    assert job.smoke_runs() == [["--no-observations", "--app-id=1:2:web:3", job.cloud.service.url("candidate")]] * 3
    groups = [line.removeprefix("::group::") for line in run.said.splitlines() if line.startswith("::group::")]
    assert groups == [
        f"{region}: {step}"
        for region in (REGION, *ELSEWHERE)
        for step in ("pin", "deploy", "candidate", "smoke", "move")
    ]
    functions = job.cloud.functions.functions.values()
    assert len({each["buildConfig"]["source"]["storageSource"]["object"] for each in functions}) == 1
    digest = digest_of(source_of(CHECKOUT))[:32]
    assert [each["labels"][LABELS[2]] for each in functions] == [digest] * 3


def test_a_smoke_test_that_fails_in_one_region_stops_the_release_and_says_where_the_new_code_is(job: Job) -> None:
    smoke_test_ends_with(job.workspace, 0, 1)
    run = job.run()
    assert run.failed == "release"
    assert job.serving() == [{SECOND: 100}, {FIRST: 100}, {FIRST: 100}]
    assert job.cloud.elsewhere[ELSEWHERE[1]].revisions == [FIRST], "the third region was not touched"
    left = " ".join(ELSEWHERE)
    assert (
        f"::error::It failed in {ELSEWHERE[0]} at smoke. Released in: {REGION}. Not released in: {left}.\n" in run.said
    )


def test_a_build_that_fails_in_the_home_region_leaves_all_regions_as_they_are(job: Job) -> None:
    job.cloud.functions.build_error = "Build failed: no such package"
    run = job.run()
    assert run.failed == "release"
    assert job.serving() == [{FIRST: 100}] * 3
    left = " ".join((REGION, *ELSEWHERE))
    assert f"::error::It failed in {REGION} at deploy. Released in: no region. Not released in: {left}.\n" in run.said
    assert job.smoke_runs() == []


def test_one_region_is_released_alone_through_its_own_candidate_with_options_of_the_environment(job: Job) -> None:
    candidates = {"_CANDIDATE_URL": "https://candidate.example.com/us-central1"}
    _write_settings(
        job.cloud, _CANDIDATE_URL="https://candidate.example.com/", additional_regions={"us-central1": candidates}
    )
    run = job.run(only="us-central1", smoke_options="""--app-id=4:5:web:6 --claims '{"plan": "a|b"}'""")
    assert run.failed is None, run.said
    assert job.serving() == [{FIRST: 100}, {SECOND: 100}, {FIRST: 100}]
    assert job.smoke_runs() == [
        ["--no-observations", "--app-id=4:5:web:6", "--claims", '{"plan": "a|b"}', candidates["_CANDIDATE_URL"]]
    ]


def test_without_the_settings_of_terraform_nothing_is_deployed(job: Job) -> None:
    del job.cloud.storage.buckets[SOURCES].objects["release-settings.json"]
    run = job.run()
    assert run.failed == "regions"
    assert "release-settings.json could not be read" in run.said
    assert job.serving() == [{FIRST: 100}] * 3
    assert job.cloud.functions.masks == []
