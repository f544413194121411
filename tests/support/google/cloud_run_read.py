"""Stands in for Cloud Run: a service and who may invoke it, to be read.

Sources: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/get
    https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/getIamPolicy
"""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, not_found
from support.google.project_policy import seen_with

HOST = "run.googleapis.com"


def create_run_app(
    access: ApiAccess, services: dict[str, dict[str, Any]], bindings: dict[str, list[dict[str, Any]]]
) -> Starlette:
    """Return an app that shows services.

    Args:
        access: who gets in.
        services: by their full names.
        bindings: of each service's allow policy, by the same names.
    """

    def get(request: Request) -> Response:
        name, _, verb = request.url.path.removeprefix("/v2/").partition(":")
        if name not in services:
            return not_found()
        if verb == "getIamPolicy":
            version = int(request.query_params.get("options.requestedPolicyVersion", 1))
            return JSONResponse(seen_with(bindings.get(name, []), version))
        return JSONResponse(services[name])

    return behind(access, HOST, [("GET", "/v2/projects/{project}/locations/{location}/services/{service}", get)])
