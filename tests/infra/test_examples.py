"""What few need is in infra/examples: each is planned with the providers' schemas, as its first lines say to use it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.deployed import resources
from infra.deployment_rules import planned
from support.terraform_runner import REPOSITORY, Terraform, copy_of_module, terraform_in

EXAMPLES = REPOSITORY / "infra/examples"
APPS = f"-var-file={EXAMPLES}/firebase_apps/example.tfvars"
EVENTS = f"-var-file={EXAMPLES}/bigquery_audit_log/example.tfvars"


def test_every_example_is_tried_here_or_with_the_key() -> None:
    assert {each.name for each in EXAMPLES.iterdir()} == {
        "bigquery_audit_log",
        "firebase_apps",
        "key_rotation",
        "key_through_terraform",
        "github",
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
