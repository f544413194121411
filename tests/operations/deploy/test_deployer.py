"""The account that deploys may do what Terraform does, and the roles that it is told to get hold just that."""

import json
import re

import pytest

from live_tokens_operations.checks.deployer import DEPLOYER_ROLES, NEEDED, check_deployer
from live_tokens_operations.checks.finding import Mark
from live_tokens_operations.google.look import Found, Look, Missing, Unseen
from operations.deploy.checkout import ROOT
from operations.deploy.scripted import ScriptedGoogle

CONTENTS: dict[str, list[str]] = json.loads(
    (ROOT / "tests/support/google/role_contents.json").read_text(encoding="utf-8")
)["roles"]
TITLES = {
    "roles/editor": "Editor",
    "roles/resourcemanager.projectIamAdmin": "Project IAM Admin",
    "roles/iam.serviceAccountAdmin": "Service Account Admin",
    "roles/secretmanager.admin": "Secret Manager Admin",
    "roles/datastore.owner": "Cloud Datastore Owner",
    "roles/cloudfunctions.admin": "Cloud Functions Admin",
    "roles/artifactregistry.admin": "Artifact Registry Admin",
    "roles/logging.configWriter": "Logs Configuration Writer",
}


def checked(look: Look) -> tuple[Mark, str]:
    finding = check_deployer(ScriptedGoogle({"cloudresourcemanager.googleapis.com": look}), "my-app-1a2b")
    return finding.mark, f"{finding.text}\n{finding.remedy}"


def holding(*without: str) -> Look:
    return Found({"permissions": [permission for permission in NEEDED if permission not in without]})


@pytest.mark.parametrize("role", DEPLOYER_ROLES)
def test_a_role_holds_what_it_is_listed_for(role: str) -> None:
    assert set(DEPLOYER_ROLES[role]) <= set(CONTENTS[role])


def test_owner_is_enough_and_every_other_role_holds_what_editor_lacks() -> None:
    assert set(NEEDED) == set(CONTENTS["roles/owner"])
    others = {each for role, each in DEPLOYER_ROLES.items() if role != "roles/editor"}
    assert not {permission for permissions in others for permission in permissions} & set(CONTENTS["roles/editor"])


def test_one_request_is_enough_for_all_of_them() -> None:
    assert len(set(NEEDED)) == len(NEEDED) <= 100


def test_the_documents_list_the_same_roles() -> None:
    readme = " ".join((ROOT / "infra/README.md").read_text(encoding="utf-8").split())
    (listed,) = re.findall(r"The role Owner, or Editor together with (.*?)\.", readme)
    titles = set(re.split(r", | and ", listed)) | {"Editor"}
    assert titles == {TITLES[role] for role in DEPLOYER_ROLES}


def test_an_account_that_may_do_it_all_is_told_so() -> None:
    assert checked(holding())[0] is Mark.OK


def test_an_account_is_told_which_roles_it_lacks() -> None:
    mark, told = checked(holding("datastore.databases.create", "run.services.setIamPolicy"))
    assert mark is Mark.BAD
    assert "lacks datastore.databases.create, run.services.setIamPolicy in my-app-1a2b." in told
    granted = re.findall(r"add-iam-policy-binding my-app-1a2b --member=ACCOUNT --role=(\S+)", told)
    assert granted == ["roles/datastore.owner", "roles/cloudfunctions.admin"]


def test_an_account_that_may_do_nothing_is_told_every_role() -> None:
    mark, told = checked(Found({}))
    assert mark is Mark.BAD
    assert f"and {len(NEEDED) - 3} more" in told
    assert [role for role in DEPLOYER_ROLES if role not in told] == []


def test_a_new_project_whose_api_is_off_is_not_refused() -> None:
    assert checked(Unseen("off", status=403, reason="SERVICE_DISABLED"))[0] is Mark.OK


def test_a_name_that_google_does_not_take_is_a_warning_because_no_account_could_change_it() -> None:
    mark, told = checked(Unseen("HTTP 400", status=400, code="INVALID_ARGUMENT"))
    assert mark is Mark.WARN
    assert "Google does not take one of the names" in told


@pytest.mark.parametrize("look", [Unseen("cannot be reached"), Unseen("HTTP 403", status=403), Missing()])
def test_an_answer_that_does_not_come_is_not_taken_for_yes(look: Look) -> None:
    assert checked(look)[0] is Mark.UNSEEN
