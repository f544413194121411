"""Stands in for what belongs to a project: its roles, the organisation policies in effect, its billing account.

Sources: https://cloud.google.com/resource-manager/reference/rest/v1/projects/getIamPolicy
    https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/projects.policies/getEffectivePolicy
    https://cloud.google.com/billing/docs/reference/rest/v1/projects/getBillingInfo
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, not_found, refusal

RESOURCE_MANAGER = "cloudresourcemanager.googleapis.com"
ORGANISATION_POLICY = "orgpolicy.googleapis.com"
BILLING = "cloudbilling.googleapis.com"


@dataclass(slots=True)
class ProjectPolicy:
    """What a project has.

    Attributes:
        allowed_members: customer ids to which roles may be given, or None for all.
    """

    project_id: str
    bindings: list[dict[str, Any]] = field(default_factory=list)
    allowed_members: list[str] | None = None


def seen_with(bindings: list[dict[str, Any]], version: int) -> dict[str, Any]:
    """Return a policy as a caller sees it who asks for a version: before 3, conditions are hidden.

    Source: https://cloud.google.com/iam/docs/policies#specifying-version-get
    """
    if version >= 3:
        return {"version": 3, "etag": "BwXy", "bindings": bindings}
    hidden = [
        {"role": f"{each['role']}_withcond_0123456789abcdef", "members": each["members"]}
        if "condition" in each
        else each
        for each in bindings
    ]
    return {"version": 1, "etag": "BwXy", "bindings": hidden}


def create_project_policy_app(access: ApiAccess, policy: ProjectPolicy) -> Starlette:
    """Return an app that shows the allow policy."""

    async def get_policy(request: Request) -> Response:
        if request.path_params["project"] != policy.project_id:
            return refusal(403, "PERMISSION_DENIED", "The caller does not have permission")
        options = (await request.json()).get("options", {})
        return JSONResponse(seen_with(policy.bindings, options.get("requestedPolicyVersion", 1)))

    return behind(access, RESOURCE_MANAGER, [("POST", "/v1/projects/{project}:getIamPolicy", get_policy)])


def create_organisation_policy_app(access: ApiAccess, policy: ProjectPolicy) -> Starlette:
    """Return an app that shows the effective policy about members."""

    def get_policy(request: Request) -> Response:
        if request.path_params["constraint"] != "iam.allowedPolicyMemberDomains":
            return not_found()
        allowed = policy.allowed_members
        rule = {"allowAll": True} if allowed is None else {"values": {"allowedValues": allowed}}
        name = f"projects/{policy.project_id}/policies/iam.allowedPolicyMemberDomains"
        return JSONResponse({"name": name, "spec": {"rules": [rule]}})

    path = "/v2/projects/{project}/policies/{constraint}:getEffectivePolicy"
    return behind(access, ORGANISATION_POLICY, [("GET", path, get_policy)])


def create_billing_info_app(access: ApiAccess, accounts: Mapping[str, str | None]) -> Starlette:
    """Return an app that shows billing accounts. Without one, Google leaves both fields out or empty.

    Args:
        access: who gets in.
        accounts: id of a project → its `billingAccounts/…`, or None.
    """

    def get_info(request: Request) -> Response:
        project = request.path_params["project"]
        if project not in accounts:
            return refusal(403, "PERMISSION_DENIED", "The caller does not have permission")
        info: dict[str, object] = {"name": f"projects/{project}/billingInfo", "projectId": project}
        if account := accounts[project]:
            info |= {"billingAccountName": account, "billingEnabled": True}
        return JSONResponse(info)

    return behind(access, BILLING, [("GET", "/v1/projects/{project}/billingInfo", get_info)])
