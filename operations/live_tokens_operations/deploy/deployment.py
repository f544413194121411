"""`deploy`: the steps from a project with billing to a function that issues tokens. Each step can be repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live_tokens.profiles import CheckedProfile
from live_tokens.release import RELEASE_FILE
from live_tokens_operations.bill_table import bill_table, worst_days
from live_tokens_operations.checks.checkout import blob_of
from live_tokens_operations.checks.profiles import PROFILES, require_profiles, warnings_of
from live_tokens_operations.defaults import REGION, REGION_PATTERN
from live_tokens_operations.deploy.accidents import Accident, Danger, dangers_of
from live_tokens_operations.deploy.applied_settings import Applied, contradiction, require_settings
from live_tokens_operations.deploy.audit_configuration import require_no_other_audit_configuration
from live_tokens_operations.deploy.direct_url import require_open_url
from live_tokens_operations.deploy.errors import DeclinedError, DeployError, MisuseError
from live_tokens_operations.deploy.explanations import require_answer
from live_tokens_operations.deploy.plan import Plan
from live_tokens_operations.deploy.prerequisites import Prerequisites, require_sign_in_is_free
from live_tokens_operations.deploy.project_settings import ProjectSettings
from live_tokens_operations.deploy.protection import require_protected_to_stay
from live_tokens_operations.deploy.public import InvokerCheck
from live_tokens_operations.deploy.smoke_test import SmokeStep
from live_tokens_operations.deploy.state_bucket import ExistingBucket, StateBucket, require_state_in_bucket
from live_tokens_operations.deploy.stored_key import StoredKey
from live_tokens_operations.deploy.summary import summary
from live_tokens_operations.deploy.terminal import Operator
from live_tokens_operations.deploy.terraform import Terraform
from live_tokens_operations.deploy.traffic import require_newest_to_serve
from live_tokens_operations.deploy.unknown_settings import require_known_settings
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Looks
from live_tokens_operations.origin import origin_of
from live_tokens_operations.programs import Programs
from live_tokens_operations.source import named, source_of

_LINES_FOR_THE_APP = """\
The function: {url}
It refuses a web app until cors_allowed_origins in the settings of the project has the app's origin.

In the app (complete examples, also without the package: README.md, “Connect from your app”):

  const tokens = createLiveTokens(httpsCallableFromURL(getFunctions(app), '{url}'));
  const {{ status, start, stop, transcript }} = useLiveSession({{ tokens, audio }});
"""
_NEXT_STEP = """\
The load balancer is made, and the function's own URL stays open. Next:
  1. Point its domains to {address}. The certificate becomes active within an hour after that.
  2. When {domain_url} answers, let apps call it in place of {url}.
  3. When none calls the old one any more, set close_direct = true in load_balancer, and run this again."""
_NOBODY_IS_TOLD = (
    "Nobody is notified when an alert opens: set alert_emails or notification_channels in the settings of the project, "
    "and run this again."
)
_ONE_OF_SEVERAL = (
    "The load balancer leads this smoke test to one region, the nearest to this machine. The regions' own URLs are "
    "closed, so {regions} are not tested one by one. A release tests each as a candidate. The doctor looks at each."
)
# Terraform calls these two before it can switch any API on.
_SERVICES_OF_TERRAFORM = ("cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com")


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """What the operator asked for.

    Attributes:
        region: None for the present region, or the default if there is none.
        agreed: whether the plan is applied without a question. It answers no question about an accident.
        accepted: the accidents that the plan may be.
        new_key: whether a stored key is replaced.
    """

    project: str
    region: str | None
    agreed: bool
    accepted: frozenset[Accident]
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
            PackageError: the function's source has a file that is not deployed, or lacks one. Nothing was done.
            DeployError, ProgramError: it stopped early. Completed steps stay, and the next run continues from there.
        """
        has_signer = smoke_test.require_options().has_signer
        self._title("Checking prerequisites")
        checked = require_profiles(PROFILES)
        for warning in warnings_of(checked):
            self.operator.say(f"Warning: {warning}")
        settings = ProjectSettings.read(self.module, options.project)
        asked_region = settings.region_for(options.region)
        prerequisites = Prerequisites(self.programs, self.environment, options.project)
        ready = prerequisites.require_for_deploy(asked_region, settings, has_signer=has_signer)
        for warning in ready.warnings:
            self.operator.say(f"Warning: {warning}")
        bucket = StateBucket(self.programs, options.project, ready.number)
        found = bucket.find()
        is_new = found is None or found.region is None
        release = self._release()
        region = self._region(options.project, asked_region, found)
        kept = bucket.applied_settings(region)
        applied = kept.read(ready.api) if found else None
        if (applied and applied.settings) or (found and found.region):
            require_settings(settings, region, applied)
        if settings.text is None:
            settings = settings.write(region)
            self.operator.say(f"The settings of this project: {settings.name}. Commit this file.")

        self._title(f"Terraform's state: gs://{bucket.name}")
        if found is None:
            bucket.make(region)
        if is_new:
            self._enable_services(options.project)
        require_state_in_bucket(self.module, bucket.name, region)
        terraform = Terraform(self.programs, self.module, settings, region, self.colour)
        terraform.initialise(bucket.name)
        if settings.sets_sign_in_up:
            require_sign_in_is_free(ready.api, options.project, settings, terraform.resources())

        self._title(f"Project {options.project}, region {region}")
        with terraform.planned(worst_days(checked), release) as file:
            shown = terraform.read(file)
            require_known_settings(shown, self.module, settings)
            closed = require_open_url(shown, ready.api, options.project)
            require_no_other_audit_configuration(shown, ready.api, options.project)
            invoker_check = InvokerCheck(self.programs, ready.api, options.project)
            invoker_check.require_possible(shown)
            plan = Plan.of(shown)
            require_protected_to_stay(plan)
            dangers = [contradiction(self.programs, settings, plan.settings, applied), *dangers_of(plan), *closed]
            self._ask(terraform, plan, [each for each in dangers if each], checked, options)
            # From here on, the bucket knows the region and the settings; not when the answer is no.
            bucket.complete(found, region)
            now = Applied(plan.settings, blob_of(settings.text or ""))
            if now != applied:
                kept.keep(now)
            if plan.changes_anything:
                invoker_check.replace_grant(shown)
                terraform.apply(file)
        outputs = terraform.outputs()
        if still_open := invoker_check.require_as_set(outputs):
            self.operator.say(still_open)

        self._title("The Gemini API key")
        secret = outputs["secret_name"]
        stored = StoredKey(self.programs, ready.api, self.operator, self.environment, secret, options.project)
        stored.provide(replace=options.new_key)
        if not plan.creates_function:
            self.operator.say("\nThis updated the configuration. To deploy new code and profiles, run `make release`.")
        self._finish(outputs, options, ready.api, smoke_test)

    def _release(self) -> str:
        """Return the release.json of code that Terraform may upload: the first of a region, also after a failed run.

        Later code comes from releases, which bring their own.
        """
        checkout = self.module.parent
        return named(source_of(checkout), origin_of(self.programs, checkout))[RELEASE_FILE].decode()

    def _enable_services(self, project: str) -> None:
        finished = self.programs.ask([*gcloud_commands.enable_services(project, _SERVICES_OF_TERRAFORM), "--quiet"])
        require_answer(finished, "The APIs could not be enabled")

    def _ask(
        self,
        terraform: Terraform,
        plan: Plan,
        dangers: Sequence[Danger],
        checked: Sequence[CheckedProfile],
        options: DeployOptions,
    ) -> None:
        """Show what the plan does, and return if the operator agrees to all of it.

        Raises:
            DeclinedError: the operator does not agree, or cannot be asked.
        """
        if plan.changes_anything:
            self.operator.say(f"\n{summary(plan, terraform.plan_text)}\n\n{bill_table(checked)}\n")
        else:
            self.operator.say("No changes are necessary.")
        self._ask_about([danger for danger in dangers if danger.accident not in options.accepted])
        if plan.changes_anything and not options.agreed:
            self._ask_whether_to_apply()

    def _ask_about(self, dangers: Sequence[Danger]) -> None:
        if dangers and not self.operator.interactive:
            words = " ".join(dict.fromkeys(danger.accident.value for danger in dangers))
            texts = "\n".join(danger.text for danger in dangers)
            raise DeclinedError(
                f"The plan was not applied.\n{texts}\nYES=1 (--yes) does not answer this. If it is meant, add "
                f'ACCEPT="{words}" (--accept).'
            )
        for danger in dangers:
            self.operator.say(danger.text)
            word = danger.accident.value
            if self.operator.ask(f"If it is meant, type {word}: ") != word:
                raise DeclinedError("The plan was not applied.")

    def _ask_whether_to_apply(self) -> None:
        if not self.operator.interactive:
            raise DeclinedError("No terminal to ask for confirmation. The plan was not applied. Add YES=1 (--yes).")
        if self.operator.ask("Apply this plan? [y/N] ").lower() not in ("y", "yes"):
            raise DeclinedError("The plan was not applied. The state bucket, two enabled APIs and the settings stay.")

    def _region(self, project: str, asked: str | None, found: ExistingBucket | None) -> str:
        """Return the region of the function. It is asked for once: it is the region of the key and the data, too."""
        where_it_is = found.region if found else None
        if where_it_is and asked not in (None, where_it_is):
            raise MisuseError(
                f"The function of {project} is in {where_it_is}, and cannot be moved. Nothing was done. "
                f"Omit REGION, or delete the deployment first: make destroy PROJECT_ID={project}"
            )
        if known := where_it_is or asked:
            return known
        if not self.operator.interactive:
            raise MisuseError(
                f"Which region? It is final. Nothing was done. Add REGION={REGION} (--region), for example."
            )
        self.operator.say(
            "The region of the function, the key and the data is final: to move, destroy the deployment and deploy "
            "again."
        )
        typed = self.operator.ask(f"Region [{REGION}]: ") or REGION
        if not re.fullmatch(REGION_PATTERN, typed):
            raise MisuseError(f"{typed!r} is not a region, such as {REGION}. Nothing was done.")
        return typed

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
        regions = outputs.get("regions") or [outputs["region"]]
        for region in regions:
            require_newest_to_serve(api, options.project, region, outputs["function_name"])
        direct = outputs.get("direct_urls") or {}
        self._test([direct[region] for region in regions if region in direct] or [url], smoke_test)
        if len(regions) > 1 and not direct:
            self.operator.say(_ONE_OF_SEVERAL.format(regions=" and ".join(regions)))
        self._title("Done")
        if outputs.get("alert_recipients") == 0:
            self.operator.say(_NOBODY_IS_TOLD)

    def _test(self, urls: Sequence[str], smoke_test: SmokeStep) -> None:
        waiting = "Roles and new keys need some minutes to take effect. The smoke test will run again shortly."
        for number, url in enumerate(urls, 1):
            self._title(f"Smoke test of {url}")
            try:
                smoke_test.require(url, lambda: self.operator.say(waiting))
            except DeployError:
                if left := urls[number:]:
                    self.operator.say(f"Not tested: {', '.join(left)}")
                raise

    def _title(self, text: str) -> None:
        self.operator.say(f"\n== {text}")
