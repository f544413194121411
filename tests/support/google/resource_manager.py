"""Stands in for Resource Manager: projects, each with its number, its state and its roles.

Sources: https://cloud.google.com/resource-manager/reference/rest/v1/projects/get
    https://cloud.google.com/resource-manager/reference/rest/v1/projects/getIamPolicy
    https://cloud.google.com/resource-manager/reference/rest/v1/projects/testIamPermissions
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, refusal

HOST = "cloudresourcemanager.googleapis.com"
_MOST_PERMISSIONS = 100


@dataclass(slots=True)
class Project:
    """A project that this account may see.

    Attributes:
        bindings: of its allow policy.
        lacks: permissions that this account does not have.
        allowed_members: customer ids to which roles may be given, or None for all.
        allowed_subjects: members to which the managed constraint lets roles be given, or None if it is not enforced.
    """

    number: int
    lifecycle_state: str = "ACTIVE"
    bindings: list[dict[str, Any]] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)
    allowed_members: list[str] | None = None
    allowed_subjects: list[str] | None = None


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

    async def test_permissions(request: Request) -> Response:
        project = projects.get(request.path_params["project"])
        if project is None:
            return _forbidden(request.path_params["project"])
        asked = (await request.json())["permissions"]
        if len(asked) > _MOST_PERMISSIONS:
            return refusal(400, "INVALID_ARGUMENT", "Too many permissions.")
        held = [permission for permission in asked if permission not in project.lacks]
        return JSONResponse({"permissions": held} if held else {})

    path = "/v1/projects/{project}"
    return behind(
        access,
        HOST,
        [
            ("GET", path, get),
            ("POST", path + ":getIamPolicy", get_policy),
            ("POST", path + ":testIamPermissions", test_permissions),
        ],
    )


def _forbidden(project_id: str) -> Response:
    return refusal(403, "PERMISSION_DENIED", f"Project '{project_id}' not found or permission denied.")
