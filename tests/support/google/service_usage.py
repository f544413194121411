"""Stands in for Service Usage: which APIs are on, page by page or one by one, and how some are switched on.

Sources: https://cloud.google.com/service-usage/docs/reference/rest/v1/services/list
    https://cloud.google.com/service-usage/docs/reference/rest/v1/services/get
    https://cloud.google.com/service-usage/docs/reference/rest/v1/services/batchEnable
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, refusal

HOST = "serviceusage.googleapis.com"
_LARGEST_PAGE = 3
"""Google's is 200. Smaller here, so that every list has several pages."""


def create_service_usage_app(access: ApiAccess, project_id: str, number: str, enabled: set[str]) -> Starlette:
    """Return an app that shows and changes which APIs of one project are on.

    Args:
        access: who gets in.
        project_id: the project.
        number: the project's.
        enabled: the APIs that are on. It grows.
    """

    def resource(service: str) -> dict[str, object]:
        return {
            "name": f"projects/{number}/services/{service}",
            "config": {"name": service},
            "state": "ENABLED" if service in enabled else "DISABLED",
            "parent": f"projects/{number}",
        }

    def list_services(request: Request) -> Response:
        if request.path_params["project"] != project_id:
            return refusal(403, "PERMISSION_DENIED", "Permission denied to list services for consumer container")
        if request.query_params.get("filter") != "state:ENABLED":
            return refusal(400, "INVALID_ARGUMENT", "this stand-in knows one filter")
        start = int(request.query_params.get("pageToken") or 0)
        end = start + min(int(request.query_params.get("pageSize", 50)), _LARGEST_PAGE)
        services = sorted(enabled)
        page: dict[str, object] = {"services": [resource(service) for service in services[start:end]]}
        if end < len(services):
            page["nextPageToken"] = str(end)
        return JSONResponse(page)

    def get_service(request: Request) -> Response:
        if request.path_params["project"] != project_id:
            return refusal(403, "PERMISSION_DENIED", "Permission denied to get service")
        return JSONResponse(resource(request.path_params["service"]))

    async def enable(request: Request) -> Response:
        if request.path_params["project"] != project_id:
            return refusal(403, "PERMISSION_DENIED", "Permission denied to enable service")
        enabled.update((await request.json())["serviceIds"])
        return JSONResponse({"name": "operations/acat.p2-1", "done": True, "response": {}})

    services = "/v1/projects/{project}/services"
    return behind(
        access,
        HOST,
        [
            ("GET", services, list_services),
            ("GET", services + "/{service}", get_service),
            ("POST", services + ":batchEnable", enable),
        ],
    )
