"""A deployment with profiles with which the function does not start: nothing is planned, and nothing is asked."""

import shutil
from pathlib import Path

from operations.deploy.checkout import ROOT, Checkout
from support.profile_cases import LIVE_38, ProfileCase


def test_a_refused_profile_ends_the_deployment_before_its_plan(checkout: Checkout, tmp_path: Path) -> None:
    without = shutil.ignore_patterns("__pycache__")
    functions = shutil.copytree(ROOT / "functions", tmp_path / "functions", ignore=without)
    tutor = ProfileCase("", LIVE_38, "refuse", "proactivity.proactive_audio = false")
    (functions / "profiles" / "tutor.toml").write_text(tutor.text, encoding="utf-8")
    path = f"{checkout.folder / 'operations'}:{functions}"

    ended = checkout.build("deploy", PYTHONPATH=path)

    assert ended.code == 1
    assert "Nothing was done. The function does not start with these profiles:" in ended.shown
    assert "tutor.toml: config.proactivity.proactive_audio: false is an error on this model" in ended.shown
    assert not (checkout.module / ".terraform").exists()
