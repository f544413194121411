"""Stands in for Cloud Monitoring, to be read: uptime checks and alerts, page by page.

Sources: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.uptimeCheckConfigs/list
    https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies/list
"""

from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, not_found

HOST = "monitoring.googleapis.com"
_ON_A_PAGE = 2


@dataclass(slots=True)
class Monitoring:
    """What watches one project."""

    uptime_checks: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)


def create_monitoring_app(access: ApiAccess, project_id: str, monitoring: Monitoring) -> Starlette:
    """Return an app that shows them. A page has few, whatever size is asked for."""

    def shows(name: str, items: list[dict[str, Any]]) -> tuple[str, str, Any]:
        def listed(request: Request) -> Response:
            if request.path_params["project"] != project_id:
                return not_found()
            start = int(request.query_params.get("pageToken") or 0)
            after = start + _ON_A_PAGE
            page: dict[str, Any] = {name: items[start:after]} if items[start:after] else {}
            return JSONResponse(page | ({"nextPageToken": str(after)} if after < len(items) else {}))

        return "GET", f"/v3/projects/{{project}}/{name}", listed

    routes = [shows("uptimeCheckConfigs", monitoring.uptime_checks), shows("alertPolicies", monitoring.alerts)]
    return behind(access, HOST, routes)
