"""Stands in for IAM: who has which role on a service account.

Source: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/getIamPolicy
"""

from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, refusal
from support.google.resource_manager import seen_with

HOST = "iam.googleapis.com"


def create_accounts_app(access: ApiAccess, bindings: Mapping[str, list[dict[str, Any]]]) -> Starlette:
    """Return an app that shows the policies of accounts.

    Args:
        access: who gets in.
        bindings: e-mail address of an account → the bindings of its policy.
    """

    def get_policy(request: Request) -> Response:
        account = request.path_params["account"].removesuffix(":getIamPolicy")
        if account not in bindings:
            return refusal(404, "NOT_FOUND", f"Unknown service account {account}")
        version = int(request.query_params.get("options.requestedPolicyVersion", 1))
        return JSONResponse(seen_with(bindings[account], version))

    return behind(access, HOST, [("POST", "/v1/projects/-/serviceAccounts/{account}", get_policy)])
