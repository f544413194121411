"""The scorecard in its short form: two clients that the project has anyway, and five cases."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import gemini_live_stand_in
from scorecard.cases import CASES, Case
from scorecard.clients import CLIENTS, HERE, OURS, ROOT, Client, here
from scorecard.conversation import meet
from scorecard.verdict import Outcome, Verdict

GOOGLES = HERE - {OURS.name}  # which client/ runs through all cases
SHORT_FORM = ("talk", "tool-call", "go-away", "quota-after-setup", "token-spent")
SECONDS = 300

Met = dict[tuple[str, str], Verdict]


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Met:
    """All at once: most of the time is spent waiting."""
    logs = tmp_path_factory.mktemp("scorecard")
    cases = [case for case in CASES if case.name in SHORT_FORM]
    pairs = [(client, case) for client in CLIENTS if client.name in GOOGLES for case in cases]

    def verdict(pair: tuple[Client, Case]) -> Verdict:
        client, case = pair
        return meet(here(client), case, logs / client.name)

    with ThreadPoolExecutor(len(pairs)) as pool:
        verdicts = pool.map(verdict, pairs)
        return {(client.name, case.name): found for (client, case), found in zip(pairs, verdicts, strict=True)}


@pytest.mark.parametrize("case", SHORT_FORM)
@pytest.mark.parametrize("client", sorted(GOOGLES))
def test_a_client_of_google_survives_what_its_documentation_tells_how_to_handle(
    met: Met, client: str, case: str
) -> None:
    verdict = met[client, case]
    assert verdict.outcome is Outcome.SURVIVED, verdict.did


def test_a_case_whose_rule_the_stand_in_has_lost_says_nothing_about_the_client(tmp_path: Path) -> None:
    package = Path(gemini_live_stand_in.__file__).parent
    copy = shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    rule = "                raise CloseError(TOKEN_USED_UP)\n"
    tokens = (copy / "tokens.py").read_text(encoding="utf-8")
    assert rule in tokens
    (copy / "tokens.py").write_text(tokens.replace(rule, "                pass\n"), encoding="utf-8")

    command = (sys.executable, "-m", "scorecard", "--here", "--client", "google-genai-node", "--case", "token-spent")
    ended = subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT / "conformance")))},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )

    assert ended.returncode == 1, ended.stderr
    assert "token-spent · not met" in ended.stdout
