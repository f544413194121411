"""Where sign-up with e-mail and password is off, a person is told of it before anything is done, not at the end."""

from pathlib import Path

import pytest

from live_tokens_operations.checks.credentials import check_credentials
from live_tokens_operations.deploy.errors import PrerequisiteError
from live_tokens_operations.deploy.prerequisites import CheckCredentials, Prerequisites
from live_tokens_operations.deploy.project_settings import ProjectSettings
from live_tokens_operations.google.look import Found
from live_tokens_operations.smoke.command import SmokeTest
from operations.deploy.google import PROJECT, Google
from operations.deploy.scripted import ALLOWED, ScriptedGoogle, ScriptedPrograms
from operations.deploy.test_prerequisites import ALL_IS_WELL, faults
from support.google_hosts.hosts import GoogleHosts
from support.user_credentials import user_credentials

SIGNER = f"live-tokens-release@{PROJECT}.iam.gserviceaccount.com"


@pytest.fixture
def operator_environment(hosts: GoogleHosts, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of somebody whose Google is the one of the test."""
    for name, value in hosts.environment.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def a_person(operator_environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    operator_environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(user_credentials(tmp_path / "adc.json")))


def look(folder: Path, *smoke_options: str, check: CheckCredentials = check_credentials, **environment: str) -> int:
    """Look at what a deployment needs, where everything is well but perhaps sign-in."""
    programs = ScriptedPrograms({line: [answer] for line, answer in ALL_IS_WELL.items()})
    settings = ProjectSettings.read(folder, PROJECT)
    has_signer = SmokeTest.read(["https://function.example", *smoke_options]).has_signer
    ready = Prerequisites(programs, environment, PROJECT, check).require_for_deploy(
        None, settings, has_signer=has_signer
    )
    return ready.number


@pytest.mark.usefixtures("a_person")
@pytest.mark.parametrize("closed", ["email", "sign-ups"])
def test_a_person_is_told_who_can_sign_for_the_smoke_test(closed: str, google: Google, tmp_path: Path) -> None:
    google.identity.sign_in.sign_ups = closed != "sign-ups"
    google.identity.sign_in.methods.difference_update({closed})

    with pytest.raises(PrerequisiteError) as refused:
        look(tmp_path)

    (fault,) = faults(str(refused.value))
    assert fault.startswith(f"{PROJECT} does not allow sign-up with e-mail and password")
    assert f"make deploy PROJECT_ID={PROJECT} SMOKE_OPTIONS=--service-account={SIGNER}" in str(refused.value)
    assert "docs/smoke-test.md" in str(refused.value)


@pytest.mark.usefixtures("a_person")
def test_where_somebody_may_sign_up_nobody_need_sign(google: Google, tmp_path: Path) -> None:
    assert google.identity.sign_in.sign_ups
    assert look(tmp_path) == 12


@pytest.mark.usefixtures("a_person")
def test_who_names_a_signer_or_brings_a_user_goes_on(google: Google, tmp_path: Path) -> None:
    google.identity.sign_in.methods.clear()

    assert look(tmp_path, f"--service-account={SIGNER}") == 12
    assert look(tmp_path, "--service-account", SIGNER) == 12
    assert look(tmp_path, ID_TOKEN="made-up") == 12


def test_a_service_account_signs_by_itself(tmp_path: Path) -> None:
    google = ScriptedGoogle(
        {
            "cloudbilling.googleapis.com": Found({"billingEnabled": True}),
            "identitytoolkit.googleapis.com": Found({}),
            **ALLOWED,
        },
        service_account=SIGNER,
    )

    assert look(tmp_path, check=lambda _project, _environment: google) == 12


def test_the_account_that_is_named_is_the_one_that_the_module_makes() -> None:
    accounts = (Path(__file__).parents[3] / "infra/accounts.tf").read_text(encoding="utf-8")

    assert f'"{SIGNER.partition("@")[0]}"' in accounts
