"""Stands in for Cloud Logging, to be read, with the filters that `log_filter` understands.

Sources: https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
    https://cloud.google.com/logging/docs/view/logging-query-language
"""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from google_cloud.door import Door, behind, refusal
from google_cloud.log_filter import matches

HOST = "logging.googleapis.com"


def create_logging_app(door: Door, project_id: str, entries: list[dict[str, Any]]) -> Starlette:
    """Return an app that shows those of the entries that a filter lets through, the newest first."""

    async def list_entries(request: Request) -> Response:
        asked = await request.json()
        if asked.get("resourceNames") != [f"projects/{project_id}"]:
            return refusal(403, "PERMISSION_DENIED", "Permission denied for all log views")
        try:
            matches(asked.get("filter", ""), {})  # so that a wrong filter is refused where there is no entry, too
            chosen = [entry for entry in entries if matches(asked.get("filter", ""), entry)]
        except ValueError:
            return refusal(400, "INVALID_ARGUMENT", "Unparseable filter")
        if asked.get("orderBy") == "timestamp desc":
            chosen.sort(key=lambda entry: str(entry["timestamp"]), reverse=True)
        chosen = chosen[: asked.get("pageSize", 50)]
        # Where nothing is found, the field is left out.
        return JSONResponse({"entries": chosen} if chosen else {})

    return behind(door, HOST, [("POST", "/v2/entries:list", list_entries)])
