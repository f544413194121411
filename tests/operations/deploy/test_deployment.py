"""From a project with billing to a function that issues tokens, and the same command again."""

import os
import re
import signal
import stat
from decimal import Decimal
from pathlib import Path

import pytest

from live_tokens_operations.bill_table import bill_table, worst_days
from live_tokens_operations.checks.profiles import PROFILES, require_profiles
from live_tokens_operations.deploy.project_settings import ProjectSettings
from live_tokens_operations.source import digest_of, source_of
from operations.deploy.checkout import ROOT, Checkout, contents_below
from operations.deploy.google import (
    ELSEWHERE,
    FUNCTION,
    KEY,
    KEY_OF_NOBODY,
    LOGIN_TOKEN,
    NUMBER,
    PROJECT,
    SECRET,
    STATE,
    STATE_BUCKET,
    Google,
)
from operations.deploy.runs import Deployed, FirstRun
from support.google.gemini_models import HOST as GEMINI
from support.google.secret_store import Version
from support.google_hosts.hosts import GoogleHosts

URL = f"https://europe-west1-{PROJECT}.cloudfunctions.net/mint-live-token"


def test_one_command_and_two_answers_lead_to_a_function(first_run: FirstRun) -> None:
    assert first_run.ended.code == 0, first_run.ended.shown
    assert [version.payload for version in first_run.google.secrets[SECRET]] == [KEY.encode()]
    assert first_run.google.addresses == [
        "google_secret_manager_secret.gemini_api_key",
        "terraform_data.function",
    ]
    assert first_run.checkout.smoke_runs == [[URL, "--project", PROJECT, "--no-observations"]]


def test_a_summary_is_shown_before_the_question_and_the_whole_plan_is_in_the_file_that_it_names(
    first_run: FirstRun,
) -> None:
    summary, question, _ = first_run.ended.shown.partition("Apply this plan? [y/N]")
    assert question
    assert "Plan: 2 to create, 0 to update, 0 to delete." in summary
    assert "It takes about a minute. This is an estimate, not measured." in summary
    assert "A month without a call then costs nearly nothing" in summary
    assert f"The whole plan: {plan_file(first_run.checkout)}\n" in summary
    assert "will be created" not in first_run.ended.shown
    assert "# google_secret_manager_secret.gemini_api_key will be created" in plan_file(first_run.checkout).read_text()
    assert stat.S_IMODE(plan_file(first_run.checkout).stat().st_mode) == 0o600


def test_the_region_is_asked_for_once_is_said_to_be_final_and_is_kept_in_the_file_for_git(first_run: FirstRun) -> None:
    final = "The region of the function, the key and the data is final"
    said = f"{final}: to move, destroy the deployment and deploy again.\nRegion ["
    assert first_run.ended.shown.count(said) == 1
    assert f"The settings of this project: infra/projects/{PROJECT}.tfvars. Commit this file." in first_run.ended.shown
    assert ProjectSettings.read(first_run.checkout.module, PROJECT).region == "europe-west1"


def plan_file(checkout: Checkout) -> Path:
    """Return the file with the whole plan."""
    return checkout.module / ".build" / f"{PROJECT}.plan.txt"


def test_the_worst_bill_of_a_caller_is_in_the_plan_and_before_the_question(first_run: FirstRun) -> None:
    checked = require_profiles(PROFILES)
    plan = plan_file(first_run.checkout).read_text(encoding="utf-8")
    after = first_run.ended.shown.partition("The worst bill of one caller, in US dollars")[2]
    output = plan.partition("worst_usd_per_user_day")[2]
    shown = re.findall(r'^ +\+ (?:"([^"]+)"|(\w+)) += ([\d.]+)$', output, re.MULTILINE)
    assert {quoted or plain: Decimal(usd) for quoted, plain, usd in shown} == worst_days(checked)
    table, question, _ = after.partition("Apply this plan? [y/N]")
    assert question
    assert table.splitlines()[1:-1] == bill_table(checked).splitlines()[1:]


def test_the_key_is_shown_nowhere_and_kept_nowhere_but_in_the_secret(first_run: FirstRun) -> None:
    assert KEY not in first_run.ended.shown
    assert KEY_OF_NOBODY not in first_run.ended.shown
    assert KEY.encode() not in first_run.google.every_content
    assert KEY.encode() not in contents_below(first_run.checkout.folder)
    assert "the key is not here" in first_run.ended.shown  # the smoke test's words


def test_no_command_line_holds_the_key_or_an_access_token(first_run: FirstRun) -> None:
    assert first_run.leaks == []
    assert LOGIN_TOKEN not in first_run.ended.shown


def test_what_is_no_key_is_said_to_be_none_and_asked_for_again(first_run: FirstRun) -> None:
    assert "This is not a key, but an OAuth access token. Get one at https://" in first_run.ended.shown


def test_a_key_that_gemini_refuses_is_asked_for_again_and_never_stored(first_run: FirstRun) -> None:
    assert "Gemini: refuses the key (HTTP 400 API_KEY_INVALID)." in first_run.ended.shown
    assert first_run.google.gemini.paths == ["/v1beta/models", "/v1beta/models"]
    assert [version.payload for version in first_run.google.secrets[SECRET]] == [KEY.encode()]


def test_the_state_bucket_is_private_keeps_old_versions_and_knows_the_region(first_run: FirstRun) -> None:
    resource = first_run.google.state_bucket.resource
    assert resource["location"].lower() == "europe-west1"
    assert resource["versioning"] == {"enabled": True}
    assert resource["iamConfiguration"]["publicAccessPrevention"] == "enforced"
    assert resource["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"]
    assert resource["labels"] == {"live-tokens-region": "europe-west1"}


def test_the_apis_that_terraform_itself_calls_are_switched_on_first(first_run: FirstRun) -> None:
    assert first_run.google.services == {
        PROJECT: {"cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com"}
    }


def test_no_plan_file_stays_behind(first_run: FirstRun) -> None:
    assert list(Path(first_run.checkout.environment["TMPDIR"]).iterdir()) == []


def test_the_lines_for_the_app_are_those_of_the_readme(first_run: FirstRun) -> None:
    _, _, end = first_run.ended.shown.partition("In the app")
    said = end.partition("\n== ")[0].splitlines()[1:]
    lines = [line.strip().replace(f"'{URL}'", "MINT_URL") for line in said if line.strip()]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(lines) == 2
    assert [line for line in lines if line not in readme] == []


def test_the_developer_of_a_web_app_hears_that_its_origin_is_needed(first_run: FirstRun) -> None:
    assert "It refuses a web app until cors_allowed_origins in the settings of the project has" in first_run.ended.shown


def test_the_last_word_is_that_nobody_gets_alerts_until_somebody_does(deployed: Deployed) -> None:
    nobody = "Nobody is notified when an alert opens: set alert_emails or notification_channels"
    without = deployed.checkout.build("deploy")
    assert nobody in without.shown.partition("== Done")[2]
    deployed.checkout.set(region="europe-west1", alert_emails=["oncall@example.com"])
    told = deployed.checkout.build("deploy", "--yes")
    assert told.code == 0, told.shown
    assert nobody not in told.shown


def test_a_second_run_finds_everything_and_asks_nothing(deployed: Deployed) -> None:
    google, checkout = deployed
    before = google.state_bucket.objects[STATE].generation
    with checkout.deploy() as terminal:
        ended = terminal.ends()
    assert ended.code == 0, ended.shown
    assert "No changes are necessary." in ended.shown
    assert f"Secret Manager has a key in {SECRET.replace(PROJECT, str(NUMBER))}. It is kept." in ended.shown
    assert "To deploy new code and profiles, run `make release`." in ended.shown
    assert "?" not in ended.shown
    assert google.state_bucket.objects[STATE].generation == before
    assert len(google.secrets[SECRET]) == 1
    assert [write for write in google.storage.writes if write.endswith(STATE_BUCKET)] == [
        f"POST {STATE_BUCKET}",
        f"PATCH {STATE_BUCKET}",
    ]


def test_no_to_the_question_changes_nothing(deployed: Deployed) -> None:
    google, checkout = deployed
    before = google.state_bucket.objects[STATE]
    checkout.set(labels={"team": "voice"})
    with checkout.deploy() as terminal:
        terminal.expect("Apply this plan? [y/N] ")
        terminal.types("\n")
        ended = terminal.ends()
    assert ended.code == 1
    assert "The plan was not applied." in ended.shown
    assert google.state_bucket.objects[STATE] == before
    assert not google.locked
    assert len(checkout.smoke_runs) == 1


def test_without_a_terminal_nothing_is_applied_that_nobody_agreed_to(deployed: Deployed) -> None:
    google, checkout = deployed
    before = google.state_bucket.objects[STATE]
    checkout.set(labels={"team": "voice"})
    ended = checkout.build("deploy")
    assert ended.code == 1
    assert "No terminal to ask for confirmation. The plan was not applied. Add YES=1" in ended.shown
    assert google.state_bucket.objects[STATE] == before


def test_a_build_replaces_the_key_by_the_one_in_its_environment_and_points_at_the_doctor(deployed: Deployed) -> None:
    google, checkout = deployed
    checkout.smoke_fails(1)
    google.gemini.key = f"{KEY}-2"
    options = "--smoke-options=--app-id=1:2:web:3 --profile=tutor"
    ended = checkout.build("deploy", "--yes", "--new-key", options, GEMINI_API_KEY=f"{KEY}-2")
    assert ended.code == 1
    assert "is taken from the environment variable GEMINI_API_KEY" in ended.shown
    assert google.secrets[SECRET][-1].payload == f"{KEY}-2".encode()
    assert f"{KEY}-2" not in ended.shown
    assert "the key is not here" in ended.shown
    assert f"the smoke test of {URL} failed. Run make doctor PROJECT_ID={PROJECT} to find out why." in ended.shown
    assert checkout.smoke_runs[1][-3:] == ["--no-observations", "--app-id=1:2:web:3", "--profile=tutor"]
    assert "In the app" in ended.shown


def test_a_build_stores_no_key_that_gemini_refuses(deployed: Deployed) -> None:
    google, checkout = deployed
    ended = checkout.build("deploy", "--yes", "--new-key", GEMINI_API_KEY=KEY_OF_NOBODY)
    assert ended.code == 2
    assert "GEMINI_API_KEY: Gemini: refuses the key (HTTP 400 API_KEY_INVALID)." in ended.shown
    assert KEY_OF_NOBODY not in ended.shown
    assert len(google.secrets[SECRET]) == 1


def test_a_key_is_stored_untried_where_gemini_cannot_be_reached(deployed: Deployed, hosts: GoogleHosts) -> None:
    google, checkout = deployed
    with hosts.proxy.refusing(GEMINI):
        ended = checkout.build("deploy", "--new-key", GEMINI_API_KEY=f"{KEY}-2")
    assert ended.code == 0, ended.shown
    assert f"stored without a test, because Gemini did not answer: {GEMINI} cannot be reached" in ended.shown
    assert google.secrets[SECRET][-1].payload == f"{KEY}-2".encode()


@pytest.mark.parametrize("state", ["DISABLED", "DESTROYED"])
def test_a_key_behind_a_newest_version_that_cannot_be_read_is_none(deployed: Deployed, state: str) -> None:
    google, checkout = deployed
    google.secrets[SECRET].append(Version(b"", state))
    ended = checkout.build("deploy")
    assert ended.code == 1
    assert f"gemini-api-key is {state.lower()}. The function has no key." in ended.shown
    assert "Set GEMINI_API_KEY to the key" in ended.shown


def test_settings_that_serve_nobody_are_not_called_done_and_not_tested(deployed: Deployed) -> None:
    google, checkout = deployed
    google.run_services[FUNCTION].targets = [{"revisionName": f"{FUNCTION}-00001-abc", "percent": 100}]
    google.run_services[FUNCTION].deploy("the-next-code.zip")
    ended = checkout.build("deploy")
    assert ended.code == 1, ended.shown
    assert f"applied to {FUNCTION}-00002-abc, but traffic is pinned to {FUNCTION}-00001-abc (100 %)" in ended.shown
    assert f"make release PROJECT_ID={PROJECT} REGION=europe-west1\n" in ended.shown
    move = f"gcloud run services update-traffic {FUNCTION} --to-latest --region=europe-west1 --project={PROJECT}\n"
    assert move in ended.shown
    assert "== Done" not in ended.shown
    assert len(checkout.smoke_runs) == 1


def test_every_region_is_smoke_tested_under_its_own_url_the_home_region_first(deployed: Deployed) -> None:
    _, checkout = deployed
    checkout.set(additional_regions={ELSEWHERE: {}})
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 0, ended.shown
    there = [URL.replace("europe-west1", region) for region in ("europe-west1", ELSEWHERE)]
    assert [run[0] for run in checkout.smoke_runs[1:]] == there
    assert [line for line in ended.shown.splitlines() if line.startswith("== Smoke")] == [
        f"== Smoke test of {url}" for url in there
    ]


def test_a_region_whose_smoke_test_fails_is_named_and_the_ones_after_it_are_not_tried(deployed: Deployed) -> None:
    _, checkout = deployed
    checkout.smoke_fails(1)
    checkout.set(additional_regions={ELSEWHERE: {}})
    ended = checkout.build("deploy", "--yes")
    assert (ended.code, len(checkout.smoke_runs)) == (1, 2)
    assert f"Everything is deployed, but the smoke test of {URL} failed." in ended.shown
    assert f"Not tested: {URL.replace('europe-west1', ELSEWHERE)}\n" in ended.shown


def test_regions_behind_a_closed_door_are_said_not_to_be_tested_one_by_one(deployed: Deployed) -> None:
    _, checkout = deployed
    closed = {"domain": "live.example.com", "close_direct": True}
    checkout.set(additional_regions={ELSEWHERE: {}}, load_balancer=closed)
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 0, ended.shown
    assert [run[0] for run in checkout.smoke_runs[1:]] == ["https://live.example.com/"]
    assert (
        "The load balancer leads this smoke test to one region, the nearest to this machine. The regions' own URLs are "
        f"closed, so europe-west1 and {ELSEWHERE} are not tested one by one"
    ) in ended.shown


def test_another_region_that_serves_other_code_is_not_called_done_either(deployed: Deployed) -> None:
    google, checkout = deployed
    elsewhere = google.run_services[ELSEWHERE]
    elsewhere.targets = [{"revisionName": f"{FUNCTION}-00001-xyz", "percent": 100}]
    elsewhere.deploy("the-next-code.zip")
    checkout.set(additional_regions={ELSEWHERE: {}})
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 1, ended.shown
    assert f"but traffic is pinned to {FUNCTION}-00001-xyz (100 %)" in ended.shown
    assert f"make release PROJECT_ID={PROJECT} REGION={ELSEWHERE}\n" in ended.shown


def test_cloud_runs_check_is_off_after_each_apply_where_the_organisation_forbids_the_grant(deployed: Deployed) -> None:
    google, checkout = deployed
    service = google.run_services[FUNCTION]
    checkout.set(public="no-invoker-check")
    first = checkout.build("deploy", "--yes")
    assert first.code == 0, first.shown
    assert service.settings["invokerIamDisabled"] is True
    service.settings["invokerIamDisabled"] = False  # as a later deployment may leave it
    again = checkout.build("deploy")
    assert again.code == 0, again.shown
    assert service.settings["invokerIamDisabled"] is True


def test_what_failed_in_the_middle_goes_on_from_there(deployed: Deployed) -> None:
    google, checkout = deployed
    google.secrets[SECRET].clear()
    checkout.set(function_name="another", command="echo the image was not built; exit 1")
    failed = checkout.build("deploy", "--yes", "--accept=destroy")
    assert failed.code == 1
    assert "the image was not built" in failed.shown
    assert "terraform apply failed. Run this again to continue." in failed.shown
    assert not google.locked

    checkout.set(function_name="another")
    again = checkout.build("deploy", "--yes", "--accept=destroy", "--accept=settings", GEMINI_API_KEY=KEY)
    assert again.code == 0, again.shown
    assert [version.payload for version in google.secrets[SECRET]] == [KEY.encode()]
    assert checkout.smoke_runs[-1] == [
        URL.replace("mint-live-token", "another"),
        "--project",
        PROJECT,
        "--no-observations",
    ]


def test_code_that_a_failed_first_run_did_not_upload_tells_its_release_all_the_same(
    checkout: Checkout, google: Google
) -> None:
    terraform, started = checkout.folder / "bin/terraform", checkout.folder / "started"
    real = terraform.read_text(encoding="utf-8").partition("\n")[2]
    failing = f'case "$*" in *" apply "*) echo the quota of the project is used up >&2; exit 1 ;; esac\n{real}'
    checkout.set(region="europe-west1")
    for script, code in ((failing, 1), (real, 0)):
        checkout.install("terraform", f'printf "%s\\t" "$@" >>{started}; echo >>{started}\n{script}')
        ended = checkout.build("deploy", "--yes", GEMINI_API_KEY=KEY)
        assert ended.code == code, ended.shown
    plans = started.read_text(encoding="utf-8").split("\tplan\t")[1:]
    digest = digest_of(source_of(checkout.folder))
    assert [f'"digest": "{digest}"' in plan for plan in plans] == [True, True]


def test_a_deployment_that_the_bucket_does_not_know_of_is_remembered(deployed: Deployed) -> None:
    google, checkout = deployed
    del google.state_bucket.resource["labels"]
    ended = checkout.build("deploy")
    assert ended.code == 0, ended.shown
    assert "No changes are necessary." in ended.shown
    assert google.state_bucket.resource["labels"] == {"live-tokens-region": "europe-west1"}


def test_the_settings_file_is_believed_before_anything_is_done(deployed: Deployed) -> None:
    google, checkout = deployed
    writes = len(google.storage.writes)
    checkout.set(project_id="their-app-9z")
    for subcommand in ("deploy", "destroy"):
        ended = checkout.build(subcommand, *(["--confirm", PROJECT] if subcommand == "destroy" else []))
        assert ended.code == 2
        assert "sets project_id to their-app-9z" in ended.shown
    assert len(google.storage.writes) == writes


@pytest.mark.parametrize("passed_on", [False, True], ids=["typed", "signalled"])
def test_ctrl_c_gives_terraform_its_time(deployed: Deployed, passed_on: bool) -> None:
    google, checkout = deployed
    os.mkfifo(checkout.folder / "nobody-writes-here")
    checkout.set(function_name="another", command=f"exec cat {checkout.folder}/nobody-writes-here")
    with checkout.deploy("--yes", "--accept=destroy") as terminal:
        terminal.expect("(local-exec): Executing")
        if passed_on:
            terminal.signal(signal.SIGTERM)
        else:
            terminal.types("\x03")
        ended = terminal.ends()
    assert ended.code == 130, ended.shown
    assert "Interrupt received." in ended.shown
    assert "Two interrupts received" not in ended.shown
    assert "Interrupted. Run the same command to continue." in ended.shown
    assert "Traceback" not in ended.shown
    assert not google.locked


def test_another_region_than_the_deployed_one_is_refused(deployed: Deployed) -> None:
    google, checkout = deployed
    before = len(google.storage.writes)
    checkout.set(region="us-central1")
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 2
    assert "is in europe-west1, and cannot be moved. Nothing was done." in ended.shown
    assert len(google.storage.writes) == before


def test_a_build_names_the_region_of_a_new_function_because_nobody_is_there_to_ask(
    checkout: Checkout, google: Google
) -> None:
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 2
    assert "Which region? It is final. Nothing was done. Add REGION=europe-west1 (--region)" in ended.shown
    assert google.storage.writes == []


def test_no_state_is_put_into_a_bucket_of_somebody_else(checkout: Checkout, google: Google) -> None:
    google.storage.add_bucket(STATE_BUCKET, "elsewhere")
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 2
    assert f"The bucket {STATE_BUCKET} belongs to another project. No state is stored there." in ended.shown
    assert google.storage.writes == []
    assert not (checkout.module / ".terraform").exists()


@pytest.mark.parametrize("project", ["My App", "--help", "123456789012", "app", "example.com:app"])
def test_what_is_no_project_id_is_refused_before_any_program_runs(checkout: Checkout, project: str) -> None:
    checkout.lose("gcloud", "terraform")
    ended = checkout.build("deploy", f"--project={project}")
    assert ended.code == 2
    assert "is not the id of a Firebase project" in ended.shown
