"""Who serves after a deployment: the newest revision, or what somebody has pinned traffic to."""

import json

import pytest

from live_tokens_operations.deploy.errors import HeldBackError, ProgramError
from live_tokens_operations.deploy.programs import Finished
from live_tokens_operations.deploy.traffic import Service
from operations.deploy.scripted import ScriptedPrograms

Target = dict[str, object]
NEWEST: Target = {"revisionName": "mint-2", "latestRevision": True, "percent": 100}
CANDIDATE: Target = {"revisionName": "mint-2", "tag": "candidate"}


def look(answer: Finished) -> None:
    """Look at what gcloud answers."""
    programs = ScriptedPrograms({"gcloud run services describe mint ": [answer]})
    Service(programs, "mint", "my-app-1a2b", "us-central1").require_newest_to_serve()


def look_at(*targets: Target) -> None:
    """Look at a service whose newest revision is mint-2."""
    look(Finished(0, json.dumps({"status": {"latestReadyRevisionName": "mint-2", "traffic": targets}})))


@pytest.mark.parametrize(
    "targets",
    [
        [NEWEST],
        [NEWEST, CANDIDATE],
        [{"revisionName": "mint-2", "percent": 100}],
        [{**NEWEST, "percent": 40}, {"revisionName": "mint-2", "percent": 60}],
    ],
    ids=["followed", "tagged", "named", "named and followed"],
)
def test_the_newest_revision_serves_however_traffic_leads_to_it(targets: list[Target]) -> None:
    look_at(*targets)


@pytest.mark.parametrize(
    ("targets", "held"),
    [
        ([{"revisionName": "mint-1", "percent": 100}, CANDIDATE], "mint-1 (100 %)"),
        ([{**NEWEST, "percent": 90}, {"revisionName": "mint-1", "percent": 10}], "mint-1 (10 %), mint-2 (90 %)"),
        ([], "nothing"),
    ],
)
def test_traffic_that_goes_elsewhere_is_named_with_its_share(targets: list[Target], held: str) -> None:
    with pytest.raises(HeldBackError) as refused:
        look_at(*targets)
    assert f"they are in mint-2, and traffic is held on {held}: " in str(refused.value)


def test_a_look_that_fails_is_told_in_gcloud_s_words() -> None:
    with pytest.raises(ProgramError, match=r"could not be looked at:\nPERMISSION_DENIED: run\.services\.get"):
        look(Finished(1, "", "PERMISSION_DENIED: run.services.get"))
