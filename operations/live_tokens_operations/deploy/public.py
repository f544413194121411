"""Who may call the service: everybody by a grant to `allUsers`, or everybody because Cloud Run does not check.

Terraform makes the grant. It cannot switch the check off (https://github.com/hashicorp/terraform-provider-google/issues/23360),
and a later deployment may switch it on again, so it is done here and looked at after each apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from live_tokens_operations.checks.deployment import look_at_service
from live_tokens_operations.checks.organisation_policies import find_policy_against_all_users
from live_tokens_operations.deploy.errors import MisuseError, NotPublicError
from live_tokens_operations.google import gcloud, gcloud_commands
from live_tokens_operations.google.look import Found, Json, Looks, Missing, Unseen
from live_tokens_operations.programs import Programs
from live_tokens_operations.remedies import command

WITHOUT_CHECK = "no-invoker-check"

_GRANTS = ("google_cloud_run_v2_service_iam_member.public[", "google_cloud_run_v2_service_iam_member.public_elsewhere[")


@dataclass(frozen=True, slots=True)
class InvokerCheck:
    """The check of Cloud Run that a caller may invoke the service."""

    programs: Programs
    api: Looks
    project: str

    def require_possible(self, plan: Json) -> None:
        """Check that no organisation policy forbids what a plan grants.

        A policy that cannot be read stops nothing: the apply would say so.

        Args:
            plan: as `terraform show -json` prints it.

        Raises:
            MisuseError: the plan grants a role to `allUsers`, and a policy forbids that.
        """
        if not any("create" in grant["actions"] for grant in _grants_in(plan)):
            return
        policy = find_policy_against_all_users(self.api, self.project)
        if isinstance(policy, str):
            raise MisuseError(
                f"An organisation policy forbids roles for allUsers in {self.project} ({policy}), and apps have no "
                f"other identity. Nothing was changed.\n"
                f'Set public = "{WITHOUT_CHECK}" in infra/projects/{self.project}.tfvars and run this again: Cloud Run '
                "then checks no caller, and the function does. Or ask for an exception for this project."
            )

    def replace_grant(self, plan: Json) -> None:
        """Switch the check off before an apply that deletes the grant, so that no call is refused between the two.

        Args:
            plan: as `terraform show -json` prints it.

        Raises:
            GcloudError: the check cannot be switched off.
        """
        setting = plan.get("variables", {}).get("public", {}).get("value")
        for grant in _grants_in(plan):
            if grant["actions"] == ["delete"] and setting == WITHOUT_CHECK:
                self._switch_off(str(grant["before"]["location"]), str(grant["before"]["name"]))

    def require_as_set(self, outputs: Mapping[str, Any]) -> str | None:
        """Switch the check off in every region after an apply if that is the setting, and look.

        Returns:
            A warning if everybody may call though the setting says nobody.

        Raises:
            NotPublicError: it is still on.
            GcloudError: it cannot be switched off.
        """
        regions = outputs.get("regions") or [outputs["region"]]
        places = [(str(region), str(outputs["function_name"])) for region in regions]
        return "\n".join(filter(None, (self._as_set(outputs.get("public"), place) for place in places))) or None

    def _as_set(self, setting: object, place: tuple[str, str]) -> str | None:
        if setting == WITHOUT_CHECK and not self._is_off(*place):
            self._switch_off(*place)
            if not self._is_off(*place):
                raise NotPublicError(
                    f"Cloud Run still checks who calls {place[1]}, so no app can. Everything else is deployed. Run:\n"
                    f"{command(gcloud_commands.switch_invoker_check_off(self.project, *place))}"
                )
        if setting == "false" and self._is_off(*place):
            on = command(gcloud_commands.switch_invoker_check_on(self.project, *place))
            return (
                f"Warning: public is false, but Cloud Run checks no caller: everybody can call the function. Run: {on}"
            )
        return None

    def _switch_off(self, region: str, service: str) -> None:
        gcloud.show(
            self.programs, [*gcloud_commands.switch_invoker_check_off(self.project, region, service), "--quiet"]
        )

    def _is_off(self, region: str, service: str) -> bool:
        """Source: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services."""
        match look_at_service(self.api, self.project, region, service):
            case Found(body):
                return body.get("invokerIamDisabled") is True
            case Missing() | Unseen():
                return False


def _grants_in(plan: Json) -> list[Json]:
    """Return what a plan does with the grant of each region."""
    changes = plan.get("resource_changes", [])
    return [each["change"] for each in changes if str(each["address"]).startswith(_GRANTS)]
