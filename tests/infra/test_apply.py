"""What happens after the first apply: nothing, unless somebody changes the configuration."""

import copy
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from infra.applied_options import EVERY_OPTION
from infra.deployed import resources
from infra.deployment_rules import FUNCTION, RELEASE, planned
from live_tokens_operations.deploy.direct_url import require_open_url
from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.plan import Plan
from live_tokens_operations.deploy.protection import require_protected_to_stay
from live_tokens_operations.google.look import Look
from support.terraform_runner import PROJECT, Terraform, terraform_in

STATE = "terraform.tfstate"


@pytest.fixture
def a_copy(with_defaults: Terraform, tmp_path: Path) -> Iterator[Terraform]:
    """Another checkout with the same state: a test may change both."""
    shutil.copytree(with_defaults.module.parent, tmp_path / "checkout")
    with terraform_in(tmp_path / "checkout" / "infra", applies=True) as terraform:
        yield terraform


def test_a_second_plan_with_defaults_is_empty(with_defaults: Terraform) -> None:
    assert with_defaults.changes() == ""


def test_a_second_plan_with_every_option_is_empty(with_every_option: Terraform) -> None:
    assert with_every_option.changes(EVERY_OPTION) == ""


def test_every_option_adds_to_what_the_defaults_make(with_defaults: Terraform, with_every_option: Terraform) -> None:
    by_default = {resource.address for resource in planned(with_defaults.plan())}
    with_all = {resource.address for resource in planned(with_every_option.plan(EVERY_OPTION))}
    declared = set(with_defaults.dependencies()) | {
        used for all_used in with_defaults.dependencies().values() for used in all_used
    }
    assert by_default - with_all == set()
    assert {address for address in declared if not address.startswith("data.")} - with_all == set()


def test_labels_are_on_the_function_and_on_what_holds_data(with_every_option: Terraform) -> None:
    labels = {
        resource.address: resource.values["effective_labels"].get("team")
        for resource in planned(with_every_option.plan(EVERY_OPTION))
        if "effective_labels" in resource.values
    }
    assert {FUNCTION, "google_secret_manager_secret.gemini_api_key", "google_storage_bucket.source"} <= labels.keys()
    assert set(labels.values()) == {"voice"}


@pytest.fixture
def after_a_release(a_copy: Terraform) -> Terraform:
    """A copy whose function somebody has released code to."""
    state = json.loads((a_copy.module / STATE).read_text())
    released = _released(state)
    assert released != state
    (a_copy.module / STATE).write_text(json.dumps(released))
    return a_copy


def test_a_plan_after_a_release_is_empty(after_a_release: Terraform) -> None:
    assert after_a_release.changes() == ""


def test_a_change_of_settings_after_a_release_sends_nothing_about_the_build(after_a_release: Terraform) -> None:
    """The state still names Terraform's first archive: whatever changes in build_config would deploy that again."""
    module = after_a_release.module / "function.tf"
    module.write_text(module.read_text().replace("python313", "python314"))
    plan = after_a_release.plan("-var=max_instances=3")
    (change,) = (each["change"] for each in plan["resource_changes"] if each["address"] == FUNCTION)
    assert change["actions"] == ["update"]
    assert change["before"]["service_config"] != change["after"]["service_config"]
    assert change["before"]["build_config"] == change["after"]["build_config"]
    assert not any(change["after_unknown"].get("build_config", []))


def test_what_somebody_changed_by_hand_in_the_configuration_is_planned_back(a_copy: Terraform) -> None:
    """The other side of an empty plan after a release: not everything about the function is ignored."""
    state = json.loads((a_copy.module / STATE).read_text())
    _function(state)["service_config"][0]["max_instance_count"] = 1000
    (a_copy.module / STATE).write_text(json.dumps(state))
    assert "max_instance_count" in a_copy.changes()


def test_a_plan_after_a_change_of_the_code_is_empty(a_copy: Terraform) -> None:
    main = a_copy.module.parent / "functions" / "main.py"
    main.write_text(main.read_text() + "\n# another release\n")
    (a_copy.module.parent / "functions" / "profiles" / "another.toml").write_text('model = "another"\n')
    assert a_copy.changes() == ""


def test_a_change_of_a_setting_updates_the_function_in_place(a_copy: Terraform) -> None:
    plan = a_copy.plan("-var=max_instances=3")
    changed = {
        change["address"]: change["change"]["actions"]
        for change in plan["resource_changes"]
        if change["mode"] == "managed" and change["change"]["actions"] != ["no-op"]
    }
    assert changed.pop(FUNCTION) == ["update"]
    assert all(actions == ["update"] for actions in changed.values())


ELSEWHERE = (
    '-var=load_balancer={domain="live.example.com", candidate_domain="candidate.live.example.com"}',
    "-var=additional_regions={us-central1={serves=true}}",
)


def test_another_region_changes_nothing_that_is_there_but_says_that_the_key_stays_where_it_is(
    a_copy: Terraform,
) -> None:
    """Secret Manager cannot add a replica: the provider would make another secret, without the key."""
    plan = a_copy.plan(*ELSEWHERE)
    touched = {
        each["address"]
        for each in plan["resource_changes"]
        if each["mode"] == "managed" and {"delete", "update"} & set(each["change"]["actions"])
    }
    assert touched == {
        "google_storage_bucket_object.release_settings",
        "google_monitoring_dashboard.live_tokens",
        'google_monitoring_alert_policy.playbook["unreachable"]',
        "time_sleep.services",
    }
    shown = a_copy.run("plan", *ELSEWHERE).stdout
    assert "Check block assertion failed" in shown
    assert "If the region of the secret is lost" in shown


def test_a_region_can_be_taken_away_again(a_copy: Terraform) -> None:
    a_copy.apply(*ELSEWHERE)
    assert a_copy.changes(*ELSEWHERE) == ""
    a_copy.apply(ELSEWHERE[0])
    left = json.loads((a_copy.module / STATE).read_text())["resources"]
    assert [each["type"] for each in left if "elsewhere" in each["name"] and each["instances"]] == []


def test_every_region_runs_the_same_function(with_every_option: Terraform) -> None:
    deployed = resources(with_every_option)
    home, elsewhere = (
        deployed[name] for name in (FUNCTION, 'google_cloudfunctions2_function.elsewhere["us-central1"]')
    )
    own = {"docker_repository", "source", "build", "gcf_uri", "service", "uri", "direct_vpc_egress"}
    for part in ("build_config", "service_config"):
        (here,), (there,) = home[part], elsewhere[part]
        assert {k: v for k, v in here.items() if k not in own} == {k: v for k, v in there.items() if k not in own}
    assert home["name"] == elsewhere["name"]
    (live,) = (v for name, v in deployed.items() if name == 'google_compute_backend_service.function["live"]')
    assert len(live["backend"]) == 2


def test_the_account_of_releases_reads_the_list_of_regions_and_reaches_the_function_of_each(
    with_every_option: Terraform,
) -> None:
    deployed = resources(with_every_option)
    functions = {
        (values["name"], values["location"])
        for address, values in deployed.items()
        if address.startswith("google_cloudfunctions2_function.")
    }
    grants = [values for address, values in deployed.items() if "_iam_member." in address]
    ours = [each for each in grants if each["member"] == RELEASE]
    for role, name in (("roles/cloudfunctions.developer", "cloud_function"), ("roles/run.developer", "name")):
        assert {(each[name], each["location"]) for each in ours if each["role"] == role} == functions, role
    assert len(functions) == 2
    list_of_regions = deployed["google_storage_bucket_object.release_settings"]
    assert json.loads(list_of_regions["content"]).keys() > {"_REGION", "additional_regions"}
    assert [
        each["bucket"] for each in ours if each["role"] == "roles/storage.objectViewer" and not each["condition"]
    ] == [list_of_regions["bucket"]]


@pytest.mark.parametrize(
    ("option", "address"),
    [
        ("-var=function_name=renamed", FUNCTION),
        ("-var=secret_name=renamed", "google_secret_manager_secret.gemini_api_key"),
        ("-var=firestore_database=renamed", "google_firestore_database.live_tokens"),
        ("-var=load_balancer=null", "google_compute_global_address.function[0]"),
    ],
)
def test_a_plan_that_replaces_what_is_protected_is_one_that_make_deploy_refuses(
    with_every_option: Terraform, option: str, address: str
) -> None:
    every_option = [EVERY_OPTION, "-var=additional_regions={}"]  # they need the load balancer
    plan = Plan.of(with_every_option.plan(*every_option, option))
    with pytest.raises(MisuseError, match=rf"\n  - {re.escape(address)}"):
        require_protected_to_stay(plan)


class _NoGoogle:
    """Nothing is asked before a plan is refused."""

    service_account = None

    def get(
        self, url: str, role: str, params: Mapping[str, str] | None = None, grant: Sequence[str] | None = None
    ) -> Look:
        raise AssertionError(url, role, params, grant)

    def post(self, url: str, role: str, body: Mapping[str, object]) -> Look:
        raise AssertionError(url, role, body)


def test_another_domain_while_it_is_the_only_way_in_is_a_plan_that_make_deploy_refuses(
    with_every_option: Terraform,
) -> None:
    other = '-var=load_balancer={domain="new.example.com",close_direct=true}'
    plan = with_every_option.plan(EVERY_OPTION, other)
    with pytest.raises(MisuseError, match=r" to new\.example\.com while apps have no other URL"):
        require_open_url(plan, _NoGoogle(), PROJECT)


def test_a_renamed_function_gets_its_endpoint_group_before_the_old_one_loses_its_own(
    with_every_option: Terraform,
) -> None:
    plan = with_every_option.plan(EVERY_OPTION, "-var=function_name=renamed")
    endpoint_groups = [
        each["change"]
        for each in plan["resource_changes"]
        if each["type"] == "google_compute_region_network_endpoint_group"
    ]
    assert len(endpoint_groups) == 4
    assert all(group["actions"] == ["create", "delete"] for group in endpoint_groups)
    assert all(group["before"]["name"] != group["after"]["name"] for group in endpoint_groups)


def test_where_app_check_is_enforced_the_account_of_releases_signs_for_the_smoke_test(
    with_defaults: Terraform, with_every_option: Terraform
) -> None:
    account = f"live-tokens-release@{PROJECT}.iam.gserviceaccount.com"
    enforced = with_every_option.run("output", "-raw", "next_commands").stdout
    assert f"gcloud iam service-accounts add-iam-policy-binding {account} " in enforced
    assert f" ARGS='--app-id=APP_ID --service-account={account}'\n" in enforced
    assert account not in with_defaults.run("output", "-raw", "next_commands").stdout


def test_another_code_is_another_object_in_another_deployment(with_defaults: Terraform, a_copy: Terraform) -> None:
    """From nothing, so that nothing is ignored."""
    (a_copy.module / STATE).unlink()
    before = _object_name(a_copy.plan())
    main = a_copy.module.parent / "functions" / "main.py"
    main.write_text(main.read_text() + "\n# another\n")
    after = _object_name(a_copy.plan())
    assert before == _object_name(with_defaults.plan())
    assert after != before


def test_destroy_takes_everything_away_once_the_protection_is_off(a_copy: Terraform) -> None:
    a_copy.apply("-var=deletion_protection=false")
    before = json.loads((a_copy.module / STATE).read_text())
    secret = _attributes(before, "google_secret_manager_secret", "gemini_api_key")
    database = _attributes(before, "google_firestore_database", "live_tokens")
    # The providers look at these, in the state, before they delete.
    assert secret["deletion_protection"] is False
    assert database["deletion_policy"] == "DELETE"
    assert database["delete_protection_state"] == "DELETE_PROTECTION_DISABLED"
    a_copy.run("destroy", "-auto-approve", "-var=deletion_protection=false")
    assert json.loads((a_copy.module / STATE).read_text())["resources"] == []


def _released(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state as the provider refreshes it after a release, or while one has pinned traffic.

    Bucket and object stay those of the first apply: the provider keeps its own input, and takes only the generation
    from the API. https://github.com/GoogleCloudPlatform/k8s-config-connector/issues/12111 quotes it.
    gcloud's label `deployment-tool` is not in it: gcloud puts it on functions that it creates, and not on updates.
    """
    released = copy.deepcopy(state)
    function = _function(released)
    function["build_config"][0]["source"][0]["storage_source"][0]["generation"] = 1790000000000000
    function["build_config"][0]["build"] = "projects/123456789012/locations/europe-west1/builds/another"
    function["service_config"][0]["all_traffic_on_latest_revision"] = False
    function["update_time"] = "2026-12-01T00:00:00Z"
    return released


def _function(state: dict[str, Any]) -> dict[str, Any]:
    return _attributes(state, *FUNCTION.split("."))


def _attributes(state: dict[str, Any], of_type: str, name: str) -> dict[str, Any]:
    (attributes,) = (
        instance["attributes"]
        for resource in state["resources"]
        if (resource["type"], resource["name"]) == (of_type, name)
        for instance in resource["instances"]
    )
    assert isinstance(attributes, dict)
    return attributes


def _object_name(plan: dict[str, Any]) -> str:
    (name,) = (r.values["name"] for r in planned(plan) if r.address == "google_storage_bucket_object.function")
    return str(name)
