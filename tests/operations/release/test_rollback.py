"""`live-tokens rollback`: who serves afterwards, and what the operator was told before."""

import pytest

from live_tokens.release import Release
from operations.release.deployed import REGION, Deployed, Operate
from support.release_labels import labels_of

FIRST, SECOND, THIRD = (f"mint-live-token-{number:05d}-abc" for number in (1, 2, 3))
COMMIT, GOOD, BAD = "4b1d" * 10, "36cf" * 16, "0bad" * 16


def moved_to(revision: str) -> list[str]:
    """Return the arguments of gcloud that move all traffic."""
    place = (f"--region={REGION}", "--project=my-app-1a2b")
    return ["run", "services", "update-traffic", "mint-live-token", f"--to-revisions={revision}=100", *place]


def test_all_calls_go_to_the_revision_before_after_a_yes(deployed: Deployed, operate: Operate) -> None:
    deployed.service.labels = {SECOND: labels_of(Release("1.1.0", "4b1d" * 10, "36cf" * 16))}
    code, said, _ = operate("rollback", typed="y\n")
    assert code == 0
    assert deployed.gcloud_was_told == moved_to(SECOND)
    assert said[0] == f"Serves now: {THIRD}, of 2026-11-03T10:00:00Z: does not say which code it runs"
    assert said[1].startswith(f"Roll back to: {SECOND}, of 2026-11-02T10:00:00Z: version 1.1.0, commit 4b1d")
    assert said[2].startswith(f"Send all calls there? [y/N] All calls go to {SECOND}. ")
    assert said[3].endswith("--to-latest --region=europe-west1 --project=my-app-1a2b")


@pytest.mark.parametrize("typed", ["\n", "n\n", "", "yesterday\n"])
def test_without_a_yes_nothing_moves(deployed: Deployed, operate: Operate, typed: str) -> None:
    code, _, errors = operate("rollback", typed=typed)
    assert (code, errors) == (1, "Traffic is unchanged.\n")
    assert deployed.gcloud_was_told == []


def test_where_nobody_can_be_asked_nothing_moves(deployed: Deployed, operate: Operate) -> None:
    code, _, errors = operate("rollback")
    assert code == 1
    assert "Add --yes" in errors
    assert deployed.gcloud_was_told == []


def test_a_revision_can_be_named_and_the_question_answered_before(deployed: Deployed, operate: Operate) -> None:
    assert operate("rollback", "--to", FIRST, "--yes")[0] == 0
    assert deployed.gcloud_was_told == moved_to(FIRST)


def test_a_revision_that_did_not_start_is_passed_over_and_refused_by_name(deployed: Deployed, operate: Operate) -> None:
    deployed.service.failed = {SECOND}
    assert operate("rollback", "--to", SECOND, "--yes")[0] == 1
    assert deployed.gcloud_was_told == []
    assert operate("rollback", "--yes")[0] == 0
    assert deployed.gcloud_was_told == moved_to(FIRST)


def test_a_revision_with_the_code_that_serves_is_passed_over(deployed: Deployed, operate: Operate) -> None:
    """The release was SECOND, and a change of settings made THIRD. One has the labels, the other has its log."""
    deployed.service.labels = {THIRD: labels_of(Release("1.2.0", COMMIT, BAD))}
    deployed.started(SECOND, version="1.2.0", commit=COMMIT, packageDigest=BAD)
    deployed.started(FIRST, version="1.1.0", commit=COMMIT, packageDigest=GOOD)
    code, said, _ = operate("rollback", "--yes")
    assert code == 0
    assert deployed.gcloud_was_told == moved_to(FIRST)
    assert said[0] == f"Passed over, because it runs the same code: {SECOND}"
    assert said[2].startswith(f"Roll back to: {FIRST}, of 2026-11-01T10:00:00Z: version 1.1.0, commit 4b1d")


def test_the_same_code_in_all_earlier_revisions_is_nothing_to_roll_back_to(
    deployed: Deployed, operate: Operate
) -> None:
    for revision in (FIRST, SECOND, THIRD):
        deployed.started(revision, version="1.2.0", commit=COMMIT, packageDigest=BAD)
    code, _, errors = operate("rollback", "--yes")
    assert code == 1
    assert errors == (
        f"There is no revision before {THIRD} that is ready and runs other code. "
        f"For the settings of {SECOND}: --to {SECOND}\n"
    )
    assert deployed.gcloud_was_told == []
    assert operate("rollback", "--to", SECOND, "--yes")[0] == 0
    assert deployed.gcloud_was_told == moved_to(SECOND)


def test_a_revision_that_does_not_say_what_it_runs_is_not_passed_over(deployed: Deployed, operate: Operate) -> None:
    deployed.started(THIRD, version="1.2.0", commit=COMMIT, packageDigest=BAD)
    code, said, _ = operate("rollback", "--yes")
    assert code == 0
    assert deployed.gcloud_was_told == moved_to(SECOND)
    assert said[1].endswith("does not say which code it runs")


def test_before_a_split_is_before_all_that_serve(deployed: Deployed, operate: Operate) -> None:
    deployed.service.targets = [{"revisionName": SECOND, "percent": 50}, {"latestRevision": True, "percent": 50}]
    assert operate("rollback", "--yes")[0] == 0
    assert deployed.gcloud_was_told == moved_to(FIRST)


def test_there_is_nothing_before_the_first(deployed: Deployed, operate: Operate) -> None:
    deployed.service.targets = [{"revisionName": FIRST, "percent": 100}]
    code, _, errors = operate("rollback", "--yes")
    assert (code, errors) == (1, f"There is no revision before {FIRST} that is ready.\n")
    assert deployed.gcloud_was_told == []


def test_an_unknown_revision_is_typed_wrong_and_the_known_ones_are_listed(deployed: Deployed, operate: Operate) -> None:
    code, _, errors = operate("rollback", "--to", "another", "--yes")
    assert (code, errors.splitlines()[-1].endswith(f"{THIRD}, {SECOND}, {FIRST}")) == (2, True)


def test_what_serves_already_is_left_alone(deployed: Deployed, operate: Operate) -> None:
    code, said, _ = operate("rollback", "--to", THIRD, "--yes")
    assert (code, said) == (0, [f"{THIRD} has all traffic already. Nothing was changed."])
    assert deployed.gcloud_was_told == []
