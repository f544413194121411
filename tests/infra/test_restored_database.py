"""The commands of docs/operations.md lead Terraform to a restored database, and the next plan deletes none."""

import json
import re
import shlex
from pathlib import Path

from support.terraform_runner import PROJECT, REPOSITORY, Terraform, copy_of_module, terraform_in

PAGE = (REPOSITORY / "docs/operations.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Restore the database")[2].partition("\n## ")[0]
RESTORED = "live-tokens-restored"
# What a plan replaces, because it belongs to a database, and the word of the page for it.
REPLACED = {
    "google_firestore_backup_schedule.daily": "backup schedule",
    "google_firestore_field.quota_expiry": "expiry",
    "google_firebaserules_release.no_clients": "rules",
    'google_project_iam_member.grant["runtime_database"]': "grant",
}


def arguments(subcommand: str) -> list[str]:
    """Return the arguments of the one command of the section, without those that name the settings."""
    (line,) = re.findall(rf"^ *terraform -chdir=infra {subcommand} (.*)$", SECTION, re.MULTILINE)
    return [word for word in shlex.split(line.replace("$PROJECT_ID", PROJECT)) if not word.startswith("-var")]


def import_database(terraform: Terraform, address: str, id_: str) -> None:
    """Write into the state what Google's provider would: the stand-in reads no attribute of what it imports."""
    state = json.loads(terraform.run("state", "pull").stdout)
    (resource,) = (each for each in state["resources"] if f"{each['type']}.{each['name']}" == address)
    (instance,) = resource["instances"]
    folder, _, _ = instance["attributes"]["id"].rpartition("/")
    assert id_ == f"{folder}/{RESTORED}"
    instance["attributes"] |= {"id": id_, "name": RESTORED, "deletion_policy": None, "delete_protection_state": None}
    state["serial"] += 1
    file = terraform.module / "restored.tfstate"
    file.write_text(json.dumps(state), encoding="utf-8")
    terraform.run("state", "push", str(file))


def test_the_function_gets_the_restored_database_and_none_is_deleted(tmp_path: Path) -> None:
    (forgotten,) = arguments("state rm")
    known, id_ = arguments("import")
    assert forgotten == known
    with terraform_in(copy_of_module(tmp_path), applies=True) as terraform:
        terraform.apply()
        import_database(terraform, known, id_)
        plan = terraform.plan(f"-var=firestore_database={RESTORED}")
    changes = {each["address"]: each["change"] for each in plan["resource_changes"]}
    deleted = {address for address, change in changes.items() if "delete" in change["actions"]}
    assert {address for address in deleted if not address.startswith("time_sleep.")} == REPLACED.keys()
    assert changes[known]["actions"] == ["update"]
    assert [word for word in REPLACED.values() if word not in " ".join(SECTION.split())] == []
    (service,) = changes["google_cloudfunctions2_function.mint_live_token"]["after"]["service_config"]
    assert service["environment_variables"]["FIRESTORE_DATABASE"] == RESTORED
