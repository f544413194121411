"""Stands in for Compute Engine: the backend services of a load balancer, and which groups of endpoints they lead to.

https://cloud.google.com/compute/docs/reference/rest/v1/backendServices
"""

from collections.abc import Mapping, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, not_found

HOST = "compute.googleapis.com"


def create_backend_services_app(access: ApiAccess, project: str, services: Mapping[str, Sequence[str]]) -> Starlette:
    """Return an app that shows backend services.

    Args:
        services: name → regions that it leads to.
    """
    compute = f"https://www.googleapis.com/compute/v1/projects/{project}"

    def get(request: Request) -> Response:
        name = request.path_params["service"]
        if request.path_params["project"] != project or name not in services:
            return not_found()
        groups = [f"{compute}/regions/{region}/networkEndpointGroups/{name}-0a1b2c3d" for region in services[name]]
        return JSONResponse({"name": name, "backends": [{"group": group} for group in groups]})

    return behind(access, HOST, [("GET", "/compute/v1/projects/{project}/global/backendServices/{service}", get)])
