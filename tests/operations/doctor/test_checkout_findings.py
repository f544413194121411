"""Findings about the settings of this checkout, beside those that were applied last."""

import json
from pathlib import Path

import pytest

from operations.doctor.expected import DEPLOY
from operations.doctor.result import Doctor
from operations.doctor.sample_project import PROJECT, REGION, Sample, SampleHosts
from support.google.access import refusal
from support.google.storage import StoredObject

TEXT = 'project_id = "sample-app-1a2b"\n'
BLOB = "731dbb953afeceb9f68dc6d3b1adbd01a661b337"  # git hash-object
NAME = f"infra/projects/{PROJECT}.tfvars"


@pytest.fixture(name="applied")
def _applied(sample: Sample) -> None:
    bucket = sample.storage.add_bucket(f"{PROJECT}-live-tokens-state", PROJECT)
    content = json.dumps({"settings": {}, "blob": BLOB}).encode()
    name = f"live-tokens/{REGION}/applied.json"
    bucket.objects[name] = StoredObject(name, 1, content, "application/json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT, f"ok   Checkout: {NAME} is as it was applied last"),
        (
            f"{TEXT}public = false\n",
            (
                f"warn Checkout: {NAME} is not as it was applied last: either not applied yet, or older"
                f"  → git pull, then {DEPLOY}"
            ),
        ),
        (None, f"warn Checkout: it lacks {NAME}, with the settings that were applied last  → get the file from git"),
    ],
)
@pytest.mark.usefixtures("applied")
def test_a_checkout_is_compared_with_what_was_applied_last(
    tmp_path: Path, doctor: Doctor, text: str | None, said: str
) -> None:
    file = tmp_path / "settings.tfvars"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert said in doctor("--settings", str(file)).findings


def test_where_nothing_was_kept_nothing_is_said(doctor: Doctor) -> None:
    assert "Checkout" not in "\n".join(doctor().findings)


def test_a_record_that_may_not_be_read_leaves_it_open(doctor: Doctor, sample_hosts: SampleHosts) -> None:
    denied = refusal(403, "PERMISSION_DENIED", "Permission denied.", "IAM_PERMISSION_DENIED")
    with sample_hosts.hosts.upstreams["storage.googleapis.com"].answering(denied):
        (said,) = doctor().problems
    assert said.startswith("?    Checkout: not checked: needs role roles/storage.objectViewer  → ")
