"""Who serves after a deployment: the newest revision, or what somebody has pinned traffic to."""

import pytest

from live_tokens_operations.deploy.errors import HeldBackError, UnansweredError
from live_tokens_operations.deploy.traffic import require_newest_to_serve
from live_tokens_operations.google.look import Found, Look, Unseen
from operations.deploy.scripted import ScriptedGoogle

Target = dict[str, object]
LATEST: Target = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}
NEWEST: Target = {**LATEST, "percent": 100}
CANDIDATE: Target = {"revision": "mint-2", "tag": "candidate"}


def look(answer: Look) -> None:
    """Look at what Google answers."""
    google = ScriptedGoogle({"run.googleapis.com": answer})
    require_newest_to_serve(google, "my-app-1a2b", "us-central1", "mint")


def look_at(*targets: Target) -> None:
    """Look at a service whose newest revision is mint-2."""
    look(Found({"latestReadyRevision": "projects/p/revisions/mint-2", "traffic": targets}))


@pytest.mark.parametrize(
    "targets",
    [
        [NEWEST],
        [NEWEST, CANDIDATE],
        [{"revision": "mint-2", "percent": 100}],
        [{**NEWEST, "percent": 40}, {"revision": "mint-2", "percent": 60}],
    ],
    ids=["followed", "tagged", "named", "named and followed"],
)
def test_the_newest_revision_serves_however_traffic_leads_to_it(targets: list[Target]) -> None:
    look_at(*targets)


@pytest.mark.parametrize(
    ("targets", "held"),
    [
        ([{"revision": "mint-1", "percent": 100}, CANDIDATE], "mint-1 (100 %)"),
        ([{**NEWEST, "percent": 90}, {"revision": "mint-1", "percent": 10}], "mint-1 (10 %), mint-2 (90 %)"),
        ([], "nothing"),
    ],
)
def test_traffic_that_goes_elsewhere_is_named_with_its_share(targets: list[Target], held: str) -> None:
    with pytest.raises(HeldBackError) as refused:
        look_at(*targets)
    assert f"applied to mint-2, but traffic is pinned to {held}. " in str(refused.value)


def test_a_look_that_fails_is_told_with_its_cause_and_its_remedy() -> None:
    with pytest.raises(UnansweredError, match=r"could not be read: needs role roles/run\.viewer\ngcloud projects"):
        look(Unseen("needs role roles/run.viewer", "gcloud projects add-iam-policy-binding"))
