"""The commands without Terraform make what Terraform makes. test_gcloud_lines.py has gcloud parse them."""

import re
import shlex

import pytest

from infra.deployed import Resources, resources
from support.terraform_runner import PROJECT, REGION, REPOSITORY, Terraform

PAGE = (REPOSITORY / "docs/without-terraform.md").read_text(encoding="utf-8")
TEXT = PAGE.split("<!-- plain-recipe -->\n```sh\n", 1)[1].split("```", 1)[0]
LINES = TEXT.replace("$PROJECT_ID", PROJECT).replace("$REGION", REGION).splitlines()
DEPLOYMENT_FLAGS = {"gen2", "trigger-http", "source"}
"""How it is deployed, which is no setting."""


def flags(start: str) -> list[dict[str, str]]:
    """Return the flags of each command that starts with these words: name → value."""
    commands = [shlex.split(line[line.index(start) :].split(";", 1)[0]) for line in LINES if start in line]
    return [dict(re.findall(r"^--([\w-]+)=?(.*)$", "\n".join(words), re.MULTILINE)) for words in commands]


@pytest.fixture(scope="module")
def deployed(with_defaults: Terraform) -> Resources:
    return resources(with_defaults)


def test_the_function_has_terraforms_settings(deployed: Resources) -> None:
    function = deployed["google_cloudfunctions2_function.mint_live_token"]
    build, service = function["build_config"][0], function["service_config"][0]
    (typed,) = flags("gcloud functions deploy mint-live-token")
    variables = typed.pop("set-env-vars")
    assert dict(each.split("=", 1) for each in variables.split(",")) == service["environment_variables"]
    assert {name: value for name, value in typed.items() if name not in DEPLOYMENT_FLAGS} == {
        "region": function["location"],
        "runtime": build["runtime"],
        "entry-point": build["entry_point"],
        "service-account": f"live-tokens-runtime@{PROJECT}.iam.gserviceaccount.com",
        "cpu": service["available_cpu"],
        "memory": service["available_memory"],
        "concurrency": str(service["max_instance_request_concurrency"]),
        "min-instances": str(service["min_instance_count"]),
        "max-instances": str(service["max_instance_count"]),
        "timeout": f"{service['timeout_seconds']}s",
        "ingress-settings": {"ALLOW_ALL": "all"}[service["ingress_settings"]],
        "update-labels": ",".join(f"{name}={value}" for name, value in function["labels"].items()),
        "allow-unauthenticated": "",
    }
    assert f"functions deploy {function['name']} " in TEXT


def test_the_functions_account_has_terraforms_roles_and_no_others(deployed: Resources) -> None:
    by_terraform = {
        (values["role"], condition["expression"] if condition else "None")
        for address, values in deployed.items()
        if address.startswith("google_project_iam_member.grant[") and "runtime" in address
        for condition in values["condition"] or [None]
    }
    typed = flags("gcloud projects add-iam-policy-binding")
    assert {(each["role"], each["condition"].rpartition("expression=")[2]) for each in typed} == by_terraform
    secret = deployed["google_secret_manager_secret_iam_member.runtime"]
    (on_the_secret,) = flags("gcloud secrets add-iam-policy-binding")
    assert on_the_secret["role"] == secret["role"]


def test_the_secret_and_the_database_are_named_and_placed_as_by_terraform(deployed: Resources) -> None:
    secret = deployed["google_secret_manager_secret.gemini_api_key"]
    (typed,) = flags(f"gcloud secrets create {secret['secret_id']} ")
    (replica,) = secret["replication"][0]["user_managed"][0]["replicas"]
    assert typed == {"replication-policy": "user-managed", "locations": replica["location"], "data-file": "-"}

    database = deployed["google_firestore_database.live_tokens"]
    (typed,) = flags("gcloud firestore databases create")
    assert typed == {
        "database": database["name"],
        "type": {"FIRESTORE_NATIVE": "firestore-native"}[database["type"]],
        "location": database["location_id"],
        "delete-protection": "",
    }
    assert database["delete_protection_state"] == "DELETE_PROTECTION_ENABLED"

    expiry = deployed["google_firestore_field.quota_expiry"]
    (typed,) = flags(f"gcloud firestore fields ttls update {expiry['field']} ")
    assert (typed["collection-group"], typed["database"]) == (expiry["collection"], database["name"])


def test_the_services_are_those_of_terraform_that_the_function_needs(deployed: Resources) -> None:
    enabled = {v["service"] for address, v in deployed.items() if address.startswith("google_project_service.")}
    (line,) = [line for line in LINES if line.startswith("gcloud services enable ")]
    typed = set(shlex.split(line)[3:])
    assert typed <= enabled
    on_by_default_or_of_what_is_left_out = {
        "cloudresourcemanager.googleapis.com",
        "firebaserules.googleapis.com",
        "iam.googleapis.com",
        "logging.googleapis.com",
        "monitoring.googleapis.com",
        "serviceusage.googleapis.com",
        "storage.googleapis.com",
    }
    assert enabled - typed == on_by_default_or_of_what_is_left_out
