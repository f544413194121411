"""`down`: everything goes that was made, and only when the operator means it."""

import json
from typing import Any

from operations.deploy.checkout import Checkout
from operations.deploy.google import PROJECT, STATE, STATE_BUCKET, Google
from operations.deploy.runs import Deployed


def test_typing_the_project_s_id_takes_everything_away(deployed: Deployed) -> None:
    google, checkout = deployed
    with checkout.destroy() as terminal:
        terminal.expect("This will be deleted permanently from my-app-1a2b, europe-west1.")
        terminal.expect("  - google_secret_manager_secret.gemini_api_key")
        terminal.expect("  - terraform_data.function")
        terminal.expect("What stays: the project, its APIs, its Firebase users, sign-in settings")
        terminal.expect("Type the id of the project to continue: ")
        terminal.types(f"{PROJECT}\n")
        ended = terminal.ends()
    assert ended.code == 0, ended.shown
    assert google.addresses == []
    assert not google.locked
    assert f"gcloud storage rm --recursive --all-versions gs://{STATE_BUCKET}" in ended.shown
    assert STATE_BUCKET in google.storage.buckets
    assert google.state_bucket.resource["labels"] == {}


def test_deletion_protection_is_off_before_anything_is_deleted(deployed: Deployed) -> None:
    google, checkout = deployed
    assert checkout.build("destroy", "--confirm", PROJECT).code == 0
    states = [json.loads(version.content) for version in google.state_bucket.history if version.name == STATE]
    # Both resources are still there when the protection is off; only then does anything go.
    assert [(len(state["resources"]), _is_protected(state)) for state in states if state["resources"]][-2:] == [
        (2, True),
        (2, False),
    ]


def _is_protected(state: dict[str, Any]) -> bool:
    secret = next(resource for resource in state["resources"] if resource["name"] == "gemini_api_key")
    return bool(secret["instances"][0]["attributes"]["deletion_protection"])


def test_a_checkout_without_the_settings_takes_nothing_away(deployed: Deployed) -> None:
    """The protection is removed by an apply: with the defaults, it would open what the settings have closed."""
    google, checkout = deployed
    checkout.settings.unlink()
    before = google.state_bucket.objects[STATE]
    ended = checkout.build("destroy", "--confirm", PROJECT)
    assert ended.code == 2, ended.shown
    assert f"this checkout lacks its settings, infra/projects/{PROJECT}.tfvars" in ended.shown
    assert google.state_bucket.objects[STATE] == before


def test_another_id_takes_nothing_away(deployed: Deployed) -> None:
    google, checkout = deployed
    before = google.state_bucket.objects[STATE]
    with checkout.destroy() as terminal:
        terminal.expect("Type the id of the project to continue: ")
        terminal.types("y\n")
        ended = terminal.ends()
    assert ended.code == 1
    assert "That is not the id. Nothing was done." in ended.shown
    assert google.state_bucket.objects[STATE] == before


def test_a_confirmation_that_names_another_project_is_refused_at_once(checkout: Checkout) -> None:
    checkout.lose("gcloud", "terraform")
    ended = checkout.build("destroy", "--confirm", "another-project")
    assert ended.code == 2
    assert "names another-project, not my-app-1a2b. Nothing was done." in ended.shown


def test_without_a_terminal_a_confirmation_is_needed(checkout: Checkout) -> None:
    checkout.lose("gcloud", "terraform")
    ended = checkout.build("destroy")
    assert ended.code == 1
    assert "No terminal to ask for confirmation. Nothing was done. Add CONFIRM=my-app-1a2b" in ended.shown


def test_where_nothing_is_deployed_there_is_nothing_to_take_away(checkout: Checkout, google: Google) -> None:
    ended = checkout.build("destroy", "--confirm", PROJECT)
    assert ended.code == 0
    assert f"Nothing is deployed in {PROJECT}" in ended.shown
    assert google.storage.writes == []
