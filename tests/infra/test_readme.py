"""infra/README.md says what the module does: its table of variables is complete, and its commands are real."""

import re
from pathlib import Path

from infra.deployment_rules import ALLOWED_GRANTS
from support.terraform_runner import REPOSITORY, Terraform

INFRA = REPOSITORY / "infra"
README = (INFRA / "README.md").read_text()

TITLES = {
    "roles/artifactregistry.writer": "Artifact Registry Writer",
    "roles/cloudbuild.builds.viewer": "Cloud Build Viewer",
    "roles/cloudfunctions.developer": "Cloud Functions Developer",
    "roles/cloudfunctions.viewer": "Cloud Functions Viewer",
    "roles/datastore.user": "Cloud Datastore User",
    "roles/firebaseappcheck.tokenVerifier": "Firebase App Check Token Verifier",
    "roles/firebaseauth.viewer": "Firebase Authentication Viewer",
    "roles/iam.serviceAccountTokenCreator": "Service Account Token Creator",
    "roles/iam.serviceAccountUser": "Service Account User",
    "roles/logging.logWriter": "Logs Writer",
    "roles/run.developer": "Cloud Run Developer",
    "roles/secretmanager.secretAccessor": "Secret Manager Secret Accessor",
    "roles/serviceusage.serviceUsageConsumer": "Service Usage Consumer",
    "roles/storage.admin": "Storage Admin",
    "roles/storage.objectCreator": "Storage Object Creator",
    "roles/storage.objectViewer": "Storage Object Viewer",
}
"""Source: https://cloud.google.com/iam/docs/understanding-roles."""


def declared() -> dict[str, str]:
    """Every variable and its default as it is written; `{…}` stands for objects and lists of several lines."""
    variables: dict[str, str] = {}
    for file in INFRA.glob("variables*.tf"):
        for name, body in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', file.read_text(), re.MULTILINE | re.DOTALL):
            default = re.search(r"^  default\s*= (.+)$", body, re.MULTILINE)
            variables[name] = default[1] if default else "required"
    return variables


def test_the_table_has_every_variable_with_its_default() -> None:
    table = README.partition("<!-- variables -->")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| `?(.*?)`? \|", table, re.MULTILINE)
    assert len(rows) > 30
    assert dict(rows) == declared()


def attributes() -> dict[str, list[str]]:
    """Every variable with its attributes: those of its object type, or the only keys that a validation lets through."""
    found: dict[str, list[str]] = {}
    defaults = re.search(r"^  threshold_defaults = \{\n(.*?)^  \}", (INFRA / "thresholds.tf").read_text(), re.M | re.S)
    assert defaults is not None
    for file in INFRA.glob("variables*.tf"):
        for name, body in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', file.read_text(), re.MULTILINE | re.DOTALL):
            objects = re.findall(r"object\(\{\n(.*?)^  \}\)", body, re.MULTILINE | re.DOTALL)
            keys = re.findall(rf"length\(setsubtract\(keys\(var\.{name}\), (.+?)\)\) == 0", body)
            closed = [defaults[1] if each == "keys(local.threshold_defaults)" else _assigned(each) for each in keys]
            found[name] = re.findall(r"^ +(\w+) +=", "".join([*objects, *closed]), re.MULTILINE)
    return found


def _assigned(names: str) -> str:
    return "".join(f" {name} =\n" for name in re.findall(r'"(\w+)"', names))


def test_the_pages_say_how_many_settings_and_values_there_are() -> None:
    by_variable = attributes()
    assert sum(map(bool, by_variable.values())) > 5
    settings, values = len(by_variable), sum(len(names) or 1 for names in by_variable.values())
    said = " ".join(README.split())
    assert f": {settings} settings, of which two are required." in said
    assert f"there are {values} values in all." in said
    page = (REPOSITORY / "docs/settings.md").read_text()
    assert f": {settings} settings, {values} values with their attributes." in page


def test_the_table_names_every_attribute() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| (.*) \|$", README, re.MULTILINE))
    missing = {
        name: [each for each in names if f"`{each}`" not in rows[name]] for name, names in attributes().items() if names
    }
    assert {name: names for name, names in missing.items() if names} == {}


def test_terraform_takes_the_settings_that_it_shows(with_defaults: Terraform, tmp_path: Path) -> None:
    blocks = re.findall(r"^```hcl\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 3
    (tmp_path / "shown.tfvars").write_text("".join(blocks))
    with_defaults.run("plan", f"-var-file={tmp_path / 'shown.tfvars'}")


def test_the_table_of_accounts_has_every_role_and_no_other() -> None:
    table = README.partition("| account | roles | for |\n")[2].partition("\n\n")[0]
    told: dict[str, set[str]] = {}
    for account, roles in re.findall(r"^\| (?:`(live-tokens-\w+)`)? ?\| (.*) \|[^|]*\|$", table, re.MULTILINE):
        account = account or list(told)[-1]
        told.setdefault(account, set()).update(title for title in TITLES.values() if title in roles)
    granted: dict[str, set[str]] = {}
    for (_, role), members in ALLOWED_GRANTS.items():
        for account in re.findall(r"serviceAccount:(live-tokens-\w+)@", " ".join(filter(None, members))):
            granted.setdefault(account, set()).add(TITLES[role])
    assert told == granted


def test_every_variable_and_output_is_described() -> None:
    blocks = [
        (file.name, name, body)
        for file in INFRA.glob("*.tf")
        for name, body in re.findall(
            r'^(?:variable|output) "(\w+)" \{\n(.*?)^\}', file.read_text(), re.MULTILINE | re.DOTALL
        )
    ]
    assert len(blocks) > 30
    assert [(file, name) for file, name, body in blocks if not re.search(r"^  description\s*= \S", body, re.M)] == []
