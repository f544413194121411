"""Stands in for Resource Manager: projects, each with its number, its state and its roles.

Sources: https://cloud.google.com/resource-manager/reference/rest/v1/projects/get
    https://cloud.google.com/resource-manager/reference/rest/v1/projects/getIamPolicy
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, refusal

HOST = "cloudresourcemanager.googleapis.com"


@dataclass(slots=True)
class Project:
    """A project that this account may see.

    Attributes:
        bindings: of its allow policy.
        allowed_members: customer ids to which roles may be given, or None for all.
    """

    number: int
    lifecycle_state: str = "ACTIVE"
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


def create_resource_manager_app(access: ApiAccess, projects: Mapping[str, Project]) -> Starlette:
    """Return an app that shows projects.

    Args:
        access: who gets in.
        projects: id → project. To ask for any other is forbidden: Google does not say whether it is there.
    """

    def get(request: Request) -> Response:
        project_id = request.path_params["project"]
        project = projects.get(project_id)
        if project is None:
            return _forbidden(project_id)
        return JSONResponse(
            {
                "projectId": project_id,
                "projectNumber": str(project.number),
                "lifecycleState": project.lifecycle_state,
                "name": project_id,
                "createTime": "2026-01-01T00:00:00.000Z",
            }
        )

    async def get_policy(request: Request) -> Response:
        project_id = request.path_params["project"]
        project = projects.get(project_id)
        if project is None:
            return _forbidden(project_id)
        options = (await request.json()).get("options", {})
        return JSONResponse(seen_with(project.bindings, options.get("requestedPolicyVersion", 1)))

    path = "/v1/projects/{project}"
    return behind(access, HOST, [("GET", path, get), ("POST", path + ":getIamPolicy", get_policy)])


def _forbidden(project_id: str) -> Response:
    return refusal(403, "PERMISSION_DENIED", f"Project '{project_id}' not found or permission denied.")
