"""An upgrade loses nothing: what an earlier version made is still there, has moved, is forgotten, or goes and is told.

`addresses/VERSION.txt` has what that version made, with its defaults or with every option. Grants on the project,
services and waits are left out: the next apply makes what is needed of them. To write the file of a version, apply it
twice, as conftest.py does, and list the addresses of its state.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.deployed import resources
from live_tokens_operations.defaults import bucket_of_release_logs, bucket_of_test_logs
from support.terraform_runner import PROJECT, REPOSITORY, Terraform, terraform_in

EXAMPLE = REPOSITORY / "infra/examples/bigquery_audit_log"
PAGE = (REPOSITORY / "docs/upgrading.md").read_text(encoding="utf-8")

INFRA = "\n".join(path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "infra").glob("*.tf")))
MOVED = dict(re.findall(r"^moved \{\n  from = (.+)\n  to   = (.+)\n\}$", INFRA, re.MULTILINE))
FORGOTTEN = set(
    re.findall(r"^removed \{\n  from = (.+)\n\n  lifecycle \{\n    destroy = false\n  \}\n\}$", INFRA, re.MULTILINE)
)
GOES = {
    # Forgetting it makes a cycle of the plan. It holds nothing: reminders go to it.
    "google_pubsub_topic.key_rotation[0]": "The topic of `key_rotation`",
    "google_pubsub_topic_iam_member.secret_manager[0]": "The topic of `key_rotation`",
}
"""Address → the words of docs/upgrading.md that say so."""
STATE = "terraform.tfstate"
VERSIONS = sorted(Path(__file__).parent.joinpath("addresses").glob("*.txt"))


def without_key(address: str) -> str:
    return address.partition("[")[0]


@pytest.fixture(scope="module")
def here(with_defaults: Terraform, with_every_option: Terraform) -> set[str]:
    """What this version makes, with its defaults or with every option."""
    return {*resources(with_defaults), *resources(with_every_option)}


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.stem)
def test_what_an_earlier_version_made_is_not_lost(version: Path, here: set[str]) -> None:
    # Terraform itself follows a resource that gets, or loses, its count.
    alone = {without_key(address) for address in here if re.fullmatch(r"[^[]+(\[0\])?", address)}
    lost = [
        address
        for address in version.read_text(encoding="utf-8").splitlines()
        if address not in here
        and not (re.fullmatch(r"[^[]+(\[0\])?", address) and without_key(address) in alone)
        and address not in MOVED
        and without_key(address) not in FORGOTTEN
        and address not in GOES
    ]
    assert lost == [], "Add a block to infra/moved.tf or infra/removed.tf, or say in docs/upgrading.md that it goes."


def test_what_has_moved_is_there_and_its_old_place_is_not(here: set[str]) -> None:
    assert INFRA.count("\nmoved {") == len(MOVED) > 0
    assert [to for to in MOVED.values() if to not in here] == []
    assert [address for address in MOVED if address in here] == []
    assert INFRA.count("\nremoved {") == len(FORGOTTEN)


def test_the_page_says_what_goes() -> None:
    assert [words for words in GOES.values() if words not in PAGE] == []


def test_logs_of_releases_stay_when_the_tests_get_a_bucket_of_their_own(
    with_defaults: Terraform, tmp_path: Path
) -> None:
    """Between 0.1.0 and 0.2.0, one bucket had the logs of both."""
    shutil.copytree(with_defaults.module.parent, tmp_path / "checkout")
    module = tmp_path / "checkout" / "infra"
    state = json.loads((module / STATE).read_text(encoding="utf-8"))
    state["resources"] = [each for each in state["resources"] if each["name"] != "test_logs"]
    (grants,) = (each for each in state["resources"] if each["type"] == "google_storage_bucket_iam_member")
    (grant,) = (each["attributes"] for each in grants["instances"] if each["index_key"] == "test_log")
    grant["bucket"] = bucket_of_release_logs(PROJECT)
    (module / STATE).write_text(json.dumps(state), encoding="utf-8")
    with terraform_in(module, applies=True) as terraform:
        plan = terraform.plan()
    actions = {each["address"]: each["change"]["actions"] for each in plan["resource_changes"]}
    assert {address: done for address, done in actions.items() if done != ["no-op"]} == {
        "google_storage_bucket.test_logs": ["create"],
        'google_storage_bucket_iam_member.build["test_log"]': ["delete", "create"],
    }


def test_each_build_has_the_bucket_for_logs_that_a_release_names(with_defaults: Terraform) -> None:
    buckets = {address: each["name"] for address, each in resources(with_defaults).items() if address.endswith("_logs")}
    assert buckets == {
        "google_storage_bucket.build_logs": bucket_of_release_logs(PROJECT),
        "google_storage_bucket.test_logs": bucket_of_test_logs(PROJECT),
    }


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """The example with the dataset of audit events, applied."""
    module = tmp_path_factory.mktemp("events") / "module"
    shutil.copytree(EXAMPLE, module, ignore=shutil.ignore_patterns(".terraform*"))
    with terraform_in(module, applies=True) as terraform:
        terraform.apply(f"-var-file={EXAMPLE / 'example.tfvars'}")
        yield terraform


def test_settings_of_0_1_0_that_are_none_any_more_stop_the_plan_with_what_to_do(with_defaults: Terraform) -> None:
    """Terraform drops an attribute that an object type does not have, without a word."""
    account = 'billing_account="0A1B2C-3D4E5F-678901",amount=1'
    for setting, words in {
        'audit_log={destination="bigquery"}': "audit_log.destination takes bigquery no more",
        "alert_thresholds={failed_share=0.1,burn_slow=3}": "spend_usd_per_hour, and not burn_slow, failed_share.",
        "slo={latency_ms=1000}": "slo has availability, and not latency_ms.",
        f'budget={{{account},currency="EUR"}}': "budget is null, or has billing_account and amount.",
        f"budget={{{account},thresholds=[1]}}": "budget is null, or has billing_account and amount.",
    }.items():
        done = with_defaults.run("plan", f"-var={setting}", accepted=(1,))
        said = " ".join(done.stderr.replace("│", " ").split())
        assert words in said
        assert "docs/upgrading.md" in said
        assert re.search(r"infra/examples/(thresholds|bigquery_audit_log)", said)


def test_the_dataset_of_audit_events_is_forgotten_with_its_sink_and_grant_and_not_destroyed(
    with_defaults: Terraform, events: Terraform, tmp_path: Path
) -> None:
    shutil.copytree(with_defaults.module.parent, tmp_path / "checkout")
    module = tmp_path / "checkout" / "infra"
    state = json.loads((module / STATE).read_text(encoding="utf-8"))
    # As 0.1.0 has left it: by the names that it had there, and each with a count.
    earlier = json.loads((events.module / STATE).read_text(encoding="utf-8"))["resources"]
    for resource in earlier:
        resource["name"] = {"google_logging_project_sink": "bigquery"}.get(resource["type"], resource["name"])
        for instance in resource["instances"]:
            instance["index_key"] = 0
            instance["dependencies"] = []
    state["resources"] += earlier
    (module / STATE).write_text(json.dumps(state), encoding="utf-8")
    with terraform_in(module, applies=True) as terraform:
        plan = terraform.plan('-var=audit_log={destination="none"}')
    actions = {each["address"]: each["change"]["actions"] for each in plan["resource_changes"]}
    forgotten = {address for address, action in actions.items() if action == ["forget"]}
    assert forgotten == {f"{each['type']}.{each['name']}[0]" for each in earlier} > {"google_bigquery_dataset.audit[0]"}


def test_the_page_imports_what_0_1_0_has_made_into_the_example(events: Terraform) -> None:
    told = re.findall(r"^terraform .* import (google_\S+) \"(\S+)\"$", PAGE, re.MULTILINE)
    assert {address: id_.replace("$PROJECT_ID", PROJECT) for address, id_ in told} == {
        address: resources(events)[address]["id"]
        for address in ("google_bigquery_dataset.audit", "google_logging_project_sink.audit")
    }
