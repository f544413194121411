"""Two projects deployed from one checkout at the same time: each run stays with its own state."""

import json
import subprocess

import pytest

from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.project_settings import ProjectSettings
from live_tokens_operations.deploy.terraform import Terraform
from live_tokens_operations.programs import Finished
from operations.deploy.checkout import TINY_MODULE
from operations.deploy.google import PROJECT
from operations.deploy.runs import Deployed
from operations.deploy.scripted import ScriptedPrograms

OTHERS_BUCKET = "my-app-staging-live-tokens-state"


def test_a_state_that_somebody_opens_during_a_run_is_not_the_one_that_the_run_reads(deployed: Deployed) -> None:
    google, checkout = deployed
    google.storage.add_bucket(OTHERS_BUCKET, PROJECT)
    checkout.set(region="europe-west1", labels={"team": "voice"})
    with checkout.deploy() as terminal:
        terminal.expect("Apply this plan? [y/N] ")
        opened = subprocess.run(
            [
                "terraform",
                f"-chdir={checkout.module}",
                "init",
                "-reconfigure",
                f"-backend-config=bucket={OTHERS_BUCKET}",
                "-backend-config=prefix=live-tokens/europe-west1",
            ],
            env=checkout.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        terminal.types("y\n")
        ended = terminal.ends()
    assert opened.returncode == 0, opened.stderr
    assert ended.code == 0, ended.shown
    assert "== Done" in ended.shown


@pytest.mark.parametrize("outputs", [{"project_id": {"value": "my-app-staging"}}, {}])
def test_outputs_of_another_project_are_refused(outputs: dict[str, object]) -> None:
    """The key would be stored in the secret that they name."""
    programs = ScriptedPrograms({"terraform": [Finished(0, json.dumps(outputs))]})
    settings = ProjectSettings.read(TINY_MODULE, PROJECT)
    with pytest.raises(MisuseError, match=f"not of {PROJECT}. No key was stored"):
        Terraform(programs, TINY_MODULE, settings, "europe-west1", colour=False).outputs()
