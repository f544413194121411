"""What was applied last is kept beside the state, and a checkout that does not know it undoes nothing silently."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from operations.deploy.checkout import Checkout
from operations.deploy.google import PROJECT, STATE, STATE_BUCKET, Google
from operations.deploy.runs import Deployed, FirstRun

APPLIED = STATE.replace("default.tfstate", "applied.json")
VOICE = {"team": "voice"}


def kept(google: Google) -> dict[str, Any]:
    """Return the settings that are kept in the state bucket."""
    return dict(json.loads(google.state_bucket.objects[APPLIED].content)["settings"])


def test_settings_that_are_not_the_default_are_kept_beside_the_state(first_run: FirstRun) -> None:
    assert kept(first_run.google) == {"region": "europe-west1"}


def test_the_run_from_a_checkout_without_the_settings_stops_with_them(deployed: Deployed) -> None:
    google, checkout = deployed
    checkout.set(region="europe-west1", labels=VOICE)
    first = checkout.build("deploy", "--yes")
    assert first.code == 0, first.shown
    before = google.state_bucket.objects[STATE]

    shutil.rmtree(checkout.settings.parent)
    ended = checkout.build("deploy", "--yes")

    assert ended.code == 2, ended.shown
    lacks = (
        f"{PROJECT} has a deployment in europe-west1, and this checkout lacks its settings, {checkout.settings.name}"
    )
    assert lacks.replace(checkout.settings.name, f"infra/projects/{PROJECT}.tfvars") in ended.shown
    assert 'labels.team = "voice"' in ended.shown
    assert "Nothing was done." in ended.shown
    assert "== Done" not in ended.shown
    assert google.state_bucket.objects[STATE] == before
    assert not checkout.settings.exists()


def test_a_deployment_of_before_settings_were_kept_needs_them_too(deployed: Deployed) -> None:
    google, checkout = deployed
    google.state_bucket.drop(APPLIED)
    checkout.settings.unlink()
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 2, ended.shown
    assert "No earlier run has kept its settings." in ended.shown


def test_a_checkout_that_contradicts_what_was_applied_stops_with_the_difference(deployed: Deployed) -> None:
    google, checkout = deployed
    checkout.set(region="europe-west1", labels={"team": "voice", "cost": "low"})
    assert checkout.build("deploy", "--yes").code == 0
    state, settings = google.state_bucket.objects[STATE], kept(google)

    checkout.set(region="europe-west1", labels={"team": "text"})
    ended = checkout.build("deploy", "--yes")

    assert ended.code == 1, ended.shown
    assert "The plan was not applied." in ended.shown
    assert '  - labels.team: "voice" → "text"' in ended.shown
    assert '  - labels.cost: "low" → the default' in ended.shown
    assert 'YES=1 (--yes) does not answer this. If it is meant, add ACCEPT="settings" (--accept).' in ended.shown
    assert (google.state_bucket.objects[STATE], kept(google)) == (state, settings)

    accepted = checkout.build("deploy", "--yes", "--accept", "settings")
    assert accepted.code == 0, accepted.shown
    assert kept(google) == {"region": "europe-west1", "labels.team": "text"}


def test_a_variable_of_the_environment_is_a_setting_that_the_next_run_misses(deployed: Deployed) -> None:
    _, checkout = deployed
    assert checkout.build("deploy", "--yes", TF_VAR_labels=json.dumps(VOICE)).code == 0
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 1, ended.shown
    assert '  - labels.team: "voice" → the default' in ended.shown


def test_at_a_terminal_the_difference_is_a_question_of_its_own_that_yes_does_not_answer(deployed: Deployed) -> None:
    google, checkout = deployed
    checkout.set(region="europe-west1", labels=VOICE)
    assert checkout.build("deploy", "--yes").code == 0
    state = google.state_bucket.objects[STATE]
    checkout.set(region="europe-west1")
    with checkout.deploy("--yes") as terminal:
        terminal.expect("It undoes settings that were applied last")
        terminal.expect("If it is meant, type settings: ")
        terminal.types("y\n")
        ended = terminal.ends()
    assert ended.code == 1, ended.shown
    assert google.state_bucket.objects[STATE] == state


def test_settings_that_git_shows_to_follow_the_applied_ones_are_no_question(deployed: Deployed) -> None:
    google, checkout = deployed
    checkout.install("git", f'exec "{shutil.which("git")}" "$@"')
    git(checkout.folder, "init", "--quiet")
    checkout.set(region="europe-west1", labels=VOICE)
    commit(checkout)
    older = checkout.settings.read_text(encoding="utf-8")
    assert checkout.build("deploy", "--yes").code == 0

    checkout.set(region="europe-west1", labels={"team": "text"})
    commit(checkout)
    followed = checkout.build("deploy", "--yes")
    assert followed.code == 0, followed.shown
    assert kept(google)["labels.team"] == "text"

    # A colleague's checkout of the day before.
    git(checkout.folder, "reset", "--quiet", "--hard", "HEAD~1")
    assert checkout.settings.read_text(encoding="utf-8") == older
    stale = checkout.build("deploy", "--yes")
    assert stale.code == 1, stale.shown
    assert '  - labels.team: "text" → "voice"' in stale.shown


def git(folder: Path, *arguments: str) -> None:
    """Run git as somebody."""
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)  # whichever git there is


def commit(checkout: Checkout) -> None:
    """Commit the settings."""
    git(checkout.folder, "add", "--force", str(checkout.settings))
    git(checkout.folder, "commit", "--quiet", "--message=settings")


def test_a_plan_that_destroys_is_not_applied_by_yes_alone(deployed: Deployed) -> None:
    google, checkout = deployed
    state = google.state_bucket.objects[STATE]
    checkout.set(region="europe-west1", function_name="another")
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 1, ended.shown
    assert "It deletes 1 of the project's resources:\n  - terraform_data.function (deleted and made" in ended.shown
    assert 'add ACCEPT="destroy" (--accept).' in ended.shown
    assert google.state_bucket.objects[STATE] == state

    accepted = checkout.build("deploy", "--yes", "--accept", "destroy")
    assert accepted.code == 0, accepted.shown


def test_a_deployment_after_a_destruction_owes_nothing_to_the_one_before(deployed: Deployed) -> None:
    google, checkout = deployed
    assert checkout.build("destroy", "--confirm", PROJECT).code == 0
    assert kept(google) == {}
    checkout.settings.unlink()
    with checkout.deploy("--yes") as terminal:
        terminal.expect("Region [europe-west1]: ")
        terminal.types("\n")
        terminal.expect("Plan: 2 to create")
        terminal.types("\x03")
        terminal.ends()


def test_settings_for_every_project_stop_the_run_with_how_to_move_them(deployed: Deployed) -> None:
    google, checkout = deployed
    writes = len(google.storage.writes)
    (checkout.module / "terraform.tfvars").write_text("", encoding="utf-8")
    for subcommand in ("deploy", "destroy"):
        ended = checkout.build(subcommand, *(["--confirm", PROJECT] if subcommand == "destroy" else []))
        assert ended.code == 2
        assert f"mv infra/terraform.tfvars infra/projects/{PROJECT}.tfvars" in ended.shown
    assert len(google.storage.writes) == writes
    assert STATE_BUCKET in google.storage.buckets
