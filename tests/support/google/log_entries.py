"""Stands in for Cloud Logging, to be read, with the filters that `log_filter` understands.

Sources: https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
    https://cloud.google.com/logging/docs/view/logging-query-language
"""

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, refusal
from support.google.log_filter import matches

HOST = "logging.googleapis.com"


class Log(list[dict[str, Any]]):
    """The entries of one project.

    Attributes:
        empty_pages: how many answers hold nothing but a token before the first one with entries, as where Cloud Logging
            needs more time than one answer has.
    """

    empty_pages = 0


def create_logging_app(access: ApiAccess, project_id: str, entries: Log) -> Starlette:
    """Return an app that shows those of the entries that a filter lets through, page by page, the newest first."""

    async def list_entries(request: Request) -> Response:
        asked = await request.json()
        token = asked.pop("pageToken", "0")
        if asked.get("resourceNames") != [f"projects/{project_id}"]:
            return refusal(403, "PERMISSION_DENIED", "Permission denied for all log views")
        try:
            matches(asked.get("filter", ""), {})  # so that a wrong filter is refused where there is no entry, too
            chosen = [entry for entry in entries if matches(asked.get("filter", ""), entry)]
        except ValueError:
            return refusal(400, "INVALID_ARGUMENT", "Unparseable filter")
        number, _, of_search = token.partition(" of ")
        if of_search not in ("", json.dumps(asked)):
            return refusal(400, "INVALID_ARGUMENT", "page_token doesn't match arguments from request")
        if asked.get("orderBy") == "timestamp desc":
            chosen.sort(key=lambda entry: str(entry["timestamp"]), reverse=True)
        size = asked.get("pageSize", 50)
        start = (int(number) - entries.empty_pages) * size
        page = chosen[start : start + size] if start >= 0 else []
        # Where nothing is found, the field is left out.
        answer: dict[str, object] = {"entries": page} if page else {}
        if start < 0 or start + size < len(chosen):
            answer["nextPageToken"] = f"{int(number) + 1} of {json.dumps(asked)}"
        return JSONResponse(answer)

    return behind(access, HOST, [("POST", "/v2/entries:list", list_entries)])
