"""A release as a whole, as the users and the operator see it: who serves at each moment, and what was changed."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from socket import socket

import pytest

from live_tokens.release import Release as ReleaseOfCode
from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.serving import LABELS
from live_tokens_operations.source import digest_of, named, source_of
from release.release_run import (
    BUILD,
    FUNCTION_NAME,
    ORIGIN,
    SOURCES,
    GoogleCloud,
    Release,
    first_build_of,
    package_of_checkout,
    project_with_function,
    release_of,
    running_build,
    smoke_test_ends_with,
)
from support.gcloud_parser import require_gcloud
from support.google.storage import Grant, StoredObject
from support.release_labels import labels_of
from support.smoke_program import smoke

FIRST, SECOND, THIRD = (f"mint-live-token-{number:05d}-abc" for number in (1, 2, 3))
_PACKAGE = f"packages/{package_of_checkout()[0]}.zip"
_UPLOAD = f"POST storage.googleapis.com/upload/storage/v1/b/{SOURCES}/o"
_READ = f"GET storage.googleapis.com/storage/v1/b/{SOURCES}/o/{_PACKAGE}"
_OF_THE_RELEASE = ("source", "revision", "allTrafficOnLatestRevision")
_SERVICE = "europe-west1-run.googleapis.com/apis/serving.knative.dev/v1/namespaces/some-project/services/"
_FUNCTIONS = "cloudfunctions.googleapis.com/v2/projects/some-project/locations/europe-west1/"
_CALLS = {
    "GET cloudbuild.googleapis.com/v1/projects/some-project/locations/europe-west1/builds",
    f"GET {_SERVICE}mint-live-token",
    f"PUT {_SERVICE}mint-live-token",
    f"GET {_FUNCTIONS}functions/mint-live-token",
    f"GET {_FUNCTIONS}runtimes",
    _READ,
    f"GET storage.googleapis.com/download/storage/v1/b/{SOURCES}/o/{_PACKAGE}",
    "GET serviceusage.googleapis.com/v1/projects/some-project/services/run.googleapis.com",
    "GET serviceusage.googleapis.com/v1/projects/some-project/services/cloudbuild.googleapis.com",
    "GET serviceusage.googleapis.com/v1/projects/some-project/services/artifactregistry.googleapis.com",
    "GET cloudbuild.googleapis.com/v1/projects/some-project/locations/europe-west1/defaultServiceAccount",
    "GET cloudresourcemanager.googleapis.com/v1/projects/some-project",
    f"PATCH {_FUNCTIONS}functions/mint-live-token",
    f"GET {_FUNCTIONS}operations/operation-1",
}
"""All that gcloud asks for. Whoever adds to it gives the release account in infra/accounts.tf what it takes."""


@pytest.fixture(name="cloud")
def _cloud() -> GoogleCloud:
    return project_with_function()


@pytest.fixture(name="release")
def _release(cloud: GoogleCloud, tmp_path: Path) -> Iterator[Release]:
    with release_of(cloud, require_gcloud(), tmp_path) as release:
        yield release


def _configuration(cloud: GoogleCloud) -> dict[str, object]:
    """Return the function's fields without those that are a release's."""
    resource = deepcopy(cloud.function)
    for block in ("buildConfig", "serviceConfig"):
        for name in _OF_THE_RELEASE:
            resource[block].pop(name, None)
    resource["labels"] = {name: resource["labels"][name] for name in resource["labels"].keys() - set(LABELS)}
    return resource


def test_the_first_release_after_terraform_moves_all_users_once_the_smoke_test_has_passed(
    cloud: GoogleCloud, release: Release
) -> None:
    configured = _configuration(cloud)
    failed, said = release.run(until="candidate")
    assert failed is None, said
    assert cloud.service.revisions == [FIRST, SECOND]
    assert cloud.service.serving() == {FIRST: 100}
    assert cloud.service.tagged() == {"candidate": SECOND}

    failed, said = release.run(after="candidate")
    assert failed is None, said
    assert json.loads((release.workspace / "smoke.json").read_text()) == [
        "--no-observations",
        "https://candidate---mint-live-token-x1y2z3-ew.a.run.app",
    ]
    assert cloud.service.serving() == {SECOND: 100}
    assert cloud.service.follows_latest(), "what Terraform changes from now on must take effect"
    assert cloud.service.tagged() == {}

    (mask,) = cloud.functions.masks
    assert set(mask) == {"build_config.source", "build_config.runtime", "labels"}
    assert _configuration(cloud) == configured
    assert cloud.functions.source(FUNCTION_NAME) == named(source_of(CHECKOUT), ORIGIN)
    release_of_code = ReleaseOfCode(ORIGIN.version, ORIGIN.commit, digest_of(source_of(CHECKOUT)))
    assert labels_of(release_of_code).items() <= cloud.function["labels"].items()
    assert set(cloud.calls) == _CALLS


def test_after_a_failed_smoke_test_the_old_revision_serves_and_the_next_release_works(
    cloud: GoogleCloud, release: Release
) -> None:
    smoke_test_ends_with(release.workspace, 1)
    failed, said = release.run()
    assert failed == "smoke"
    assert f"Traffic is unchanged: {FIRST}=100." in said
    assert f"Inspect {SECOND} at https://candidate---" in said
    assert cloud.service.serving() == {FIRST: 100}
    assert not cloud.service.follows_latest()

    smoke_test_ends_with(release.workspace, 0)
    failed, said = release.run(until="candidate")
    assert failed is None, said
    assert cloud.service.serving() == {FIRST: 100}, "not the revision that failed"
    assert cloud.service.tagged() == {"candidate": THIRD}


def test_a_release_brings_the_runtime_that_its_requirements_are_locked_for(
    cloud: GoogleCloud, release: Release
) -> None:
    cloud.function["buildConfig"]["runtime"] = "python311"
    failed, said = release.run(until="deploy")
    assert failed is None, said
    assert cloud.function["buildConfig"]["runtime"] == "python313"


def test_options_of_the_smoke_test_that_cannot_be_read_end_the_release(cloud: GoogleCloud, tmp_path: Path) -> None:
    with release_of(cloud, require_gcloud(), tmp_path, _SMOKE_OPTIONS="--claims '{") as release:
        failed, said = release.run()
    assert failed == "smoke"
    assert "unmatched single quote" in said
    assert cloud.service.serving() == {FIRST: 100}


def test_failing_tests_hand_nothing_on_and_ask_nothing_of_google(cloud: GoogleCloud, tmp_path: Path) -> None:
    with first_build_of(cloud, require_gcloud(), tmp_path, end_with=1) as tests:
        assert tests.run()[0] == "test"
    assert cloud.calls == []
    assert not (tests.workspace / "build").exists()


def test_the_tests_hand_on_the_package_that_this_checkout_gives(cloud: GoogleCloud, tmp_path: Path) -> None:
    digest, package = package_of_checkout()
    with first_build_of(cloud, require_gcloud(), tmp_path, end_with=0) as tests:
        failed, said = tests.run()
        assert failed is None, said
        assert tests.output("package").strip() == digest
        assert cloud.calls == [_UPLOAD], "one request for this object: the account may list nothing"
        assert tests.run(after="package") == (None, ""), "a package that was tested before is no failure"
        assert cloud.calls == [_UPLOAD, _UPLOAD, _READ]
    stored = cloud.storage.buckets[SOURCES].objects
    assert {name: each.content for name, each in stored.items()} == {f"packages/{digest}.zip": package}
    assert len(cloud.storage.writes) == 1


@pytest.mark.parametrize("more", [set(), {"storage.objects.delete"}], ids=["may add", "may replace"])
def test_another_package_in_the_place_of_the_tested_one_ends_the_tests_and_stays(
    cloud: GoogleCloud, tmp_path: Path, more: set[str]
) -> None:
    another = StoredObject(_PACKAGE, 1, b"another")
    cloud.storage.buckets[SOURCES].objects[_PACKAGE] = another
    with first_build_of(cloud, require_gcloud(), tmp_path, end_with=0) as tests:
        cloud.storage.grants[SOURCES].append(Grant(frozenset(more), ("packages/",)))
        failed, said = tests.run()
    assert failed == "hand-on"
    assert "The package was not stored, and is not there from an earlier test: " in said
    assert cloud.storage.buckets[SOURCES].objects == {_PACKAGE: another}


def test_a_package_that_may_not_be_stored_ends_the_tests_with_the_cause(cloud: GoogleCloud, tmp_path: Path) -> None:
    with first_build_of(cloud, require_gcloud(), tmp_path, end_with=0) as tests:
        cloud.storage.grants[SOURCES].pop()
        failed, said = tests.run()
    assert failed == "hand-on"
    assert "does not have storage.objects.create access" in said


def test_another_package_than_the_tested_one_is_not_deployed(cloud: GoogleCloud, release: Release) -> None:
    objects = cloud.storage.buckets[SOURCES].objects
    objects[_PACKAGE] = replace(objects[_PACKAGE], content=b"another")
    failed, said = release.run()
    assert failed == "fetch"
    assert f"and not the tested sha256:{package_of_checkout()[0]}. Nothing was changed." in said
    assert cloud.changes() == []


def test_source_that_does_not_build_ends_the_release_and_changes_nothing_for_users(
    cloud: GoogleCloud, release: Release
) -> None:
    cloud.functions.build_error = "Build failed: no such package"
    failed, said = release.run()
    assert failed == "deploy"
    assert "no such package" in said
    assert cloud.service.serving() == {FIRST: 100}
    assert cloud.service.tagged() == {}


@pytest.mark.parametrize("status", ["QUEUED", "WORKING"])
def test_of_two_releases_at_once_the_younger_stops(cloud: GoogleCloud, release: Release, status: str) -> None:
    cloud.builds.append(running_build("older", "2026-11-22T09:59:59Z", ["nightly", "live-tokens-release"], status))
    failed, said = release.run(until="pin")
    assert failed == "pin"
    assert "Another release is running: build older." in said
    assert cloud.changes() == []


def test_a_release_goes_on_beside_a_younger_one_another_build_and_one_that_ended(
    cloud: GoogleCloud, release: Release
) -> None:
    cloud.builds += [
        running_build("younger", "2026-11-22T10:00:01Z"),
        running_build("something-else", "2026-11-22T09:00:00Z", ["not-live-tokens-release"]),
        running_build("untagged", "2026-11-22T09:00:00Z", []),
        running_build("ended", "2026-11-22T09:00:00Z", status="FAILURE"),
    ]
    failed, said = release.run(until="pin")
    assert failed is None, said


def test_a_release_that_does_not_find_itself_among_the_builds_stops(cloud: GoogleCloud, release: Release) -> None:
    cloud.builds.clear()
    failed, said = release.run(until="pin")
    assert (failed, cloud.changes()) == ("pin", []), said


def test_traffic_stays_when_somebody_deployed_in_between(cloud: GoogleCloud, release: Release) -> None:
    failed, said = release.run(until="smoke")
    assert failed is None, said
    cloud.service.deploy("another.zip")
    failed, said = release.run(after="smoke")
    assert failed == "move"
    assert f"{SECOND} passed its smoke test, but {THIRD} was deployed in the meantime" in said
    assert cloud.service.serving() == {FIRST: 100}


def test_untried_code_that_serves_in_spite_of_the_pin_is_taken_back_at_once(
    cloud: GoogleCloud, release: Release
) -> None:
    release.run(until="deploy")
    cloud.service.follow_latest()
    failed, said = release.run(after="deploy")
    assert failed == "candidate"
    assert f"it was {FIRST}=100, now it is {SECOND}=100" in said
    assert cloud.service.serving() == {FIRST: 100}
    assert not (release.workspace / "smoke.json").exists()


def test_traffic_that_an_operator_moved_to_tried_code_ends_the_release_and_stays(
    cloud: GoogleCloud, release: Release
) -> None:
    cloud.service.deploy("second.zip")
    release.run(until="deploy")
    cloud.service.targets = [{"revisionName": FIRST, "percent": 100}]
    failed, said = release.run(after="deploy")
    assert failed == "candidate"
    assert f"it was {SECOND}=100, now it is {FIRST}=100" in said
    assert cloud.service.serving() == {FIRST: 100}


def test_without_the_pin_new_code_would_serve_untried(cloud: GoogleCloud, release: Release) -> None:
    (release.workspace / "build" / "release").mkdir(parents=True)
    release.run(after="pin", until="deploy")
    assert cloud.service.serving() == {SECOND: 100}


def test_a_split_that_the_operator_made_stays_until_the_candidate_has_passed(
    cloud: GoogleCloud, release: Release
) -> None:
    cloud.service.deploy("second.zip")
    cloud.service.targets = [
        {"revisionName": FIRST, "percent": 60},
        {"revisionName": SECOND, "percent": 10},
        {"latestRevision": True, "percent": 30},
        {"revisionName": FIRST, "tag": "old"},
    ]
    failed, said = release.run(until="pin")
    assert failed is None, said
    assert cloud.service.serving() == {FIRST: 60, SECOND: 40}
    assert cloud.service.tagged() == {"old": FIRST}
    cloud.service.deploy("third.zip")
    assert cloud.service.serving() == {FIRST: 60, SECOND: 40}


def test_the_smoke_test_takes_another_address_and_options_of_the_operator(cloud: GoogleCloud, tmp_path: Path) -> None:
    with release_of(
        cloud,
        require_gcloud(),
        tmp_path,
        _CANDIDATE_URL="https://candidate.example.com/",
        _SMOKE_OPTIONS="""--app-id=1:2:web:3 --claims '{"plan": "school"}'""",
    ) as release:
        (release.workspace / "build" / "release").mkdir(parents=True)
        for name in ("url", "candidate", "serving"):
            (release.workspace / "build" / "release" / name).write_text("https://not-this-one.example.com")
        failed, said = release.run(after="candidate", until="smoke")
    assert failed is None, said
    assert json.loads((release.workspace / "smoke.json").read_text()) == [
        "--no-observations",
        "--app-id=1:2:web:3",
        "--claims",
        '{"plan": "school"}',
        "https://candidate.example.com/",
    ]


def test_the_build_runs_as_the_account_of_its_project_with_its_own_id(release: Release) -> None:
    assert release.build["serviceAccount"] == (
        "projects/some-project/serviceAccounts/live-tokens-release@some-project.iam.gserviceaccount.com"
    )
    assert f"BUILD={BUILD}" in release.build["options"]["env"]


@pytest.mark.parametrize(
    ("options", "stopped_by"),
    [("", "cannot be called"), ("--app-id=1:2:web:3 --profile=tutor", "There are no Application Default Credentials")],
)
def test_the_smoke_test_itself_understands_how_it_is_started(
    cloud: GoogleCloud, tmp_path: Path, options: str, stopped_by: str
) -> None:
    """Start it with what the release has started, and see it get past its own command line."""
    with socket() as refusing:
        refusing.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"https://127.0.0.1:{refusing.getsockname()[1]}/"
        with release_of(cloud, require_gcloud(), tmp_path, _CANDIDATE_URL=url, _SMOKE_OPTIONS=options) as release:
            failed, said = release.run(after="candidate", until="smoke")
        assert failed is None, said
        arguments = json.loads((release.workspace / "smoke.json").read_text())
        outcome = smoke(*arguments, environment={"CLOUDSDK_CONFIG": str(tmp_path), "NO_GCE_CHECK": "true"})

    assert (outcome.code, outcome.err) == (1, "")
    (line,) = outcome.bad
    assert stopped_by in line
