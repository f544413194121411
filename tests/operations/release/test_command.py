"""The command that has Cloud Build test and release this checkout: what is submitted, and what stops it."""

import base64
import io
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from live_tokens_operations.cli import main
from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.origin import Origin
from live_tokens_operations.process import Process
from live_tokens_operations.source import archive_of, digest_of, named, source_of

PROJECT = ("--project", "my-app-1a2b")
COMMIT = "4b1d" * 10
BUILD = "4b1d0000-0000-4000-8000-000000000001"
SETTINGS = {"_REGION": "europe-west1", "_FUNCTION": "another", "_SMOKE_OPTIONS": "--app-id=1:2:web:3 --claims={}"}
# It notes each submission as a line of JSON would: words with tabs between.
GCLOUD = """#!/bin/sh
case "$1 $2" in
  "storage cat") cat {folder}/settings || exit 1 ;;
  "builds submit")
    for word in "$@"; do printf '%s\\t' "$word"; done >> {folder}/submitted
    echo >> {folder}/submitted
    echo "Created [https://cloudbuild.googleapis.com/v1/projects/p/locations/r/builds/{build}]." >&2
    case "$*" in *{failing}*) exit 1 ;; esac ;;
  "builds describe") cat {folder}/build ;;
esac
"""
GIT = """#!/bin/sh
case "$3" in
  rev-parse) {commit} ;;
  status) printf '{changes}' ;;
  describe) echo v1.2.0 ;;
esac
"""


class Checkout:
    """The programs that a release starts, and what they were told.

    Attributes:
        shown: on stdout, by the last release.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shown = ""
        self.git()
        self.gcloud()
        (folder / "settings").write_text(json.dumps(SETTINGS))
        self.build(results={"buildStepOutputs": [None, None, base64.b64encode(self.package().encode()).decode()]})

    def git(self, commit: str = f"echo {COMMIT}", changes: str = "") -> None:
        self._program("git", GIT.format(commit=commit, changes=changes))

    def gcloud(self, failing: str = "nothing") -> None:
        """Let a build whose command line contains a word fail."""
        self._program("gcloud", GCLOUD.format(folder=self.folder, build=BUILD, failing=failing))

    def build(self, **described: Any) -> None:
        """Let Cloud Build describe every build so."""
        (self.folder / "build").write_text(json.dumps(described))

    def package(self, commit: str = COMMIT) -> str:
        return sha256(archive_of(named(source_of(CHECKOUT), Origin("1.2.0", commit)))).hexdigest()

    def submitted(self) -> list[list[str]]:
        noted = self.folder / "submitted"
        return [line.split("\t")[:-1] for line in noted.read_text().splitlines()] if noted.exists() else []

    def release(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code, and what was said on stderr."""
        stdout, stderr = io.StringIO(), io.StringIO()
        process = Process({"PATH": f"{self.folder}:/usr/bin:/bin"}, io.StringIO(), stdout, stderr)
        code = main(["release", *arguments], process)
        self.shown = stdout.getvalue()
        return code, stderr.getvalue()

    def _program(self, name: str, text: str) -> None:
        program = self.folder / name
        program.write_text(text)
        program.chmod(0o755)


@pytest.fixture(name="checkout")
def _checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def substitutions(line: list[str]) -> dict[str, str]:
    (text,) = [word.removeprefix("--substitutions=^|^") for word in line if word.startswith("--substitutions=")]
    return dict(pair.split("=", 1) for pair in text.split("|"))


def test_the_tests_are_submitted_and_then_the_release_of_the_tested_package(checkout: Checkout) -> None:
    code, said = checkout.release(*PROJECT)
    assert code == 0, said
    tests, release = checkout.submitted()
    for line, file, logs in ((tests, "cloudbuild.test.yaml", "test-logs"), (release, "cloudbuild.yaml", "build-logs")):
        assert line[:-1] == [
            *("builds", "submit", str(CHECKOUT), "--project=my-app-1a2b", "--region=europe-west1"),
            f"--config={CHECKOUT}/{file}",
            "--gcs-source-staging-dir=gs://my-app-1a2b-live-tokens-source/source",
            f"--gcs-log-dir=gs://my-app-1a2b-live-tokens-{logs}",
        ]
    origin = {"_VERSION": "1.2.0", "_COMMIT": COMMIT}
    assert substitutions(tests) == origin
    package = {"_PACKAGE": checkout.package(), "_DIGEST": digest_of(source_of(CHECKOUT))}
    assert substitutions(release) == SETTINGS | origin | package


def test_what_is_typed_replaces_what_terraform_wrote_down(checkout: Checkout) -> None:
    checkout.release(
        *PROJECT, "--region", "us-central1", "--substitutions", "_FUNCTION=mine,_CANDIDATE_URL=https://x/?a=b"
    )
    release = checkout.submitted()[1]
    assert "--region=europe-west1" in release, "a release finds others in its own region only"
    chosen = substitutions(release)
    assert [chosen[name] for name in ("_REGION", "_FUNCTION", "_CANDIDATE_URL")] == [
        *("us-central1", "mine", "https://x/?a=b"),
    ]


@pytest.fixture(name="three_regions")
def _three_regions(checkout: Checkout) -> Checkout:
    others = {"asia-east1": {}, "us-central1": {"_CANDIDATE_URL": "https://candidate/us-central1"}}
    (checkout.folder / "settings").write_text(json.dumps({**SETTINGS, "additional_regions": others}))
    return checkout


def test_the_regions_are_released_one_after_the_other_with_one_tested_package(three_regions: Checkout) -> None:
    code, said = three_regions.release(*PROJECT)
    assert code == 0, said
    tests, *releases = three_regions.submitted()
    assert f"--config={CHECKOUT}/cloudbuild.test.yaml" in tests
    chosen = [substitutions(line) for line in releases]
    assert [(each["_REGION"], each.get("_CANDIDATE_URL")) for each in chosen] == [
        ("europe-west1", None),
        ("asia-east1", None),
        ("us-central1", "https://candidate/us-central1"),
    ]
    assert {each["_PACKAGE"] for each in chosen} == {three_regions.package()}
    assert all("--region=europe-west1" in line for line in releases), "a release finds others in its own region only"


def test_a_region_that_fails_leaves_the_rest_and_says_where_the_new_code_is(three_regions: Checkout) -> None:
    three_regions.gcloud(failing="_REGION=asia-east1")
    code, said = three_regions.release(*PROJECT)
    assert (code, len(three_regions.submitted())) == (1, 3)
    assert said.splitlines()[-1] == "Released in: europe-west1. Not released in: asia-east1, us-central1."


def test_the_regions_of_a_release_are_shown_for_a_shell_and_nothing_is_released(three_regions: Checkout) -> None:
    three_regions.git(commit="exit 128")  # it does not matter for this
    code, said = three_regions.release(*PROJECT, "--show-regions")
    assert (code, three_regions.submitted()) == (0, []), said
    assert three_regions.shown.splitlines() == [
        "europe-west1|another||--app-id=1:2:web:3 --claims={}",
        "asia-east1|another||--app-id=1:2:web:3 --claims={}",
        "us-central1|another|https://candidate/us-central1|--app-id=1:2:web:3 --claims={}",
    ]
    three_regions.release(*PROJECT, "--show-regions", "--region", "us-central1")
    assert [line.split("|")[0] for line in three_regions.shown.splitlines()] == ["us-central1"]


def test_one_region_can_be_released_alone_through_its_own_candidate(three_regions: Checkout) -> None:
    assert three_regions.release(*PROJECT, "--region", "us-central1")[0] == 0
    (chosen,) = (substitutions(line) for line in three_regions.submitted()[1:])
    assert (chosen["_REGION"], chosen["_CANDIDATE_URL"]) == ("us-central1", "https://candidate/us-central1")


def test_one_candidate_is_not_tested_for_several_regions(three_regions: Checkout) -> None:
    given = ("--substitutions", "_CANDIDATE_URL=https://x/")
    code, said = three_regions.release(*PROJECT, *given)
    assert (code, three_regions.submitted()) == (2, [])
    assert "_CANDIDATE_URL leads to one region: add --region, of europe-west1, asia-east1, us-central1" in said
    assert three_regions.release(*PROJECT, *given, "--region", "asia-east1")[0] == 0


def test_a_checkout_with_changes_is_refused_and_nothing_is_uploaded(checkout: Checkout) -> None:
    checkout.git(changes=" M functions/main.py\\n?? new.txt\\n")
    code, said = checkout.release(*PROJECT)
    assert (code, checkout.submitted()) == (1, [])
    assert said.startswith("This checkout has changes that are in no commit: functions/main.py, new.txt. ")


def test_a_checkout_without_a_commit_is_refused_and_nothing_is_uploaded(checkout: Checkout) -> None:
    checkout.git(commit="exit 128")
    code, said = checkout.release(*PROJECT)
    assert (code, checkout.submitted()) == (1, [])
    assert said.startswith("git reports no commit here")


def test_changes_can_be_released_when_asked_for_and_the_package_says_so(checkout: Checkout) -> None:
    checkout.git(changes=" M functions/main.py\\n")
    output = base64.b64encode(checkout.package(f"{COMMIT}-dirty").encode()).decode()
    checkout.build(results={"buildStepOutputs": [output]})
    assert checkout.release(*PROJECT, "--allow-dirty")[0] == 0
    assert {substitutions(line)["_COMMIT"] for line in checkout.submitted()} == {f"{COMMIT}-dirty"}


def test_a_package_that_is_not_of_this_checkout_is_not_released(checkout: Checkout) -> None:
    checkout.build(results={"buildStepOutputs": [base64.b64encode(b"0" * 64).decode()]})
    code, said = checkout.release(*PROJECT)
    assert (code, len(checkout.submitted())) == (1, 1)
    assert f"The tested package is sha256:{'0' * 64}, and that of this checkout sha256:{checkout.package()}." in said


def test_a_build_that_fails_says_which_step_why_and_what_is_left(checkout: Checkout) -> None:
    steps = [
        {"id": "node", "status": "SUCCESS"},
        {"id": "test", "status": "FAILURE"},
        {"id": "package", "status": "QUEUED"},
    ]
    checkout.build(steps=steps, failureInfo={"detail": "step exited with non-zero status: 2"})
    checkout.gcloud(failing="cloudbuild.test.yaml")
    code, said = checkout.release(*PROJECT)
    assert (code, len(checkout.submitted())) == (1, 1)
    assert said.splitlines()[-3:] == [
        "The release failed in step test of cloudbuild.test.yaml: step exited with non-zero status: 2",
        "Nothing was changed.",
        f"The log again: gcloud builds log {BUILD} --region=europe-west1 --project=my-app-1a2b",
    ]


def test_settings_that_cannot_be_read_stop_the_release_with_their_remedy(checkout: Checkout) -> None:
    (checkout.folder / "settings").unlink()
    code, said = checkout.release(*PROJECT)
    assert (code, checkout.submitted()) == (1, [])
    assert "gs://my-app-1a2b-live-tokens-source/release-settings.json could not be read" in said


def test_without_gcloud_it_is_said_where_to_get_it(checkout: Checkout) -> None:
    (checkout.folder / "gcloud").unlink()
    stderr = io.StringIO()
    process = Process({"PATH": str(checkout.folder)}, io.StringIO(), io.StringIO(), stderr)
    assert main(["release", *PROJECT], process) == 1
    assert stderr.getvalue().startswith("gcloud is missing. Install it: https://")


@pytest.mark.parametrize(
    "arguments",
    [(), ("--project", "a/b"), (*PROJECT, "--region", "a"), (*PROJECT, "--substitutions", "FUNCTION=x")],
)
def test_what_cannot_be_is_typed_wrong(checkout: Checkout, arguments: tuple[str, ...]) -> None:
    code, _ = checkout.release(*arguments)
    assert (code, checkout.submitted()) == (2, [])
