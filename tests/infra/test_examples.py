"""What few need is in infra/examples: each is planned with the providers' schemas, as its first lines say to use it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.terraform_runner import REPOSITORY, Terraform, copy_of_module, terraform_in

EXAMPLES = REPOSITORY / "infra/examples"
APPS = f"-var-file={EXAMPLES}/firebase_apps/example.tfvars"


def test_every_example_is_tried_here_or_with_the_key() -> None:
    assert {each.name for each in EXAMPLES.iterdir()} == {
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
        resources = {
            each["address"]: each["values"]
            for each in terraform.plan(APPS)["planned_values"]["root_module"]["resources"]
        }
    providers = {address for address in resources if "_app_check_" in address}
    assert providers == {
        'google_firebase_app_check_app_attest_config.apple["app"]',
        'google_firebase_app_check_play_integrity_config.android["app"]',
        'google_firebase_app_check_recaptcha_enterprise_config.web["site"]',
    }
    assert {resources[each]["token_ttl"] for each in providers} == {"3600s"}
    apps = {address for address in resources if "_app.app[" in address}
    assert {resources[app]["deletion_policy"] for app in apps} == {"ABANDON"}


def test_an_app_without_what_its_provider_needs_gets_none(tmp_path: Path) -> None:
    android = '-var=android={app={display_name="App",package_name="com.example.app"}}'
    with example("firebase_apps", tmp_path) as terraform:
        planned = terraform.plan(android)["planned_values"]["root_module"]["resources"]
    assert 'google_firebase_android_app.app["app"]' in {each["address"] for each in planned}
    assert [each["address"] for each in planned if "_app_check_" in each["address"]] == []


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


def test_the_files_of_key_rotation_beside_the_module_make_the_secret_remind_through_a_topic(tmp_path: Path) -> None:
    module = copy_of_module(tmp_path)
    for file in (EXAMPLES / "key_rotation").glob("*.tf"):
        shutil.copy(file, module)
    with terraform_in(module, applies=True) as terraform:
        terraform.apply()
        assert terraform.changes() == ""
        resources = {
            each["address"]: each["values"] for each in terraform.plan()["planned_values"]["root_module"]["resources"]
        }
    secret = resources["google_secret_manager_secret.gemini_api_key"]
    assert secret["rotation"][0]["rotation_period"] == "7776000s"
    assert secret["topics"][0]["name"] == resources["google_pubsub_topic.rotation"]["id"]
    grant = resources["google_pubsub_topic_iam_member.rotation"]
    assert (grant["role"], grant["topic"]) == (
        "roles/pubsub.publisher",
        resources["google_pubsub_topic.rotation"]["name"],
    )
