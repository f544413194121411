"""Stands in for Cloud Functions: what there is, to be read.

Source: https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions
"""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, not_found

HOST = "cloudfunctions.googleapis.com"


def create_functions_app(access: ApiAccess, functions: dict[str, dict[str, Any]]) -> Starlette:
    """Return an app that shows functions."""

    def get(request: Request) -> Response:
        function = functions.get(request.url.path.removeprefix("/v2/"))
        return not_found() if function is None else JSONResponse(function)

    def list_all(_request: Request) -> Response:
        # Where there is none, the field is left out, as proto3's JSON does with empty lists.
        return JSONResponse({"functions": list(functions.values())} if functions else {})

    return behind(
        access,
        HOST,
        [
            ("GET", "/v2/projects/{project}/locations/-/functions", list_all),
            ("GET", "/v2/projects/{project}/locations/{location}/functions/{function}", get),
        ],
    )
