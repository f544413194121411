"""What a deployment needs: all of it is looked at, and all that is missing is said at once, before anything is done."""

import json
from pathlib import Path

import pytest

from live_tokens_operations.checks.finding import Finding, bad, unanswered
from live_tokens_operations.deploy.errors import PrerequisiteError
from live_tokens_operations.deploy.prerequisites import Prerequisites, require_sign_in_is_free
from live_tokens_operations.deploy.project_settings import ProjectSettings
from live_tokens_operations.deploy.terraform import Resource
from live_tokens_operations.google.look import Found, Look, Unseen
from live_tokens_operations.programs import Finished, ProgramError
from operations.deploy.checkout import Checkout
from operations.deploy.google import DEFAULT_TOKEN, LOGIN_TOKEN, NUMBER, PROJECT, Google
from operations.deploy.scripted import ALLOWED, ScriptedGoogle, ScriptedPrograms
from support.google.resource_manager import Project
from support.google_hosts.hosts import GoogleHosts

NOTHING_WAS_DONE = "Nothing was done. Missing prerequisites:"
IDENTITY_PLATFORM = "identity_platform = {\n  anonymous = true\n}\n"


def faults(shown: str) -> list[str]:
    """Return what was said to be missing, without remedies."""
    return [line.removeprefix("  - ") for line in shown.splitlines() if line.startswith("  - ")]


def test_a_bare_machine_is_told_everything_at_once(checkout: Checkout, google: Google) -> None:
    checkout.lose("gcloud", "terraform")
    ended = checkout.build("deploy", "--yes", "--region", "europe-west1-b")
    assert ended.code == 1
    assert NOTHING_WAS_DONE in ended.shown
    assert faults(ended.shown) == ["'europe-west1-b' is not a region.", "gcloud is missing.", "Terraform is missing."]
    assert "https://cloud.google.com/sdk/docs/install" in ended.shown
    assert "https://developer.hashicorp.com/terraform/install" in ended.shown
    assert google.storage.writes == []


def test_who_is_not_logged_in_is_told_of_both_logins_in_gcloud_s_words(checkout: Checkout) -> None:
    del checkout.environment["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"]
    Path(checkout.environment["CLOUDSDK_CONFIG"], "application_default_credentials.json").unlink()
    checkout.install("terraform", """echo '{"terraform_version": "1.10.5"}'""")
    ended = checkout.build("deploy", "--yes", NO_GCE_CHECK="true")
    assert ended.code == 1
    assert faults(ended.shown) == [
        "gcloud is not logged in.",
        "Terraform 1.10.5 is too old.",
        "Credentials: there are no Application Default Credentials on this machine",
    ]
    assert "You do not currently have an active account selected." in ended.shown
    assert "    Run: gcloud auth login" in ended.shown
    assert "    Run: gcloud auth application-default login" in ended.shown


def test_what_the_account_may_not_do_is_told_before_anything_is_made(checkout: Checkout, google: Google) -> None:
    google.projects[PROJECT].lacks = ["datastore.databases.create", "secretmanager.secrets.setIamPolicy"]
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 1
    (fault,) = faults(ended.shown)
    assert fault.startswith("This account lacks secretmanager.secrets.setIamPolicy, datastore.databases.create in ")
    assert (
        f"gcloud projects add-iam-policy-binding {PROJECT} --member=ACCOUNT --role=roles/datastore.owner" in ended.shown
    )
    assert google.storage.writes == []


def test_a_project_that_is_not_there_is_said_in_google_s_words(checkout: Checkout, google: Google) -> None:
    google.projects.clear()
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 1
    assert faults(ended.shown) == [f"Project {PROJECT} does not exist, or this account cannot see it."]
    assert "not found or permission denied" in ended.shown
    assert f"gcloud projects create {PROJECT}" in ended.shown


def test_a_project_without_billing_and_sign_in_is_told_of_both(checkout: Checkout, google: Google) -> None:
    google.billing[PROJECT] = None
    google.identity.api_keys.clear()
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 1
    assert faults(ended.shown) == [
        "Billing: off; nothing is built or served",
        f"Authentication: not set up in {PROJECT}: no user can sign in",
    ]
    assert f"gcloud billing projects link {PROJECT} --billing-account=BILLING_ACCOUNT_ID" in ended.shown
    assert f"https://console.firebase.google.com/project/{PROJECT}/authentication" in ended.shown
    assert LOGIN_TOKEN not in ended.shown
    assert DEFAULT_TOKEN not in ended.shown
    assert google.storage.writes == []


def test_terraform_may_set_sign_in_up_in_place_of_the_console(checkout: Checkout, google: Google) -> None:
    google.billing[PROJECT] = None
    google.identity.api_keys.clear()
    checkout.set(region="europe-west1", identity_platform={"anonymous": True})
    assert faults(checkout.build("deploy", "--yes").shown) == ["Billing: off; nothing is built or served"]


def test_sign_in_that_somebody_else_has_set_up_is_not_overwritten(checkout: Checkout, google: Google) -> None:
    checkout.set(region="europe-west1", identity_platform={"anonymous": True})
    ended = checkout.build("deploy", "--yes")
    assert ended.code == 2, ended.shown
    assert f"{PROJECT} has Firebase Authentication outside of Terraform's state" in ended.shown
    assert "Nothing was planned." in ended.shown
    assert google.addresses == []


def test_a_sign_in_that_cannot_be_looked_at_is_not_overwritten(checkout: Checkout, hosts: GoogleHosts) -> None:
    checkout.set(region="europe-west1", identity_platform={"anonymous": True})
    with hosts.proxy.refusing("identitytoolkit.googleapis.com"):
        ended = checkout.build("deploy", "--yes")
    assert ended.code == 1, ended.shown
    assert f"Could not determine whether {PROJECT} has Firebase Authentication" in ended.shown
    assert "Nothing was planned" in ended.shown


def test_sign_in_that_terraform_has_made_is_its_own(tmp_path: Path) -> None:
    made = Resource("google_identity_platform_config.sign_in[0]", protected=False, abandoned=True)
    google = ScriptedGoogle({})  # which nobody asks
    require_sign_in_is_free(google, PROJECT, ProjectSettings.read(tmp_path, PROJECT), [made])


def test_a_look_that_is_refused_is_no_yes(checkout: Checkout, google: Google) -> None:
    google.billing.clear()
    google.projects["another-project"] = Project(NUMBER + 1)
    ended = checkout.build("deploy", "--yes", "--project", "another-project")
    assert ended.code == 1
    assert faults(ended.shown)[0] == "Billing: not checked: needs role roles/browser"
    assert "gcloud projects add-iam-policy-binding another-project" in ended.shown


def test_without_a_network_nobody_is_sent_to_log_in(checkout: Checkout, hosts: GoogleHosts) -> None:
    with hosts.proxy.refusing("oauth2.googleapis.com"), hosts.proxy.refusing("cloudresourcemanager.googleapis.com"):
        ended = checkout.build("deploy", "--yes")
    assert ended.code == 1
    assert faults(ended.shown) == ["Google cannot be reached."]
    assert "    Check the network, and HTTPS_PROXY if it is set." in ended.shown


ALL_IS_WELL = {
    "terraform version": Finished(0, '{"terraform_version": "1.11.0"}'),
    "gcloud projects describe": Finished(0, json.dumps({"projectNumber": "12", "lifecycleState": "ACTIVE"})),
}
"""Answers in the form of gcloud 528 and Terraform 1.11; the tests above have the real ones."""

BILLING_IS_ON = Found({"billingEnabled": True})
LOGGED_OUT = "You do not currently have an active account selected.\nPlease run:\n\n  $ gcloud auth login"
EXPIRED = "There was a problem refreshing your current auth tokens: Reauthentication failed."
REFUSED = "ERROR: (gcloud.projects.describe) UNAUTHENTICATED: Request had invalid authentication credentials."
FAILED = Finished(1, "", "words of the program")
CRASHED = (
    "ERROR: gcloud crashed (ProxyError): HTTPSConnectionPool(host='g', port=443): Max retries exceeded with url: /v1"
)


@pytest.mark.parametrize(
    ("line", "answer", "missing"),
    [
        ("gcloud projects describe", Finished(1, "", LOGGED_OUT), "gcloud is not logged in."),
        *(
            ("gcloud projects describe", Finished(1, "", said), "The login of gcloud has expired.")
            for said in (EXPIRED, REFUSED, f"{EXPIRED}\nPlease run:\n\n  $ gcloud auth login")
        ),
        ("terraform version", FAILED, "Terraform does not start."),
        ("terraform version", Finished(0, '{"terraform_version": "1.9.12"}'), "Terraform 1.9.12 is too old."),
        ("gcloud projects describe", FAILED, "Project my-app-1a2b does not exist, or this account cannot see it."),
        (
            "gcloud projects describe",
            Finished(0, json.dumps({"projectNumber": "12", "lifecycleState": "DELETE_REQUESTED"})),
            "Project my-app-1a2b is scheduled for deletion.",
        ),
        (
            "gcloud projects describe",
            Finished(-9, "", "gcloud did not answer within 120 s"),
            "Google cannot be reached.",
        ),
        ("gcloud projects describe", Finished(1, "", CRASHED), "Google cannot be reached."),
    ],
)
def test_each_thing_that_is_missing_alone_is_said_alone(
    tmp_path: Path, line: str, answer: Finished, missing: str
) -> None:
    with pytest.raises(PrerequisiteError) as refused:
        look(ALL_IS_WELL | {line: answer}, tmp_path)
    assert len(faults(str(refused.value))) == 1
    assert faults(str(refused.value))[0].startswith(missing)
    for said in answer.err.splitlines():
        assert said in str(refused.value)


@pytest.mark.parametrize(
    ("billing", "missing"),
    [
        (Unseen("an outage", "wait"), "Billing: not checked: an outage\n    wait"),
        (
            Found({"billingEnabled": False}),
            "Billing: off; nothing is built or served\n    gcloud billing projects link",
        ),
    ],
)
def test_billing_that_is_missing_alone_is_said_alone(tmp_path: Path, billing: Look, missing: str) -> None:
    with pytest.raises(PrerequisiteError) as refused:
        look(ALL_IS_WELL, tmp_path, billing=billing)
    assert len(faults(str(refused.value))) == 1
    assert f"  - {missing}" in str(refused.value)


@pytest.mark.parametrize("line", ["terraform version", "gcloud projects describe"])
@pytest.mark.parametrize("answer", ["", "Welcome to the wrapper\n{}", "[]"])
def test_an_answer_that_is_no_json_is_said_to_be_none(tmp_path: Path, line: str, answer: str) -> None:
    with pytest.raises(ProgramError, match=f"^{line.split()[0]} did not print a JSON object"):
        look(ALL_IS_WELL | {line: Finished(0, answer)}, tmp_path)


@pytest.mark.parametrize("region", [None, "europe-west1", "northamerica-northeast2", "us-central1"])
def test_regions_are_taken(tmp_path: Path, region: str | None) -> None:
    assert look(ALL_IS_WELL, tmp_path, region) == 12


@pytest.mark.parametrize("region", ["", "europe-west1-b", "eu", "EUROPE-WEST1", "--quiet", "europe"])
def test_what_is_no_region_is_not(tmp_path: Path, region: str) -> None:
    with pytest.raises(PrerequisiteError, match="is not a region"):
        look(ALL_IS_WELL, tmp_path, region)


@pytest.mark.parametrize(
    ("finding", "missing"),
    [
        (bad("Credentials: there are none", "log in"), "Credentials: there are none\n    Run: log in"),
        (
            unanswered("Credentials", Unseen("an outage")),
            "Google cannot be reached.\n      Credentials: not checked: an outage\n    Check the network",
        ),
    ],
)
def test_credentials_that_are_missing_alone_are_said_alone(tmp_path: Path, finding: Finding, missing: str) -> None:
    with pytest.raises(PrerequisiteError) as refused:
        look(ALL_IS_WELL, tmp_path, credentials=finding)
    assert len(faults(str(refused.value))) == 1
    assert f"  - {missing}" in str(refused.value)


def test_permissions_that_google_cannot_be_asked_about_are_a_warning_and_stop_nothing(tmp_path: Path) -> None:
    """One name that Google does not know would otherwise stop every deployment."""
    refused = Unseen("HTTP 400", status=400, code="INVALID_ARGUMENT")
    google = ScriptedGoogle(
        {"cloudbilling.googleapis.com": BILLING_IS_ON, "cloudresourcemanager.googleapis.com": refused}
    )
    programs = ScriptedPrograms({line: [answer] for line, answer in ALL_IS_WELL.items()})
    prerequisites = Prerequisites(programs, {}, PROJECT, lambda _project, _environment: google)
    ready = prerequisites.require_for_deploy(None, project_settings(tmp_path, IDENTITY_PLATFORM), has_signer=False)
    (warning,) = ready.warnings
    assert warning.startswith("Permissions: not checked: Google does not take one of the names")


@pytest.mark.parametrize(
    ("settings", "sets"),
    [
        (IDENTITY_PLATFORM, True),
        ("  identity_platform={}\n", True),
        ("# identity_platform = {}\n", False),
        ("identity_platform = null\n", False),
        ('labels = { note = "identity_platform" }\n', False),
        ("", False),
    ],
)
def test_only_a_setting_that_is_made_sets_sign_in_up(settings: str, sets: bool, tmp_path: Path) -> None:
    assert project_settings(tmp_path, settings).sets_sign_in_up is sets


def look(
    answers: dict[str, Finished],
    folder: Path,
    region: str | None = None,
    credentials: Finding | None = None,
    billing: Look = BILLING_IS_ON,
) -> int:
    """Look at what scripted programs and a scripted Google answer, where Terraform sets sign-in up."""
    settings = project_settings(folder, IDENTITY_PLATFORM)
    programs = ScriptedPrograms({line: [answer] for line, answer in answers.items()})
    google = ScriptedGoogle({"cloudbilling.googleapis.com": billing, **ALLOWED})
    prerequisites = Prerequisites(programs, {}, PROJECT, lambda _project, _environment: credentials or google)
    return prerequisites.require_for_deploy(region, settings, has_signer=False).number


def project_settings(module: Path, text: str) -> ProjectSettings:
    """Return the settings of the project, whose file says `text`."""
    (module / "projects").mkdir(exist_ok=True)
    (module / "projects" / f"{PROJECT}.tfvars").write_text(text, encoding="utf-8")
    return ProjectSettings.read(module, PROJECT)
