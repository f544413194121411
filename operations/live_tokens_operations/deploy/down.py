"""`destroy`: takes away what `deploy` has made, once the operator has typed the project's id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from live_tokens_operations.deploy.errors import DeclinedError, MisuseError
from live_tokens_operations.deploy.infrastructure import Infrastructure, Resource
from live_tokens_operations.deploy.prerequisites import Prerequisites
from live_tokens_operations.deploy.programs import Programs
from live_tokens_operations.deploy.settings_files import SettingsFiles
from live_tokens_operations.deploy.state_bucket import StateBucket, write_backend
from live_tokens_operations.deploy.terminal import Operator
from live_tokens_operations.deploy.terraform_commands import Terraform
from live_tokens_operations.google import gcloud_commands

# Terraform forgets these, and the project keeps them.
_KEPT_BY_THE_PROJECT = (
    "google_project_service.",
    "google_project_service_identity.",
    "google_firebase_project.",
    "google_identity_platform_config.",
)
_NOTHING_IN_THE_PROJECT = ("time_sleep.", "time_static.")

_STAYS = """\
What stays: the project, its APIs, its Firebase users, sign-in settings and every app that is not in the list, its own
logs, and the state bucket with the history of the state. Google itself keeps some of what is deleted for some days,
such as log buckets."""


@dataclass(frozen=True, slots=True)
class Destroy:
    """Takes one deployment away.

    Attributes:
        environment: may hold credentials for Terraform.
    """

    programs: Programs
    operator: Operator
    environment: Mapping[str, str] = field(repr=False)
    module: Path
    colour: bool

    def run(self, project: str, confirmed: str | None) -> None:
        """Take everything away.

        Args:
            confirmed: the same once more, where nobody is there to type it; None asks.

        Raises:
            DeployError: it stopped before the end. The next run goes on from there.
        """
        if confirmed not in (None, project):
            raise MisuseError(f"CONFIRM (--confirm) names {confirmed}, not {project}. Nothing was done.")
        if confirmed is None and not self.operator.interactive:
            raise DeclinedError(f"There is no terminal to ask at. Nothing was done. Add CONFIRM={project} (--confirm).")
        SettingsFiles.read(self.module).require_project(project)
        number = Prerequisites(self.programs, self.environment, project).require_for_down()
        bucket = StateBucket(self.programs, project, number)
        found = bucket.find()
        if found is None or found.region is None:
            self.operator.say(
                f"Nothing is deployed in {project}, as far as the state bucket {bucket.name} knows. "
                f"If there is something: make deploy PROJECT_ID={project} finds it, and then this does."
            )
            return
        write_backend(self.module, bucket.name, found.region)
        infrastructure = Infrastructure(self.programs, Terraform(self.module, project, found.region, self.colour))
        infrastructure.initialise()
        resources = infrastructure.resources()
        if resources:
            self.operator.say(_what_goes(project, found.region, resources))
            if confirmed is None and self.operator.ask("Type the id of the project to go on: ") != project:
                raise DeclinedError("That is not the id. Nothing was done.")
            infrastructure.take_away(resources)
        bucket.forget_region()
        self.operator.say(_what_is_left(bucket.name, self.module))


def _what_goes(project: str, region: str, resources: list[Resource]) -> str:
    kept = _KEPT_BY_THE_PROJECT + _NOTHING_IN_THE_PROJECT
    going = [resource for resource in resources if not resource.abandoned and not resource.address.startswith(kept)]
    lines = (
        f"\nThis goes from {project}, {region}, for good. Apps that call the function get no answer any more;",
        "the stored Gemini API key, quotas and stop switches are lost:",
        *(f"  - {resource.address}" for resource in going),
        _STAYS,
    )
    return "\n".join(lines)


def _what_is_left(bucket: str, module: Path) -> str:
    remove = " ".join(gcloud_commands.remove_bucket(bucket))
    return f"\nGone.\n{_STAYS}\nIf you want the state's history gone, too: {remove} && rm {module / 'backend.tf'}"
