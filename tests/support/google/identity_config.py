"""Stands in for what Firebase knows of sign-in: Authentication's set-up, the apps, and how they prove themselves.

Sources: https://cloud.google.com/identity-platform/docs/reference/rest/v2/projects/getConfig
    https://cloud.google.com/identity-platform/docs/reference/rest/v2/projects.defaultSupportedIdpConfigs/list
    https://firebase.google.com/docs/reference/firebase-management/rest/v1beta1/projects/searchApps
    https://firebase.google.com/docs/reference/appcheck/rest/v1/projects.apps.playIntegrityConfig/get
Which ways to sign in Identity Platform alone has: https://firebase.google.com/docs/auth/web/openid-connect
What is answered to a question about those elsewhere is not documented; here it is 400. Nor is what App Check answers
for a provider that was never set up. Here it is 404 for those without fields of their own, and an answer without the
field that tells for the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, not_found, refusal

IDENTITY = "identitytoolkit.googleapis.com"
FIREBASE = "firebase.googleapis.com"
APP_CHECK = "firebaseappcheck.googleapis.com"
_PAGE = 2
_KINDS = ("defaultSupportedIdpConfigs", "oauthIdpConfigs", "inboundSamlConfigs")


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


@dataclass(slots=True)
class SignIn:
    """Which ways to sign in are on in every project that has Authentication.

    Attributes:
        methods: of `email`, `phoneNumber` and `anonymous`. The others are left out of the answer.
        identity_platform: whether it was upgraded to Identity Platform.
        providers: kind, such as `defaultSupportedIdpConfigs` → ids; those that begin with `off.` are off.
    """

    methods: set[str] = field(default_factory=lambda: {"email"})
    sign_ups: bool = True
    identity_platform: bool = False
    providers: dict[str, list[str]] = field(default_factory=dict)


def create_identity_app(access: ApiAccess, api_keys: Mapping[str, str], sign_in: SignIn | None = None) -> Starlette:
    """Return an app that shows Authentication's set-up.

    Args:
        access: who gets in.
        api_keys: id of a project in which Authentication is set up → its web API key.
        sign_in: what is on; None for e-mail alone.
    """
    sign_in = sign_in or SignIn()

    def get_config(request: Request) -> Response:
        project = request.path_params["project"]
        if project not in api_keys:
            return refusal(404, "NOT_FOUND", "CONFIGURATION_NOT_FOUND")
        return JSONResponse(
            {
                "name": f"projects/{project}/config",
                "signIn": {method: {"enabled": True} for method in sign_in.methods},
                "client": {
                    "apiKey": api_keys[project],
                    "permissions": {} if sign_in.sign_ups else {"disabledUserSignup": True},
                },
                "subtype": "IDENTITY_PLATFORM" if sign_in.identity_platform else "FIREBASE_AUTH",
            }
        )

    def list_providers(request: Request) -> Response:
        project, kind = request.path_params["project"], request.path_params["kind"]
        if project not in api_keys:
            return refusal(404, "NOT_FOUND", "CONFIGURATION_NOT_FOUND")
        if kind not in _KINDS or (kind != _KINDS[0] and not sign_in.identity_platform):
            return refusal(400, "INVALID_ARGUMENT", "OPERATION_NOT_ALLOWED")
        prefix = f"projects/{project}/{kind}"
        listed = [
            {"name": f"{prefix}/{provider}"} | ({} if provider.startswith("off.") else {"enabled": True})
            for provider in sign_in.providers.get(kind, [])
        ]
        return JSONResponse({kind: listed} if listed else {})

    return behind(
        access,
        IDENTITY,
        [
            ("GET", "/admin/v2/projects/{project}/config", get_config),
            ("GET", "/admin/v2/projects/{project}/{kind}", list_providers),
        ],
    )


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

    return behind(access, FIREBASE, [("GET", "/v1beta1/projects/{project}:searchApps", search)])


def create_app_check_app(access: ApiAccess, firebase: Firebase) -> Starlette:
    """Return an app that shows the attestation providers."""

    def get(request: Request) -> Response:
        apps = {app.app_id: app for app in firebase.apps}
        app = apps.get(request.path_params["app"])
        provider = request.path_params["provider"]
        if app is None or (provider not in app.providers and provider in ("playIntegrityConfig", "appAttestConfig")):
            return not_found()
        name = f"projects/{firebase.project_id}/apps/{app.app_id}/{provider}"
        return JSONResponse({"name": name, "tokenTtl": "3600s", **app.providers.get(provider, {})})

    return behind(access, APP_CHECK, [("GET", "/v1/projects/{project}/apps/{app}/{provider}", get)])
