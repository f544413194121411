"""`deploy`: the steps from a project with billing to a function that issues tokens. Each step can be repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live_tokens_operations.checks.profiles import PROFILES, require_profiles
from live_tokens_operations.defaults import REGION
from live_tokens_operations.deploy.app_lines import lines_for_the_app
from live_tokens_operations.deploy.errors import DeclinedError, MisuseError
from live_tokens_operations.deploy.explanations import require_answer
from live_tokens_operations.deploy.infrastructure import Infrastructure
from live_tokens_operations.deploy.prerequisites import Prerequisites
from live_tokens_operations.deploy.programs import Programs
from live_tokens_operations.deploy.settings_files import SettingsFiles
from live_tokens_operations.deploy.smoke_test import SmokeStep
from live_tokens_operations.deploy.state_bucket import Found, StateBucket, write_backend
from live_tokens_operations.deploy.stored_key import StoredKey
from live_tokens_operations.deploy.terminal import Operator
from live_tokens_operations.deploy.terraform_commands import Terraform
from live_tokens_operations.deploy.traffic import Service
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Looks

# Terraform calls these two before it can switch any API on.
_SERVICES_OF_TERRAFORM = ("cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com")


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """The options of the operator.

    Attributes:
        region: None for the present region, or else the default.
        agreed: whether the plan is applied without a question.
        new_key: whether a key that is there is replaced.
    """

    project: str
    region: str | None
    agreed: bool
    new_key: bool
    smoke_options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deploy:
    """One deployment.

    Attributes:
        environment: may hold the key, and credentials for Terraform.
    """

    programs: Programs
    operator: Operator
    environment: Mapping[str, str] = field(repr=False)
    module: Path
    colour: bool

    def run(self, options: DeployOptions, smoke_test: SmokeStep) -> None:
        """Deploy.

        Raises:
            RefusedProfilesError: the function would not start. Nothing was done.
            DeployError: it stopped before the end. Completed steps stay, and the next run continues from there.
        """
        has_signer = smoke_test.require_options().has_signer
        self._title("Checking prerequisites")
        for warning in require_profiles(PROFILES):
            self.operator.say(f"Warning: {warning}")
        settings = SettingsFiles.read(self.module)
        settings.require_project(options.project)
        asked_region = settings.region_for(options.region)
        prerequisites = Prerequisites(self.programs, self.environment, options.project)
        number = prerequisites.require_for_up(asked_region, settings, has_signer=has_signer)
        bucket = StateBucket(self.programs, options.project, number)
        found = bucket.find()
        region = _region(options.project, asked_region, found)

        self._title(f"Terraform's state: gs://{bucket.name}")
        if found is None:
            bucket.make(region)
        if found is None or found.region is None:
            self._enable_services(options.project)
        write_backend(self.module, bucket.name, region)
        infrastructure = Infrastructure(self.programs, Terraform(self.module, options.project, region, self.colour))
        infrastructure.initialise()
        if settings.sets_sign_in_up:
            prerequisites.require_sign_in_is_free(settings, infrastructure.resources())

        self._title(f"Project {options.project}, region {region}")
        # The bucket remembers the region from here on, also where all is there already, and not when the answer is no.
        self._apply(infrastructure, options, lambda: bucket.complete(found, region))
        outputs = infrastructure.outputs()

        self._title("The Gemini API key")
        api = prerequisites.api()
        secret = outputs["secret_name"]
        stored = StoredKey(self.programs, api, self.operator, self.environment, secret, options.project)
        stored.provide(replace=options.new_key)
        if found is not None and found.region is not None:
            self.operator.say("\nThis updated the configuration. To deploy new code and profiles, run `make release`.")
        self._finish(outputs, options, api, smoke_test)

    def _enable_services(self, project: str) -> None:
        finished = self.programs.ask([*gcloud_commands.enable_services(project, _SERVICES_OF_TERRAFORM), "--quiet"])
        require_answer(finished, "The APIs could not be enabled")

    def _apply(self, infrastructure: Infrastructure, options: DeployOptions, agreed: Callable[[], None]) -> None:
        with infrastructure.planned() as plan:
            if plan is None:
                self.operator.say("No changes are necessary.")
                agreed()
                return
            if not options.agreed:
                self._ask()
            agreed()
            infrastructure.apply(plan)

    def _ask(self) -> None:
        if not self.operator.interactive:
            raise DeclinedError("No terminal to ask for confirmation. The plan was not applied. Add YES=1 (--yes).")
        if self.operator.ask("Apply this plan? [y/N] ").lower() not in ("y", "yes"):
            raise DeclinedError(
                "The plan was not applied. The state bucket, two enabled APIs and infra/backend.tf stay."
            )

    def _finish(self, outputs: Mapping[str, Any], options: DeployOptions, api: Looks, smoke_test: SmokeStep) -> None:
        url = outputs.get("load_balancer_url") or outputs["function_url"]
        self._title("For the app")
        self.operator.say(lines_for_the_app(url))
        if dashboard := outputs.get("dashboard_url"):
            self.operator.say(f"The dashboard: {dashboard}")
        if address := outputs.get("load_balancer_address"):
            self.operator.say(
                f"The domains of load_balancer must point to {address}. The smoke test fails until then, and for up to "
                "an hour after. Run this again later."
            )
        service = Service(api, outputs["function_name"], options.project, outputs["region"])
        service.require_newest_to_serve()
        self._title(f"Smoke test of {url}")
        waiting = "Roles and new keys need some minutes to take effect. The smoke test will run again shortly."
        smoke_test.require(url, lambda: self.operator.say(waiting))
        self._title("Done")

    def _title(self, text: str) -> None:
        self.operator.say(f"\n== {text}")


def _region(project: str, asked: str | None, found: Found | None) -> str:
    where_it_is = found.region if found else None
    if where_it_is and asked not in (None, where_it_is):
        raise MisuseError(
            f"The function of {project} is in {where_it_is}, and cannot be moved. Nothing was done. "
            f"Omit REGION, or delete the deployment first: make destroy PROJECT_ID={project}"
        )
    return where_it_is or asked or REGION
