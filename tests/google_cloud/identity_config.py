"""Stands in for what Firebase knows of sign-in: Authentication's set-up, the apps, and how they prove themselves.

Sources: https://cloud.google.com/identity-platform/docs/reference/rest/v2/projects/getConfig
    https://firebase.google.com/docs/reference/firebase-management/rest/v1beta1/projects/searchApps
    https://firebase.google.com/docs/reference/appcheck/rest/v1/projects.apps.playIntegrityConfig/get
What App Check answers for a provider that was never set up is not documented. Here it is 404 for those without fields
of their own, and an answer without the field that tells for the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from google_cloud.door import Door, behind, not_found, refusal

IDENTITY = "identitytoolkit.googleapis.com"
FIREBASE = "firebase.googleapis.com"
APP_CHECK = "firebaseappcheck.googleapis.com"
_PAGE = 2


@dataclass(slots=True)
class App:
    """A Firebase app.

    Attributes:
        app_id: its id.
        platform: ANDROID, IOS or WEB.
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


def create_identity_app(door: Door, api_keys: Mapping[str, str]) -> Starlette:
    """Return an app that shows Authentication's set-up.

    Args:
        door: who gets in.
        api_keys: id of a project in which Authentication is set up → its web API key.
    """

    def get_config(request: Request) -> Response:
        project = request.path_params["project"]
        if project not in api_keys:
            return refusal(404, "NOT_FOUND", "CONFIGURATION_NOT_FOUND")
        return JSONResponse(
            {
                "name": f"projects/{project}/config",
                "signIn": {"email": {"enabled": True}},
                "client": {"apiKey": api_keys[project]},
                "subtype": "FIREBASE_AUTH",
            }
        )

    return behind(door, IDENTITY, [("GET", "/admin/v2/projects/{project}/config", get_config)])


def create_firebase_app(door: Door, firebase: Firebase) -> Starlette:
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

    return behind(door, FIREBASE, [("GET", "/v1beta1/projects/{project}:searchApps", search)])


def create_app_check_app(door: Door, firebase: Firebase) -> Starlette:
    """Return an app that shows the attestation providers."""

    def get(request: Request) -> Response:
        apps = {app.app_id: app for app in firebase.apps}
        app = apps.get(request.path_params["app"])
        provider = request.path_params["provider"]
        if app is None or (provider not in app.providers and provider in ("playIntegrityConfig", "appAttestConfig")):
            return not_found()
        name = f"projects/{firebase.project_id}/apps/{app.app_id}/{provider}"
        return JSONResponse({"name": name, "tokenTtl": "3600s", **app.providers.get(provider, {})})

    return behind(door, APP_CHECK, [("GET", "/v1/projects/{project}/apps/{app}/{provider}", get)])
