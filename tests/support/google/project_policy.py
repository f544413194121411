"""Stands in for what is decided about a project elsewhere: the organisation policies in effect, its billing account.

Sources: https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/projects.policies/getEffectivePolicy
    https://cloud.google.com/billing/docs/reference/rest/v1/projects/getBillingInfo
"""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, not_found, refusal
from support.google.resource_manager import Project

ORGANISATION_POLICY = "orgpolicy.googleapis.com"
BILLING = "cloudbilling.googleapis.com"


def create_organisation_policy_app(access: ApiAccess, project: Project) -> Starlette:
    """Return an app that shows the effective policies about members of any project."""

    def get_policy(request: Request) -> Response:
        constraint, allowed, subjects = (
            request.path_params["constraint"],
            project.allowed_members,
            project.allowed_subjects,
        )
        rules: dict[str, dict[str, object]] = {
            "iam.allowedPolicyMemberDomains": (
                {"allowAll": True} if allowed is None else {"values": {"allowedValues": allowed}}
            ),
            "iam.managed.allowedPolicyMembers": (
                {"enforce": False}
                if subjects is None
                else {"enforce": True, "parameters": {"allowedMemberSubjects": subjects}}
            ),
        }
        if constraint not in rules:
            return not_found()
        rule = rules[constraint]
        name = f"projects/{request.path_params['project']}/policies/{constraint}"
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
