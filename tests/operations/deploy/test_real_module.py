"""The repository's own root module, with the offline stand-ins of its providers."""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from live_tokens_operations.deploy.accidents import Accident
from live_tokens_operations.source import digest_of, source_of
from operations.deploy.checkout import ROOT, Checkout
from operations.deploy.google import ELSEWHERE, KEY, PROJECT, SECRET, STATE, Google
from support.offline_providers import attached_providers, offline_folder


def test_the_real_module_goes_up_stays_as_it_is_and_comes_down(
    check_out_module: Callable[[Path], Checkout], google: Google
) -> None:
    with _checked_out(check_out_module) as checkout:
        checkout.set(region="europe-west1")
        up = checkout.build("deploy", "--yes", GEMINI_API_KEY=KEY)
        assert up.code == 0, up.shown
        assert "google_cloudfunctions2_function.mint_live_token" in google.addresses
        assert "To deploy new code and profiles" not in up.shown
        assert google.secrets[SECRET][-1].payload == KEY.encode()
        assert KEY.encode() not in google.every_content
        with zipfile.ZipFile(checkout.module / ".build" / "function.zip") as first_code:
            assert json.loads(first_code.read("release.json"))["digest"] == digest_of(source_of(ROOT))

        again = checkout.build("deploy")  # without --yes: a plan with changes would end it here
        assert again.code == 0, again.shown
        assert "No changes are necessary." in again.shown
        assert "To deploy new code and profiles" in again.shown

        down = checkout.build("destroy", "--confirm", PROJECT)
        assert down.code == 0, down.shown
        assert json.loads(google.state_bucket.objects[STATE].content)["resources"] == []
    # Google deletes no protected database unless this was applied before.
    history = [json.loads(version.content) for version in google.state_bucket.history if version.name == STATE]
    assert [_protects_the_database(state) for state in history if "google_firestore_database" in str(state)][
        -1
    ] is False


def test_settings_that_the_module_does_not_have_stop_a_deployment_before_anything_is_made(
    check_out_module: Callable[[Path], Checkout], google: Google
) -> None:
    """Terraform goes on without them: App Check would stay off."""
    with _checked_out(check_out_module) as checkout:
        checkout.set(region="europe-west1", app_check={"mod": "enforce"}, key_rotation={"period_days": 30})
        typed_wrongly = checkout.build("deploy", "--yes", GEMINI_API_KEY=KEY)
        assert typed_wrongly.code == 2, typed_wrongly.shown
        assert "has settings that do not exist: key_rotation, app_check.mod." in typed_wrongly.shown

        checkout.set(region="europe-west1", alert_thresholds={"failed_share": 0.1})
        earlier = checkout.build("deploy", "--yes", GEMINI_API_KEY=KEY)
        assert earlier.code == 1, earlier.shown
        assert "and not failed_share." in " ".join(earlier.shown.replace("│", " ").split())
        assert "terraform plan failed. Nothing was changed.\n" in earlier.shown
        assert json.loads(google.state_bucket.objects[STATE].content)["resources"] == []


def test_no_checkout_undoes_a_strict_deployment_by_lost_or_older_settings_and_yes_alone(
    check_out_module: Callable[[Path], Checkout], google: Google
) -> None:
    """What happened once: 11 resources deleted, the ingress opened, App Check off, and “Done”."""
    with _checked_out(check_out_module) as checkout:
        strict = {"mode": "enforce", "consume": True, "allowed_app_ids": ["1:2:web:3"]}
        closed = {"domain": "live.example.com", "close_direct": True}
        checkout.set(
            region="europe-west1",
            app_check=strict,
            load_balancer=closed,
            additional_regions={ELSEWHERE: {"serves": True}},
            public=False,
            alert_emails=["oncall@example.com"],
        )
        up = checkout.build("deploy", "--yes", GEMINI_API_KEY=KEY)
        assert up.code == 0, up.shown
        before = google.state_bucket.objects[STATE]

        checkout.settings.unlink()
        without = checkout.build("deploy", "--yes")
        assert without.code == 2, without.shown
        assert "this checkout lacks its settings" in without.shown
        assert 'app_check.mode = "enforce"' in without.shown

        checkout.set(region="europe-west1")
        all_accepted = [f"--accept={accident.value}" for accident in Accident]
        emptied = checkout.build("deploy", "--yes", *all_accepted)
        assert emptied.code == 2, emptied.shown
        assert "This plan removes the load balancer while apps can call its domain only." in emptied.shown

        checkout.set(region="europe-west1", load_balancer={"domain": "live.example.com"})
        older = checkout.build("deploy", "--yes")
        assert older.code == 1, older.shown
        for words in (
            '- app_check.mode: "enforce" → the default',
            "of the project's resources:\n",
            "  - google_monitoring_notification_channel.email",
            "It opens the ingress of the function: ALLOW_INTERNAL_AND_GCLB → ALLOW_ALL.",
            "App Check goes from enforce to off.",
            "It makes the function public: google_cloud_run_v2_service_iam_member.public[0].",
            'add ACCEPT="settings destroy ingress app-check public"',
        ):
            assert words in older.shown

        checkout.set(
            region="europe-west1",
            load_balancer={"domain": "live.example.com"},
            additional_regions={ELSEWHERE: {"serves": True}},
        )
        in_both_regions = checkout.build("deploy", "--yes", "--accept=settings", "--accept=destroy")
        assert in_both_regions.code == 1, in_both_regions.shown
        for words in ("It opens the ingress", "App Check goes from enforce to off"):
            assert in_both_regions.shown.count(words) == 1, "one question for all regions"
        address = "google_cloud_run_v2_service_iam_member"
        both = f'{address}.public[0], {address}.public_elsewhere["{ELSEWHERE}"]'
        assert f"It makes the function public: {both}." in in_both_regions.shown
        assert "== Done" not in without.shown + emptied.shown + older.shown + in_both_regions.shown
        assert google.state_bucket.objects[STATE] == before


@contextmanager
def _checked_out(check_out_module: Callable[[Path], Checkout]) -> Iterator[Checkout]:
    """A checkout with the repository's own root module, and its running providers."""
    checkout = check_out_module(ROOT / "infra")
    shutil.copytree(ROOT / "docs", checkout.folder / "docs")  # alerts carry their playbooks
    offline = offline_folder()
    assert offline is not None, "`check_out_module` skips without one"
    # Four providers would start anew for every step of every command.
    with attached_providers(offline, checkout.module) as providers:
        checkout.environment.update(providers)
        yield checkout


def _protects_the_database(state: dict[str, Any]) -> bool:
    (database,) = (each for each in state["resources"] if each["type"] == "google_firestore_database")
    return bool(database["instances"][0]["attributes"]["delete_protection_state"] != "DELETE_PROTECTION_DISABLED")
