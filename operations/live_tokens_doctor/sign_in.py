"""Sign-in and attestation: Authentication set up, App Check as strict as it is meant, web origins named."""

from __future__ import annotations

from collections.abc import Iterator

from live_tokens.settings import Settings
from live_tokens_doctor.deployment import Examination
from live_tokens_doctor.finding import Finding, bad, could_not_look, not_looked_at, ok, warn
from live_tokens_doctor.google_api import Found, GoogleApi, Json, Look, Missing, Unseen
from live_tokens_doctor.shell import set_and_deploy

_CONSOLE = "https://console.firebase.google.com/project"
# What an app of each platform can prove itself with, and what in the answer says that it was set up.
# Source: https://firebase.google.com/docs/reference/appcheck/rest/v1/projects.apps
_PROVIDERS = {
    "ANDROID": {"playIntegrityConfig": "name"},
    "IOS": {"appAttestConfig": "name", "deviceCheckConfig": "privateKeySet"},
    "WEB": {"recaptchaEnterpriseConfig": "siteKey", "recaptchaV3Config": "siteSecretSet"},
}


def examine(examination: Examination) -> Iterator[Finding]:
    """Look at all of it."""
    yield _authentication(examination)
    settings = examination.deployment.settings
    if settings is None:
        yield not_looked_at("App Check, CORS", "the function's settings are not known")
        return
    yield from _app_check(examination, settings)
    yield _cors(examination, settings)


def _authentication(examination: Examination) -> Finding:
    """Source: https://cloud.google.com/identity-platform/docs/reference/rest/v2/projects/getConfig."""
    project_id = examination.deployment.firebase_project
    url = f"https://identitytoolkit.googleapis.com/admin/v2/projects/{project_id}/config"
    match examination.api.get(url, "roles/firebaseauth.viewer"):
        case Found():
            return ok(f"Authentication: set up in {project_id}")
        case Missing():
            text = f"Authentication: not set up in {project_id}: nobody can sign in"
            return bad(text, f"{_CONSOLE}/{project_id}/authentication, Get started")
        case unseen:
            return could_not_look("Authentication", unseen)


def _app_check(examination: Examination, settings: Settings) -> Iterator[Finding]:
    place = (examination.project.project_id, examination.project.region)
    if settings.app_check == "off":
        text = "App Check: off; any program with a user's sign-in can take tokens"
        yield warn(text, set_and_deploy('app_check = { mode = "monitor" }', *place))
        return
    if settings.app_check == "monitor":
        text = "App Check: monitored, nobody is refused; once the audit events show your apps as valid"
        yield warn(text, set_and_deploy('app_check = { mode = "enforce" }', *place))
    else:
        yield ok(f"App Check: enforced{', a token is good for one call' if settings.app_check_consume else ''}")
    match _apps(examination.api, settings.firebase_project_id):
        case Found(body):
            yield from _attested(examination, settings, body["apps"])
        case Missing():
            yield bad("App Check: the project is no Firebase project", f"firebase projects:addfirebase {place[0]}")
        case unseen:
            yield could_not_look("App Check's apps", unseen)


def _apps(api: GoogleApi, project_id: str) -> Look:
    """Return all pages as one.

    Source: https://firebase.google.com/docs/reference/firebase-management/rest/v1beta1/projects/searchApps
    """
    apps: list[Json] = []
    page = ""
    while True:
        url = f"https://firebase.googleapis.com/v1beta1/projects/{project_id}:searchApps"
        look = api.get(url, "roles/firebase.viewer", {"pageSize": "100", "pageToken": page})
        if not isinstance(look, Found):
            return look
        apps.extend(look.body.get("apps", []))
        page = look.body.get("nextPageToken", "")
        if not page:
            return Found({"apps": apps})


def _attested(examination: Examination, settings: Settings, apps: list[Json]) -> Iterator[Finding]:
    allowed = settings.app_check_allowed_app_ids
    there = {str(app.get("appId")): str(app.get("platform")) for app in apps if app.get("state", "ACTIVE") == "ACTIVE"}
    project_id = settings.firebase_project_id
    place = (examination.project.project_id, examination.project.region)
    for app_id in sorted(allowed - there.keys()):
        text = f"App Check: {app_id} is allowed, but {project_id} has no such app"
        yield bad(text, set_and_deploy("app_check.allowed_app_ids", *place))
    if not there:
        yield bad(f"App Check: {project_id} has no app that could prove itself", f"{_CONSOLE}/{project_id}/settings")
    for app_id in sorted(allowed & there.keys() if allowed else there):
        yield _attestation(examination.api, project_id, app_id, there[app_id], settings.app_check)


def _attestation(api: GoogleApi, project_id: str, app_id: str, platform: str, mode: str) -> Finding:
    for provider, sign in _PROVIDERS.get(platform, {}).items():
        url = f"https://firebaseappcheck.googleapis.com/v1/projects/{project_id}/apps/{app_id}/{provider}"
        look = api.get(url, "roles/firebaseappcheck.viewer")
        if isinstance(look, Unseen):
            return could_not_look(f"App Check of {app_id}", look)
        if isinstance(look, Found) and look.body.get(sign):
            return ok(f"App Check: {app_id} proves itself with {provider.removesuffix('Config')}")
    text = f"App Check: {app_id} has no attestation provider"
    remedy = f"{_CONSOLE}/{project_id}/appcheck/apps"
    return bad(f"{text}, and is refused", remedy) if mode == "enforce" else warn(text, remedy)


def _cors(examination: Examination, settings: Settings) -> Finding:
    place = (examination.project.project_id, examination.project.region)
    origins = settings.cors_allowed_origins
    remedy = set_and_deploy("cors_allowed_origins", *place)
    if origins == ("*",):
        return warn("CORS: any web site may call with its visitors' sign-in (*)", remedy)
    plain = [origin for origin in origins if origin.startswith("http:")]
    if plain:
        return warn(f"CORS: {', '.join(plain)} can be forged on any network: it is not https", remedy)
    return ok(f"CORS: {', '.join(origins) if origins else 'no web app may call; native apps may'}")
