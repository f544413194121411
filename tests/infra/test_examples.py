"""What few need is in infra/examples: each is planned with the providers' schemas, as its first lines say to use it."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.deployed import alerts, resources
from infra.deployment_rules import planned
from support.terraform_runner import REPOSITORY, Terraform, copy_of_module, terraform_in

EXAMPLES = REPOSITORY / "infra/examples"
APPS = f"-var-file={EXAMPLES}/firebase_apps/example.tfvars"
EVENTS = f"-var-file={EXAMPLES}/bigquery_audit_log/example.tfvars"


def test_every_example_is_tried_in_this_folder() -> None:
    assert {each.name for each in EXAMPLES.iterdir()} == {
        "bigquery_audit_log",
        "firebase_apps",
        "key_rotation",
        "key_through_terraform",
        "github",
        "state_lost",
        "thresholds",
    }


@contextmanager
def example(name: str, folder: Path) -> Iterator[Terraform]:
    """Terraform in a copy of an example that is a root module."""
    module = folder / "module"
    shutil.copytree(EXAMPLES / name, module, ignore=shutil.ignore_patterns(".terraform*"))
    with terraform_in(module, applies=True) as terraform:
        yield terraform


def test_apps_get_the_app_check_provider_they_can_have_and_stay_when_all_is_destroyed(tmp_path: Path) -> None:
    with example("firebase_apps", tmp_path) as terraform:
        terraform.apply(APPS)
        assert terraform.changes(APPS) == ""
        made = resources(terraform)
    providers = {address for address in made if "_app_check_" in address}
    assert providers == {
        'google_firebase_app_check_app_attest_config.apple["app"]',
        'google_firebase_app_check_play_integrity_config.android["app"]',
        'google_firebase_app_check_recaptcha_enterprise_config.web["site"]',
    }
    assert {made[each]["token_ttl"] for each in providers} == {"3600s"}
    apps = {address for address in made if "_app.app[" in address}
    assert {made[app]["deletion_policy"] for app in apps} == {"ABANDON"}


def test_an_app_without_what_its_provider_needs_gets_none(tmp_path: Path) -> None:
    android = '-var=android={app={display_name="App",package_name="com.example.app"}}'
    with example("firebase_apps", tmp_path) as terraform:
        addresses = {each.address for each in planned(terraform.plan(android))}
    assert "google_firebase_android_app.app" in addresses
    assert [address for address in addresses if "_app_check_" in address] == []


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ('-var=android={a={display_name="A",package_name="app"}}', "package_name must be like com.example.app"),
        ('-var=apple={a={display_name="A",bundle_id="com.example.app",team_id="ABC"}}', "team_id must be ten"),
        ("-var=app_check_token_seconds=1799", "must be a whole number from 1800 to 604800"),
    ],
)
def test_what_firebase_would_refuse_is_refused_by_the_plan(argument: str, words: str, tmp_path: Path) -> None:
    with example("firebase_apps", tmp_path) as terraform:
        assert words in " ".join(terraform.run("plan", argument, accepted=(1,)).stderr.split())


def test_bigquery_gets_the_events_that_the_log_bucket_gets_and_forgets_them_in_time(
    with_defaults: Terraform, tmp_path: Path
) -> None:
    with example("bigquery_audit_log", tmp_path) as terraform:
        terraform.apply(EVENTS)
        assert terraform.changes(EVENTS) == ""
        made = resources(terraform)
    dataset, sink = made["google_bigquery_dataset.audit"], made["google_logging_project_sink.audit"]
    assert sink["filter"] == resources(with_defaults)["google_logging_project_sink.log_bucket[0]"]["filter"]
    assert sink["destination"] == f"bigquery.googleapis.com/{dataset['id']}"
    assert sink["bigquery_options"][0]["use_partitioned_tables"]
    assert dataset["default_partition_expiration_ms"] == 365 * 24 * 60 * 60 * 1000
    grant = made["google_bigquery_dataset_iam_member.sink"]
    assert (grant["dataset_id"], grant["role"], grant["member"]) == (
        dataset["dataset_id"],
        "roles/bigquery.dataEditor",
        sink["writer_identity"],
    )


@pytest.mark.parametrize(("protection", "deleted"), [("true", False), ("false", True)])
def test_a_dataset_goes_with_its_events_only_without_protection(
    protection: str, *, deleted: bool, tmp_path: Path
) -> None:
    with example("bigquery_audit_log", tmp_path) as terraform:
        plan = terraform.plan(EVENTS, f"-var=deletion_protection={protection}", "-var=function_name=live-voice")
    (dataset,) = (each for each in planned(plan) if each.type == "google_bigquery_dataset")
    assert dataset.values["delete_contents_on_destroy"] is deleted
    assert dataset.values["dataset_id"] == "live_voice_audit"


def test_the_files_of_key_rotation_beside_the_module_make_the_secret_remind_through_a_topic(tmp_path: Path) -> None:
    module = copy_of_module(tmp_path)
    for file in (EXAMPLES / "key_rotation").glob("*.tf"):
        shutil.copy(file, module)
    with terraform_in(module, applies=True) as terraform:
        terraform.apply()
        assert terraform.changes() == ""
        made = resources(terraform)
    secret = made["google_secret_manager_secret.gemini_api_key"]
    assert secret["rotation"][0]["rotation_period"] == "7776000s"
    assert secret["topics"][0]["name"] == made["google_pubsub_topic.rotation"]["id"]
    grant = made["google_pubsub_topic_iam_member.rotation"]
    assert (grant["role"], grant["topic"]) == ("roles/pubsub.publisher", made["google_pubsub_topic.rotation"]["name"])


BUDGET = '-var=budget={billing_account="0A1B2C-3D4E5F-678901",amount=100}'
NUMBER_OR_LIST = re.compile(r"^  (\w+) += (.+)$", re.MULTILINE)


def test_the_file_of_thresholds_beside_the_module_changes_every_number_and_they_arrive(tmp_path: Path) -> None:
    module = copy_of_module(tmp_path)
    shutil.copy(EXAMPLES / "thresholds/thresholds_override.tf", module)
    with terraform_in(module, applies=True) as terraform:
        terraform.apply(BUDGET)
        assert terraform.changes(BUDGET) == ""
        made = resources(terraform)
    limits = {
        name: [
            each["threshold_value"] for condition in alert["conditions"] for each in condition["condition_threshold"]
        ]
        for name, alert in alerts(made).items()
    }
    assert limits["failed-requests"] == [0.1, 5]
    assert limits["slow-tokens"] == [3000, 50]
    assert limits["gemini-unavailable"] == limits["quota-store-unavailable"] == limits["sign-in-unavailable"] == [20]
    assert limits["unanswered-requests"] == [10]
    assert limits["instances-at-limit"] == [7.5]
    assert limits["error-budget-burns-fast"] == [10, 10, 5]
    assert limits["error-budget-burns-slowly"] == [3, 3, 5]
    latency = made["google_monitoring_slo.latency"]
    assert (latency["goal"], latency["rolling_period_days"]) == (0.9, 30)
    assert latency["request_based_sli"][0]["distribution_cut"][0]["range"][0]["max"] == 3000
    budget = made["google_billing_budget.live_tokens[0]"]
    assert [rule["threshold_percent"] for rule in budget["threshold_rules"]] == [0.25, 0.5, 0.75, 1, 1]
    assert budget["budget_filter"][0]["services"] == ["services/0A1B-2C3D-4E5F"]


def test_the_file_of_thresholds_has_every_number_that_is_no_setting_and_another_one_for_each() -> None:
    here = (REPOSITORY / "infra/thresholds.tf").read_text(encoding="utf-8").partition("# The settings,")[0]
    fixed = dict(NUMBER_OR_LIST.findall(here))
    shown = dict(NUMBER_OR_LIST.findall((EXAMPLES / "thresholds/thresholds_override.tf").read_text(encoding="utf-8")))
    assert len(fixed) > 10
    assert fixed.keys() == shown.keys()
    assert [name for name in fixed if fixed[name] == shown[name]] == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("failed_share = 5", "failed_share must be between 0 and 1"),
        ("instances_share = 90", "instances_share must be between 0 and 1"),
        ("burn_slow = 14.4", "burn_slow must be at least 1"),
        ("burn_slow = 0.9", "burn_slow must be at least 1"),
        ("burn_fast = 100", "slo.availability must be more than 0.990"),
        ("latency_goal_ms = 1234", "latency_goal_ms must be a bound of the histogram"),
    ],
)
def test_a_number_with_which_an_alert_or_objective_means_nothing_is_refused(
    line: str, words: str, with_defaults: Terraform, tmp_path: Path
) -> None:
    shutil.copytree(with_defaults.module.parent, tmp_path / "checkout")
    module = tmp_path / "checkout" / "infra"
    (module / "thresholds_override.tf").write_text(f"locals {{\n  {line}\n}}\n", encoding="utf-8")
    with terraform_in(module, applies=True) as terraform:
        assert words in " ".join(terraform.run("plan", accepted=(1,)).stderr.replace("│", " ").split())
