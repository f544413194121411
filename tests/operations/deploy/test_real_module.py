"""The repository's own root module, with the offline stand-ins of its providers."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from operations.deploy.checkout import ROOT, Checkout
from operations.deploy.google import KEY, PROJECT, SECRET, STATE, Google
from support.offline_providers import attached_providers, offline_folder


def test_the_real_module_goes_up_stays_as_it_is_and_comes_down(
    check_out_module: Callable[[Path], Checkout], google: Google
) -> None:
    with _checked_out(check_out_module) as checkout:
        checkout.set(region="europe-west1", audit_log={"destination": "bigquery"})
        up = checkout.build("deploy", "--yes", GEMINI_API_KEY=KEY)
        assert up.code == 0, up.shown
        assert "google_cloudfunctions2_function.mint_live_token" in google.addresses
        assert google.secrets[SECRET][-1].payload == KEY.encode()
        assert KEY.encode() not in google.every_content

        again = checkout.build("deploy")  # without --yes: a plan with changes would end it here
        assert again.code == 0, again.shown
        assert "No changes are necessary." in again.shown

        down = checkout.build("destroy", "--confirm", PROJECT)
        assert down.code == 0, down.shown
        assert json.loads(google.state_bucket.objects[STATE].content)["resources"] == []
    # Google deletes no dataset with tables in it unless this was applied before.
    history = [json.loads(version.content) for version in google.state_bucket.history if version.name == STATE]
    assert [_goes_with_its_tables(state) for state in history if "google_bigquery_dataset" in str(state)][-1]


def test_defaults_in_place_of_the_settings_that_were_lost_undo_nothing(
    check_out_module: Callable[[Path], Checkout], google: Google
) -> None:
    with _checked_out(check_out_module) as checkout:
        strict = {"mode": "enforce", "consume": True, "allowed_app_ids": ["1:2:web:3"]}
        checkout.set(region="europe-west1", app_check=strict, public=False, alert_emails=["oncall@example.com"])
        up = checkout.build("deploy", "--yes", GEMINI_API_KEY=KEY)
        assert up.code == 0, up.shown
        before = google.state_bucket.objects[STATE]

        checkout.settings.unlink()
        without = checkout.build("deploy", "--yes")
        assert without.code == 2, without.shown
        assert "this checkout lacks its settings" in without.shown
        assert 'app_check.mode = "enforce"' in without.shown

        checkout.set(region="europe-west1")
        emptied = checkout.build("deploy", "--yes")
        assert emptied.code == 1, emptied.shown
        for words in (
            '- app_check.mode: "enforce" → the default',
            "of the project's resources:\n",
            "  - google_monitoring_notification_channel.email",
            "App Check goes from enforce to off.",
            "It makes the function public: google_cloud_run_v2_service_iam_member.public[0].",
            'add ACCEPT="settings destroy app-check public"',
        ):
            assert words in emptied.shown
        assert google.state_bucket.objects[STATE] == before


@contextmanager
def _checked_out(check_out_module: Callable[[Path], Checkout]) -> Iterator[Checkout]:
    """A checkout with the repository's own root module, and its running providers."""
    checkout = check_out_module(ROOT / "infra")
    shutil.copytree(ROOT / "functions", checkout.folder / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs", checkout.folder / "docs")  # alerts carry their playbooks
    shutil.copy(ROOT / "requirements.txt", checkout.folder)
    offline = offline_folder()
    assert offline is not None, "`check_out_module` skips without one"
    # Four providers would start anew for every step of every command.
    with attached_providers(offline, checkout.module) as providers:
        checkout.environment.update(providers)
        yield checkout


def _goes_with_its_tables(state: dict[str, Any]) -> bool:
    (dataset,) = (each for each in state["resources"] if each["type"] == "google_bigquery_dataset")
    return bool(dataset["instances"][0]["attributes"]["delete_contents_on_destroy"])
