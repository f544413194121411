"""A stand-in for Resource Manager: projects, each with its number and its state.

Source: https://cloud.google.com/resource-manager/reference/rest/v1/projects/get
"""

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.google.access import refusal


@dataclass(slots=True)
class Project:
    """A project that this account may see."""

    number: int
    lifecycle_state: str = "ACTIVE"


def create_resource_manager_app(projects: dict[str, Project]) -> Starlette:
    """Return an ASGI application that is cloudresourcemanager.googleapis.com.

    Args:
        projects: id → project. To ask for any other is forbidden: Google does not say whether it is there.
    """

    def get(request: Request) -> Response:
        project_id = request.path_params["project"]
        project = projects.get(project_id)
        if project is None:
            return refusal(403, "PERMISSION_DENIED", f"Project '{project_id}' not found or permission denied.")
        return JSONResponse(
            {
                "projectId": project_id,
                "projectNumber": str(project.number),
                "lifecycleState": project.lifecycle_state,
                "name": project_id,
                "createTime": "2026-01-01T00:00:00.000Z",
            }
        )

    return Starlette(routes=[Route("/v1/projects/{project}", get)])
