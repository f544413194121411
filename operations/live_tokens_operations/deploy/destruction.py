"""`destroy`: deletes what `deploy` created, after the operator has typed the project's id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from live_tokens_operations.deploy.applied_settings import Applied, require_settings
from live_tokens_operations.deploy.errors import DeclinedError, MisuseError
from live_tokens_operations.deploy.prerequisites import Prerequisites
from live_tokens_operations.deploy.project_settings import ProjectSettings
from live_tokens_operations.deploy.state_bucket import StateBucket, require_state_in_bucket
from live_tokens_operations.deploy.terminal import Operator
from live_tokens_operations.deploy.terraform import Resource, Terraform
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.programs import Programs

# Terraform removes these from its state, but the project keeps them.
_KEPT_BY_THE_PROJECT = (
    "google_project_service.",
    "google_project_service_identity.",
    "google_firebase_project.",
    "google_identity_platform_config.",
)
_NOTHING_IN_THE_PROJECT = ("time_sleep.", "time_static.")

_STAYS = """\
What stays: the project, its APIs, its Firebase users, sign-in settings and all apps that are not in the list, its own
logs, and the state bucket with the history of the state. Google keeps some deleted resources, such as log buckets, for
some days."""


@dataclass(frozen=True, slots=True)
class Destroy:
    """Deletes one deployment.

    Attributes:
        environment: may hold credentials for Terraform.
    """

    programs: Programs
    operator: Operator
    environment: Mapping[str, str] = field(repr=False)
    module: Path
    colour: bool

    def run(self, project: str, confirmed: str | None) -> None:
        """Delete everything.

        Args:
            confirmed: the same id, to skip the question; None asks.

        Raises:
            DeployError, ProgramError: it stopped before the end. The next run goes on from there.
        """
        if confirmed not in (None, project):
            raise MisuseError(f"CONFIRM (--confirm) names {confirmed}, not {project}. Nothing was done.")
        if confirmed is None and not self.operator.interactive:
            raise DeclinedError(
                f"No terminal to ask for confirmation. Nothing was done. Add CONFIRM={project} (--confirm)."
            )
        settings = ProjectSettings.read(self.module, project)
        ready = Prerequisites(self.programs, self.environment, project).require_for_destroy()
        bucket = StateBucket(self.programs, project, ready.number)
        found = bucket.find()
        if found is None or found.region is None:
            self.operator.say(
                f"Nothing is deployed in {project}, according to the state bucket {bucket.name}. "
                f"If a deployment exists, run make deploy PROJECT_ID={project} to find it, and then this command."
            )
            return
        kept = bucket.applied_settings(found.region)
        # The protection is removed by an apply, which would bring the defaults in place of the settings.
        require_settings(settings, found.region, kept.read(ready.api))
        require_state_in_bucket(self.module, bucket.name, found.region)
        terraform = Terraform(self.programs, self.module, settings, found.region, self.colour)
        terraform.initialise(bucket.name)
        resources = terraform.resources()
        if resources:
            self.operator.say(_what_goes(project, found.region, resources))
            if confirmed is None and self.operator.ask("Type the id of the project to continue: ") != project:
                raise DeclinedError("That is not the id. Nothing was done.")
            terraform.destroy(resources)
        kept.keep(Applied({}, ""))
        bucket.forget_region()
        self.operator.say(_what_is_left(bucket.name))


def _what_goes(project: str, region: str, resources: list[Resource]) -> str:
    kept = _KEPT_BY_THE_PROJECT + _NOTHING_IN_THE_PROJECT
    going = [resource for resource in resources if not resource.abandoned and not resource.address.startswith(kept)]
    lines = (
        f"\nThis will be deleted permanently from {project}, {region}. Apps can no longer call the function.",
        "The stored Gemini API key, quotas and stop switches will be lost:",
        *(f"  - {resource.address}" for resource in going),
        _STAYS,
    )
    return "\n".join(lines)


def _what_is_left(bucket: str) -> str:
    remove = " ".join(gcloud_commands.remove_bucket(bucket))
    return f"\nDeleted.\n{_STAYS}\nTo delete the history of the state too: {remove}"
