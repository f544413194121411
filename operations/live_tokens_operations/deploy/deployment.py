"""`deploy`: the steps from a project with billing to a function that issues tokens. Each step can be repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live_tokens.profiles import CheckedProfile
from live_tokens_operations.bill_table import bill_table, worst_days
from live_tokens_operations.checks.profiles import PROFILES, require_profiles, warnings_of
from live_tokens_operations.defaults import REGION
from live_tokens_operations.deploy.audit_configuration import require_no_other_audit_configuration
from live_tokens_operations.deploy.direct_url import require_open_url
from live_tokens_operations.deploy.errors import DeclinedError, MisuseError
from live_tokens_operations.deploy.explanations import require_answer
from live_tokens_operations.deploy.prerequisites import Prerequisites, require_sign_in_is_free
from live_tokens_operations.deploy.public import InvokerCheck
from live_tokens_operations.deploy.settings_files import SettingsFiles
from live_tokens_operations.deploy.smoke_test import SmokeStep
from live_tokens_operations.deploy.state_bucket import Found, StateBucket, write_backend
from live_tokens_operations.deploy.stored_key import StoredKey
from live_tokens_operations.deploy.terminal import Operator
from live_tokens_operations.deploy.terraform import Terraform
from live_tokens_operations.deploy.traffic import require_newest_to_serve
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Looks
from live_tokens_operations.programs import Programs

_LINES_FOR_THE_APP = """\
The function: {url}

In the React Native app (complete example: README.md, “Connect from your app”):

  const takeLiveToken = httpsCallableFromUrl(getFunctions(getApp()), '{url}');

  const {{ data: live }} = await takeLiveToken();
  const socket = new WebSocket(live.websocketUrl);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => socket.send(JSON.stringify({{ setup: live.setup }}));
"""
_NEXT_STEP = """\
The load balancer is made, and the function's own URL stays open. Next:
  1. Point its domains to {address}. The certificate becomes active within an hour after that.
  2. When {domain_url} answers, let apps call it in place of {url}.
  3. When none calls the old one any more, set close_direct = true in load_balancer, and run this again."""
_NOBODY_IS_TOLD = (
    "Nobody is told when an alert opens: set alert_emails or notification_channels in infra/terraform.tfvars, and run "
    "this again."
)
# Terraform calls these two before it can switch any API on.
_SERVICES_OF_TERRAFORM = ("cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com")


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """What the operator asked for.

    Attributes:
        region: None for the present region, or the default if there is none.
        agreed: whether the plan is applied without a question.
        new_key: whether a stored key is replaced.
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
            DeployError, ProgramError: it stopped early. Completed steps stay, and the next run continues from there.
        """
        has_signer = smoke_test.require_options().has_signer
        self._title("Checking prerequisites")
        checked = require_profiles(PROFILES)
        for warning in warnings_of(checked):
            self.operator.say(f"Warning: {warning}")
        settings = SettingsFiles.read(self.module)
        settings.require_project(options.project)
        asked_region = settings.region_for(options.region)
        prerequisites = Prerequisites(self.programs, self.environment, options.project)
        ready = prerequisites.require_for_deploy(asked_region, settings, has_signer=has_signer)
        bucket = StateBucket(self.programs, options.project, ready.number)
        found = bucket.find()
        region = _region(options.project, asked_region, found)

        self._title(f"Terraform's state: gs://{bucket.name}")
        if found is None:
            bucket.make(region)
        if found is None or found.region is None:
            self._enable_services(options.project)
        write_backend(self.module, bucket.name, region)
        terraform = Terraform(self.programs, self.module, options.project, region, self.colour)
        terraform.initialise()
        if settings.sets_sign_in_up:
            require_sign_in_is_free(ready.api, options.project, settings, terraform.resources())

        self._title(f"Project {options.project}, region {region}")
        # The bucket remembers the region from here on, also where all is there already, and not when the answer is no.
        self._apply(terraform, ready.api, options, checked, lambda: bucket.complete(found, region))
        outputs = terraform.outputs()
        if still_open := InvokerCheck(self.programs, ready.api, options.project).require_as_set(outputs):
            self.operator.say(still_open)

        self._title("The Gemini API key")
        secret = outputs["secret_name"]
        stored = StoredKey(self.programs, ready.api, self.operator, self.environment, secret, options.project)
        stored.provide(replace=options.new_key)
        if found is not None and found.region is not None:
            self.operator.say("\nThis updated the configuration. To deploy new code and profiles, run `make release`.")
        self._finish(outputs, options, ready.api, smoke_test)

    def _enable_services(self, project: str) -> None:
        finished = self.programs.ask([*gcloud_commands.enable_services(project, _SERVICES_OF_TERRAFORM), "--quiet"])
        require_answer(finished, "The APIs could not be enabled")

    def _apply(
        self,
        terraform: Terraform,
        api: Looks,
        options: DeployOptions,
        checked: Sequence[CheckedProfile],
        agreed: Callable[[], None],
    ) -> None:
        with terraform.planned(worst_days(checked)) as plan:
            if plan is None:
                self.operator.say("No changes are necessary.")
                agreed()
                return
            changes = terraform.read(plan)
            require_open_url(changes, api, options.project)
            require_no_other_audit_configuration(changes, api, options.project)
            invoker_check = InvokerCheck(self.programs, api, options.project)
            invoker_check.require_possible(changes)
            self.operator.say(f"\n{bill_table(checked)}\n")
            if not options.agreed:
                self._ask()
            agreed()
            terraform.apply(plan)

    def _ask(self) -> None:
        if not self.operator.interactive:
            raise DeclinedError("No terminal to ask for confirmation. The plan was not applied. Add YES=1 (--yes).")
        if self.operator.ask("Apply this plan? [y/N] ").lower() not in ("y", "yes"):
            raise DeclinedError(
                "The plan was not applied. The state bucket, two enabled APIs and infra/backend.tf stay."
            )

    def _finish(self, outputs: Mapping[str, Any], options: DeployOptions, api: Looks, smoke_test: SmokeStep) -> None:
        url = outputs.get("app_url") or outputs["function_url"]
        self._title("For the app")
        self.operator.say(_LINES_FOR_THE_APP.format(url=url))
        if dashboard := outputs.get("dashboard_url"):
            self.operator.say(f"The dashboard: {dashboard}")
        domain_url = outputs.get("load_balancer_url")
        if domain_url and domain_url != url:
            self.operator.say(
                _NEXT_STEP.format(address=outputs["load_balancer_address"], domain_url=domain_url, url=url)
            )
        require_newest_to_serve(api, options.project, outputs["region"], outputs["function_name"])
        self._title(f"Smoke test of {url}")
        waiting = "Roles and new keys need some minutes to take effect. The smoke test will run again shortly."
        smoke_test.require(url, lambda: self.operator.say(waiting))
        self._title("Done")
        if outputs.get("alert_recipients") == 0:
            self.operator.say(_NOBODY_IS_TOLD)

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
