"""Options of the smoke test, from the shell through make to the smoke test, with their quotes."""

import os
import subprocess
from pathlib import Path

import pytest

from operations.deploy.checkout import ROOT, Checkout
from operations.deploy.google import Google
from operations.deploy.runs import Deployed

OPTIONS = """--app-id=1:2:web:3 --claims '{"plan": "school"}'"""


@pytest.mark.parametrize("options", [OPTIONS, ""])
def test_make_hands_them_on_as_they_are_and_on_no_command_line(tmp_path: Path, options: str) -> None:
    program = tmp_path / "bin/live-tokens"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf \'%s\\n\' "$SMOKE_OPTIONS" "$*"\n', encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / ".installed").touch()
    done = subprocess.run(
        ["make", "--silent", "deploy", f"VENV={tmp_path}", "PROJECT_ID=my-app-1a2b", f"SMOKE_OPTIONS={options}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [options, "deploy --project my-app-1a2b"]


def test_the_smoke_test_gets_them_as_a_shell_would_give_them(deployed: Deployed) -> None:
    ended = deployed.checkout.build("deploy", SMOKE_OPTIONS=OPTIONS)
    assert ended.code == 0, ended.shown
    assert deployed.checkout.smoke_runs[-1][-3:] == ["--app-id=1:2:web:3", "--claims", '{"plan": "school"}']


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--clams={}", "unrecognized arguments: --clams={}"),
        ("--claims {plan: school}", "argument --claims: '{plan:' is not a JSON object"),
        ("--claims '{", "No closing quotation"),
        ("https://elsewhere.example", "unrecognized arguments: https://elsewhere.example"),
    ],
)
def test_a_mistake_in_them_costs_nothing(checkout: Checkout, google: Google, options: str, said: str) -> None:
    checkout.lose("gcloud", "terraform")
    ended = checkout.build("deploy", "--yes", SMOKE_OPTIONS=options)
    assert ended.code == 2
    assert "SMOKE_OPTIONS" in ended.shown
    assert said in ended.shown
    assert google.storage.writes == []
