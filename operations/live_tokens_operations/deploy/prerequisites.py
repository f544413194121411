"""What a deployment needs before it begins. All missing prerequisites are reported at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from live_tokens_operations.checks.billing import check_billing
from live_tokens_operations.checks.finding import Finding, Mark
from live_tokens_operations.checks.sign_in import check_authentication
from live_tokens_operations.defaults import REGION_PATTERN
from live_tokens_operations.deploy import terraform_commands
from live_tokens_operations.deploy.errors import MisuseError, PrerequisiteError, ProgramError
from live_tokens_operations.deploy.explanations import require_answer
from live_tokens_operations.deploy.infrastructure import Resource
from live_tokens_operations.deploy.programs import Finished, Programs, json_of
from live_tokens_operations.deploy.settings_files import SettingsFiles
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.credentials import Account, NoCredentialsError
from live_tokens_operations.google.look import Looks, Unseen
from live_tokens_operations.google.rest import GoogleApi
from live_tokens_operations.google.sign_in_config import HOST, SignInConfig, look_at

OLDEST_TERRAFORM = (1, 11)

_GCLOUD = "https://cloud.google.com/sdk/docs/install"
_TERRAFORM = "https://developer.hashicorp.com/terraform/install"
# Terraform's provider and its state take these in place of Application Default Credentials.
# https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference#authentication
_INSTEAD_OF_DEFAULT_CREDENTIALS = ("GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_CREDENTIALS")

# Messages of gcloud 528 without a network, and of this program.
_UNREACHABLE = re.compile(
    r"Max retries exceeded|Connection aborted|Connection reset|Read timed out|did not answer within"
)

_SIGN_IN = "google_identity_platform_config."


@dataclass(frozen=True, slots=True)
class Fault:
    """A missing prerequisite.

    Attributes:
        words: the output of a program about it, or empty.
    """

    missing: str
    remedy: str
    words: str = ""


def _google_api(access_token: str, project: str) -> Looks:
    return GoogleApi(Account.of_access_token(access_token, project), project)


@dataclass(frozen=True, slots=True)
class Prerequisites:
    """Checks a project and this machine.

    Attributes:
        environment: in which Terraform will look for credentials.
        ask_as: access token, project → the client of Google's APIs.
    """

    programs: Programs
    environment: Mapping[str, str] = field(repr=False)
    project: str
    ask_as: Callable[[str, str], Looks] = _google_api

    def require_for_up(self, region: str | None, settings: SettingsFiles, *, has_signer: bool = False) -> int:
        """Check that a deployment can begin.

        Args:
            region: the one that was asked for, or None.
            has_signer: whether a service account signs for the smoke test.

        Returns:
            The project's number.

        Raises:
            PrerequisiteError: something is missing. The message lists all of it.
        """
        of_project = (self._check_billing, self._check_authentication(settings, has_signer=has_signer))
        return self._require(_check_region(region), of_project)

    def require_sign_in_is_free(self, settings: SettingsFiles, resources: Iterable[Resource]) -> None:
        """Check that Terraform does not overwrite an existing sign-in configuration.

        Args:
            settings: the operator's own, which set identity_platform.

        Raises:
            MisuseError: Terraform would overwrite it.
            ProgramError: the configuration could not be read.

        Source: https://github.com/hashicorp/terraform-provider-google/issues/19774
        """
        if any(each.address.startswith(_SIGN_IN) for each in resources):
            return
        file = settings.file_of("identity_platform")
        look = look_at(self.api(), self.project)
        if isinstance(look, Unseen) and look.reason != "SERVICE_DISABLED":
            text = f"Could not determine whether {self.project} has Firebase Authentication: {HOST}: {look.codes}\n"
            text += f"Nothing was planned, because {file} sets identity_platform."
            raise ProgramError(text)
        if isinstance(look, SignInConfig):
            raise MisuseError(
                f"{self.project} has Firebase Authentication outside of Terraform's state, and "
                f"{file} sets identity_platform: that may upgrade it to Identity Platform, which is billed "
                "differently, and overwrite its settings. Nothing was planned.\n"
                f"Remove identity_platform from {file}. If Identity Platform is on, import it: see infra/README.md."
            )

    def api(self) -> Looks:
        """Return a client of Google's APIs with the account of gcloud.

        Raises:
            ProgramError: gcloud is not logged in.
        """
        finished = self.programs.ask(gcloud_commands.access_token())
        require_answer(finished, "gcloud is no longer logged in")
        return self.ask_as(finished.out.strip(), self.project)

    def require_for_down(self) -> int:
        """Check that everything can be deleted, and return the project's number.

        Raises:
            PrerequisiteError: something is missing. The message lists all of it.
        """
        return self._require([], ())

    def _require(self, faults: list[Fault], of_project: Iterable[_Check]) -> int:
        on_machine = [self._check_terraform, self._check_default_credentials]
        with ThreadPoolExecutor() as looking:
            looks = [looking.submit(check) for check in on_machine]
            token = self._access_token(faults)
            faults += [fault for look in looks for fault in look.result()]
            number = 0
            if token:
                api = self.ask_as(token, self.project)
                # A missing project has no billing either: one message is enough.
                looks = [looking.submit(check, api) for check in of_project]
                number, of_its_own = self._project_number()
                faults += of_its_own or [fault for look in looks for fault in look.result()]
        if faults:
            raise PrerequisiteError(_said(faults))
        return number

    def _access_token(self, faults: list[Fault]) -> str:
        if not self.programs.has("gcloud"):
            faults.append(Fault("gcloud is missing.", f"Install it: {_GCLOUD}, then run: gcloud auth login"))
            return ""
        finished = self.programs.ask(gcloud_commands.access_token())
        if finished.code != 0:
            faults.append(_failed(finished, "gcloud is not logged in.", "Run: gcloud auth login"))
        return finished.out.strip()

    def _check_terraform(self) -> list[Fault]:
        wanted = ".".join(map(str, OLDEST_TERRAFORM))
        if not self.programs.has("terraform"):
            return [Fault("Terraform is missing.", f"Install {wanted} or newer: {_TERRAFORM}")]
        finished = self.programs.ask(terraform_commands.version())
        if finished.code != 0:
            return [Fault("Terraform does not start.", f"Install {wanted} or newer: {_TERRAFORM}", finished.err)]
        version = str(json_of("terraform", finished)["terraform_version"])
        if tuple(int(part) for part in re.findall(r"[0-9]+", version)[:2]) < OLDEST_TERRAFORM:
            return [Fault(f"Terraform {version} is too old.", f"Install {wanted} or newer: {_TERRAFORM}")]
        return []

    def _check_default_credentials(self) -> list[Fault]:
        if any(self.environment.get(name) for name in _INSTEAD_OF_DEFAULT_CREDENTIALS):
            return []
        if not self.programs.has("gcloud"):
            return []  # already reported, and gcloud is the only way to get them
        finished = self.programs.ask(gcloud_commands.application_default_token())
        if finished.code == 0:
            return []
        remedy = "Run: gcloud auth application-default login"
        return [_failed(finished, "Terraform needs Application Default Credentials, and there are none.", remedy)]

    def _project_number(self) -> tuple[int, list[Fault]]:
        finished = self.programs.ask(gcloud_commands.describe_project(self.project))
        if finished.code != 0:
            remedy = "Check the id (gcloud projects list) and the account (gcloud auth list), or create the project: "
            remedy += f"gcloud projects create {self.project}"
            return 0, [
                _failed(finished, f"Project {self.project} does not exist, or this account cannot see it.", remedy)
            ]
        described = json_of("gcloud", finished)
        if described.get("lifecycleState") != "ACTIVE":
            remedy = f"Run: gcloud projects undelete {self.project}"
            return 0, [Fault(f"Project {self.project} is scheduled for deletion.", remedy)]
        return int(described["projectNumber"]), []

    def _check_billing(self, api: Looks) -> list[Fault]:
        return _faults_of(check_billing(api, self.project))

    def _check_authentication(self, settings: SettingsFiles, *, has_signer: bool) -> _Check:
        def check(api: Looks) -> list[Fault]:
            if settings.sets_sign_in_up:
                return []
            match check_authentication(api, self.project):
                case SignInConfig(email_sign_up=email_sign_up):
                    return [] if email_sign_up or has_signer else self._check_signer()
                case finding:
                    return _faults_of(finding)

        return check

    def _check_signer(self) -> list[Fault]:
        """Without sign-up with e-mail and password, a person's smoke test cannot create its user."""
        try:
            if self.environment.get("ID_TOKEN") or Account.find(self.project).service_account is not None:
                return []
        except NoCredentialsError:
            return []  # already reported
        signer = f"live-tokens-release@{self.project}.iam.gserviceaccount.com"
        return [
            Fault(
                f"{self.project} does not allow sign-up with e-mail and password, which your smoke test needs.",
                f"Run: make deploy PROJECT_ID={self.project} SMOKE_OPTIONS=--service-account={signer}\n"
                "    The deployment creates that account. Grant yourself Service Account Token Creator on it, and run\n"
                "    the same command again. docs/smoke-test.md, “Who signs in”, has the grant and an alternative.",
            )
        ]


_Check = Callable[[Looks], list[Fault]]
"""Asks Google, and returns what is missing."""


def _faults_of(finding: Finding) -> list[Fault]:
    return [] if finding.mark is Mark.OK else [Fault(finding.text, finding.remedy)]


def _check_region(region: str | None) -> list[Fault]:
    if region is None or re.fullmatch(REGION_PATTERN, region):
        return []
    return [Fault(f"{region!r} is not a region.", "Use a region such as europe-west1 or us-central1, not a zone")]


def _failed(finished: Finished, missing: str, remedy: str) -> Fault:
    """Return the fault behind a failure of gcloud. If Google did not answer, that is the fault."""
    if _UNREACHABLE.search(finished.err):
        remedy = "Check the network, and HTTPS_PROXY if it is set. Then run this again"
        return Fault("Google cannot be reached.", remedy, finished.err)
    return Fault(missing, remedy, finished.err)


def _said(faults: list[Fault]) -> str:
    lines = ["Nothing was done. Missing prerequisites:"]
    # Without a network, several checks report the same.
    for fault in {fault.missing: fault for fault in faults}.values():
        lines += [f"  - {fault.missing}", *(f"      {line}" for line in fault.words.strip().splitlines())]
        lines.append(f"    {fault.remedy}")
    return "\n".join(lines)
