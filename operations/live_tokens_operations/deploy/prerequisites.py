"""What a deployment needs before it begins. All missing prerequisites are reported together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from live_tokens_operations.checks.billing import check_billing
from live_tokens_operations.checks.credentials import check_credentials
from live_tokens_operations.checks.deployer import check_deployer
from live_tokens_operations.checks.finding import Finding, Mark
from live_tokens_operations.checks.sign_in import check_authentication
from live_tokens_operations.defaults import REGION_PATTERN, release_account
from live_tokens_operations.deploy import terraform
from live_tokens_operations.deploy.errors import MisuseError, PrerequisiteError, UnansweredError
from live_tokens_operations.deploy.project_settings import ProjectSettings
from live_tokens_operations.deploy.terraform import Resource
from live_tokens_operations.google.gcloud import CHECK_NETWORK, UNREACHABLE, GcloudError, project_number
from live_tokens_operations.google.look import Looks, Unseen
from live_tokens_operations.google.sign_in_config import HOST, SignInConfig, look_at
from live_tokens_operations.programs import Programs, read_json

OLDEST_TERRAFORM = (1, 11)

_TERRAFORM = "https://developer.hashicorp.com/terraform/install"
_SIGN_IN = "google_identity_platform_config."


@dataclass(frozen=True, slots=True)
class Fault:
    """A missing prerequisite.

    Attributes:
        output: of a program about it, or empty.
        stops: whether nothing is done because of it. Otherwise the operator is warned.
    """

    missing: str
    remedy: str
    output: str = ""
    stops: bool = True


@dataclass(frozen=True, slots=True)
class ReadyProject:
    """A project in which a deployment can begin.

    Attributes:
        api: Google's APIs, with the credentials that Terraform uses.
        warnings: what could be wrong.
    """

    number: int
    api: Looks
    warnings: tuple[str, ...] = ()


CheckCredentials = Callable[[str, Mapping[str, str]], Looks | Finding]
"""Project, environment → Google's APIs, or the finding that there are no credentials."""

_Check = Callable[[Looks], list[Fault]]
"""Asks Google, and returns what is missing."""


@dataclass(frozen=True, slots=True)
class Prerequisites:
    """Checks a project and this machine.

    Attributes:
        environment: in which Terraform will look for credentials.
    """

    programs: Programs
    environment: Mapping[str, str] = field(repr=False)
    project: str
    check_credentials: CheckCredentials = check_credentials

    def require_for_deploy(self, region: str | None, settings: ProjectSettings, *, has_signer: bool) -> ReadyProject:
        """Check that a deployment can begin.

        Args:
            region: the one that was asked for, or None.
            has_signer: whether a service account signs for the smoke test.

        Raises:
            PrerequisiteError: something is missing. The message lists all of it.
        """
        of_project = (
            self._check_billing,
            lambda api: _faults_of(check_deployer(api, self.project)),
            self._check_authentication(settings, has_signer=has_signer),
        )
        return self._require(_check_region(region), of_project)

    def require_for_destroy(self) -> ReadyProject:
        """Check that everything can be deleted.

        Raises:
            PrerequisiteError: something is missing. The message lists all of it.
        """
        return self._require([], ())

    def _require(self, faults: list[Fault], of_project: Iterable[_Check]) -> ReadyProject:
        with ThreadPoolExecutor() as pool:
            on_machine, number = pool.submit(self._check_terraform), pool.submit(self._project_number)
            api = self.check_credentials(self.project, self.environment)
            checks = [] if isinstance(api, Finding) else [pool.submit(check, api) for check in of_project]
            found = number.result()
            faults += [*(found if isinstance(found, list) else []), *on_machine.result()]
            if isinstance(api, Finding):
                faults.append(_credentials_fault(api))
            elif not isinstance(found, list):  # a missing project has no billing either: one message is enough
                faults += [fault for check in checks for fault in check.result()]
        stopping = [fault for fault in faults if fault.stops]
        if stopping or isinstance(api, Finding) or isinstance(found, list):
            raise PrerequisiteError(_message(stopping))
        return ReadyProject(found, api, tuple(f"{each.missing}. {each.remedy}." for each in faults if not each.stops))

    def _check_terraform(self) -> list[Fault]:
        wanted = ".".join(map(str, OLDEST_TERRAFORM))
        if not self.programs.has("terraform"):
            return [Fault("Terraform is missing.", f"Install {wanted} or newer: {_TERRAFORM}")]
        finished = self.programs.ask(terraform.VERSION)
        if finished.code != 0:
            return [Fault("Terraform does not start.", f"Install {wanted} or newer: {_TERRAFORM}", finished.err)]
        version = str(read_json("terraform", finished)["terraform_version"])
        if tuple(int(part) for part in re.findall(r"[0-9]+", version)[:2]) < OLDEST_TERRAFORM:
            return [Fault(f"Terraform {version} is too old.", f"Install {wanted} or newer: {_TERRAFORM}")]
        return []

    def _project_number(self) -> int | list[Fault]:
        try:
            return project_number(self.programs, self.project)
        except GcloudError as error:
            return [Fault(error.text, error.remedy, error.output)]

    def _check_billing(self, api: Looks) -> list[Fault]:
        return _faults_of(check_billing(api, self.project))

    def _check_authentication(self, settings: ProjectSettings, *, has_signer: bool) -> _Check:
        def check(api: Looks) -> list[Fault]:
            if settings.sets_sign_in_up:
                return []
            match check_authentication(api, self.project):
                case SignInConfig(email_sign_up=email_sign_up):
                    return [] if email_sign_up or has_signer else self._check_signer(api)
                case finding:
                    return _faults_of(finding)

        return check

    def _check_signer(self, api: Looks) -> list[Fault]:
        """Without sign-up with e-mail and password, a person's smoke test cannot create its user."""
        if self.environment.get("ID_TOKEN") or api.service_account is not None:
            return []
        signer = release_account(self.project)
        return [
            Fault(
                f"{self.project} does not allow sign-up with e-mail and password, which your smoke test needs.",
                f"Run: make deploy PROJECT_ID={self.project} SMOKE_OPTIONS=--service-account={signer}\n"
                "    The deployment creates that account. Grant yourself Service Account Token Creator on it, and run\n"
                "    the same command again. docs/smoke-test.md, “Who signs in”, has the grant and an alternative.",
            )
        ]


def require_sign_in_is_free(api: Looks, project: str, settings: ProjectSettings, resources: Iterable[Resource]) -> None:
    """Check that Terraform does not overwrite an existing sign-in configuration.

    Args:
        settings: the operator's own, which set identity_platform.

    Raises:
        MisuseError: Terraform would overwrite it.
        UnansweredError: the configuration could not be read.

    Source: https://github.com/hashicorp/terraform-provider-google/issues/19774
    """
    if any(each.address.startswith(_SIGN_IN) for each in resources):
        return
    look = look_at(api, project)
    if isinstance(look, Unseen) and look.reason != "SERVICE_DISABLED":
        text = f"Could not determine whether {project} has Firebase Authentication: {HOST}: {look.codes}\n"
        text += f"Nothing was planned, because {settings.name} sets identity_platform."
        raise UnansweredError(text)
    if isinstance(look, SignInConfig):
        raise MisuseError(
            f"{project} has Firebase Authentication outside of Terraform's state, and "
            f"{settings.name} sets identity_platform: that may upgrade it to Identity Platform, which is billed "
            "differently, and overwrite its settings. Nothing was planned.\n"
            f"Remove identity_platform from {settings.name}. "
            "If Identity Platform is on, import it: see infra/README.md."
        )


def _faults_of(finding: Finding) -> list[Fault]:
    if finding.mark is Mark.OK:
        return []
    return [Fault(finding.text, finding.remedy, stops=finding.mark is not Mark.WARN)]


def _check_region(region: str | None) -> list[Fault]:
    if region is None or re.fullmatch(REGION_PATTERN, region):
        return []
    return [Fault(f"{region!r} is not a region.", "Use a region such as europe-west1 or us-central1, not a zone")]


def _credentials_fault(finding: Finding) -> Fault:
    if finding.mark is Mark.UNSEEN:
        return Fault(UNREACHABLE, CHECK_NETWORK, finding.text)
    return Fault(finding.text, f"Run: {finding.remedy}")


def _message(faults: list[Fault]) -> str:
    lines = ["Nothing was done. Missing prerequisites:"]
    # Without a network, several checks report the same.
    for fault in {fault.missing: fault for fault in faults}.values():
        lines += [f"  - {fault.missing}", *(f"      {line}" for line in fault.output.strip().splitlines())]
        lines.append(f"    {fault.remedy}")
    return "\n".join(lines)
