"""Stands in for Firebase's list of the apps of a project.

Source: https://firebase.google.com/docs/reference/firebase-management/rest/v1beta1/projects/searchApps
"""

from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind

HOST = "firebase.googleapis.com"
_PAGE = 2


@dataclass(slots=True)
class App:
    """A Firebase app.

    Attributes:
        providers: attestation provider → what is told of it besides its name.
    """

    app_id: str
    platform: str
    providers: dict[str, dict[str, object]] = field(default_factory=dict)


@dataclass(slots=True)
class Firebase:
    """The apps of one project."""

    project_id: str
    apps: list[App] = field(default_factory=list)


def create_firebase_app(access: ApiAccess, firebase: Firebase) -> Starlette:
    """Return an app that lists the apps, page by page."""

    def search(request: Request) -> Response:
        start = int(request.query_params.get("pageToken") or 0)
        end = start + min(int(request.query_params.get("pageSize", 100)), _PAGE)
        page: dict[str, object] = {
            "apps": [
                {"appId": app.app_id, "platform": app.platform, "state": "ACTIVE"} for app in firebase.apps[start:end]
            ]
        }
        if end < len(firebase.apps):
            page["nextPageToken"] = str(end)
        return JSONResponse(page)

    return behind(access, HOST, [("GET", "/v1beta1/projects/{project}:searchApps", search)])
