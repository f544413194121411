"""What `live-tokens status` says of the code that serves."""

import pytest

from live_tokens.audit_log import STARTED as STARTED_OF_FUNCTION
from live_tokens.release import Release
from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.serving import STARTED
from live_tokens_operations.source import digest_of, source_of
from operations.release.deployed import REGION, Deployed, Operate
from support.release_labels import labels_of

FIRST, SECOND, THIRD = (f"mint-live-token-{number:05d}-abc" for number in (1, 2, 3))
COMMIT, DIGEST = "4b1d" * 10, "36cf" * 16
RELEASE = Release("1.2.0", COMMIT, DIGEST)
WORDS = f"version 1.2.0, commit {COMMIT}, package sha256:{DIGEST[:32]}"


def mine() -> str:
    return digest_of(source_of(CHECKOUT))


def test_what_serves_is_named_by_the_labels_of_its_revision(deployed: Deployed, operate: Operate) -> None:
    deployed.service.labels[THIRD] = labels_of(RELEASE)
    code, said, _ = operate("status")
    assert code == 0
    assert said == [
        f"mint-live-token in {REGION}, project my-app-1a2b",
        f"  100 %  {THIRD}, of 2026-11-03T10:00:00Z: {WORDS}",
        f"This checkout has other code: package sha256:{mine()[:32]}",
    ]


def test_a_revision_without_labels_is_asked_for_its_first_line(deployed: Deployed, operate: Operate) -> None:
    deployed.started(SECOND, version="1.1.0", commit=COMMIT, packageDigest=DIGEST)
    deployed.started(THIRD, version="1.2.0", commit=COMMIT, packageDigest=DIGEST)
    assert operate("status")[1][1].endswith(WORDS)
    assert operate("status", "--region", REGION)[1][1].endswith(WORDS)


def test_of_several_regions_the_home_region_is_meant_unless_another_is_named(
    deployed: Deployed, operate: Operate
) -> None:
    """The project has the function in asia-east1 too, which Cloud Functions lists first."""
    assert operate("status")[1][0] == f"mint-live-token in {REGION}, project my-app-1a2b"
    assert operate("status", "--region", "asia-east1")[2] == (
        "There is no mint-live-token in asia-east1 of project my-app-1a2b.\n"
    ), "its service is asked for, which is not part of this test"


def test_a_revision_that_says_nothing_is_not_guessed(deployed: Deployed, operate: Operate) -> None:
    assert operate("status")[1][1].endswith(f"{THIRD}, of 2026-11-03T10:00:00Z: does not say which code it runs")


def test_the_code_of_this_checkout_is_recognised(deployed: Deployed, operate: Operate) -> None:
    deployed.service.labels[THIRD] = labels_of(Release("1.2.0", COMMIT, mine()))
    assert operate("status")[1][-1] == f"This checkout has the same code: package sha256:{mine()[:32]}"


def test_a_pin_a_split_and_a_candidate_are_shown(deployed: Deployed, operate: Operate) -> None:
    deployed.service.targets = [
        {"revisionName": FIRST, "percent": 90},
        {"revisionName": SECOND, "percent": 10},
        {"revisionName": THIRD, "tag": "candidate"},
    ]
    _, said, _ = operate("status")
    assert [line.split(",")[0] for line in said[1:4]] == [
        f"   10 %  {SECOND}",
        f"   90 %  {FIRST}",
        f"  tag candidate  {THIRD}",
    ]
    assert said[4] == f"Traffic is pinned: the newest revision, {THIRD}, gets none."


def test_what_google_does_not_show_is_a_failure_with_its_remedy(deployed: Deployed, operate: Operate) -> None:
    deployed.access.services.discard("run.googleapis.com")
    code, said, errors = operate("status", "--region", REGION)
    assert (code, said) == (1, [])
    assert errors.startswith("mint-live-token could not be read: ")


def test_a_function_that_is_not_there_is_missing(deployed: Deployed, operate: Operate) -> None:
    code, _, errors = operate("status", "--function", "another")
    assert (code, errors) == (1, f"There is no another in {REGION} of project my-app-1a2b.\n")


@pytest.mark.parametrize("version", ["1.2.0", "1.2.0-3-gabc1234", "unknown"])
def test_a_label_holds_the_version_without_loss(deployed: Deployed, operate: Operate, version: str) -> None:
    labels = labels_of(Release(version, COMMIT, DIGEST))
    assert all(value.replace("_", "").replace("-", "").isalnum() and len(value) <= 63 for value in labels.values())
    deployed.service.labels[THIRD] = labels
    assert f"version {version}, commit" in operate("status")[1][1]


def test_the_line_is_called_what_the_function_calls_it() -> None:
    assert STARTED == STARTED_OF_FUNCTION
