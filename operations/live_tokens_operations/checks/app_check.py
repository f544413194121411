"""App Check and CORS: only the operator's apps and web origins can call."""

from __future__ import annotations

from collections.abc import Iterator

from live_tokens.settings import Settings
from live_tokens_operations.checks.deployment import CheckContext
from live_tokens_operations.checks.finding import Finding, bad, ok, skipped, unanswered, warn
from live_tokens_operations.google.look import Found, Json, Look, Looks, Missing, Unseen, all_pages
from live_tokens_operations.remedies import FIREBASE_CONSOLE, set_and_deploy

# What an app of each platform can prove itself with, and what in the answer says that it was set up.
# Source: https://firebase.google.com/docs/reference/appcheck/rest/v1/projects.apps
_PROVIDERS = {
    "ANDROID": {"playIntegrityConfig": "name"},
    "IOS": {"appAttestConfig": "name", "deviceCheckConfig": "privateKeySet"},
    "WEB": {"recaptchaEnterpriseConfig": "siteKey", "recaptchaV3Config": "siteSecretSet"},
}


def check(context: CheckContext) -> Iterator[Finding]:
    settings = context.deployment.settings
    if settings is None:
        yield skipped("App Check, CORS", "the function's settings are not known")
        return
    yield from _app_check(context, settings)
    yield _cors(context, settings)


def _app_check(context: CheckContext, settings: Settings) -> Iterator[Finding]:
    place = (context.project.project_id, context.project.home)
    if settings.app_check == "off":
        text = "App Check: off; any program with a user's sign-in can take tokens"
        yield warn(text, set_and_deploy('app_check = { mode = "monitor" }', *place))
        return
    if settings.app_check == "monitor":
        text = "App Check: monitored, no call is refused; once the audit events show your apps as valid"
        yield warn(text, set_and_deploy('app_check = { mode = "enforce" }', *place))
    else:
        yield ok(f"App Check: enforced{', a token is good for one call' if settings.app_check_consume else ''}")
    match _apps(context.api, settings.firebase_project_id):
        case Found(body):
            yield from _attested(context, settings, body["apps"])
        case Missing():
            yield bad("App Check: the project is no Firebase project", f"firebase projects:addfirebase {place[0]}")
        case unseen:
            yield unanswered("App Check's apps", unseen)


def _apps(api: Looks, project_id: str) -> Look:
    """Source: https://firebase.google.com/docs/reference/firebase-management/rest/v1beta1/projects/searchApps."""
    url = f"https://firebase.googleapis.com/v1beta1/projects/{project_id}:searchApps"
    return all_pages(api, url, "roles/firebase.viewer", "apps", {"pageSize": "100"})


def _attested(context: CheckContext, settings: Settings, apps: list[Json]) -> Iterator[Finding]:
    allowed = settings.app_check_allowed_app_ids
    there = {str(app.get("appId")): str(app.get("platform")) for app in apps if app.get("state", "ACTIVE") == "ACTIVE"}
    project_id = settings.firebase_project_id
    place = (context.project.project_id, context.project.home)
    for app_id in sorted(allowed - there.keys()):
        text = f"App Check: {app_id} is allowed, but {project_id} has no such app"
        yield bad(text, set_and_deploy("app_check.allowed_app_ids", *place))
    if not there:
        yield bad(f"App Check: {project_id} has no registered app", f"{FIREBASE_CONSOLE}/{project_id}/settings")
    for app_id in sorted(allowed & there.keys() if allowed else there):
        yield _attestation(context.api, project_id, app_id, there[app_id], settings.app_check)


def _attestation(api: Looks, project_id: str, app_id: str, platform: str, mode: str) -> Finding:
    for provider, sign in _PROVIDERS.get(platform, {}).items():
        url = f"https://firebaseappcheck.googleapis.com/v1/projects/{project_id}/apps/{app_id}/{provider}"
        look = api.get(url, "roles/firebaseappcheck.viewer")
        if isinstance(look, Unseen):
            return unanswered(f"App Check of {app_id}", look)
        if isinstance(look, Found) and look.body.get(sign):
            return ok(f"App Check: {app_id} proves itself with {provider.removesuffix('Config')}")
    text = f"App Check: {app_id} has no attestation provider"
    remedy = f"{FIREBASE_CONSOLE}/{project_id}/appcheck/apps"
    return bad(f"{text}, and is refused", remedy) if mode == "enforce" else warn(text, remedy)


def _cors(context: CheckContext, settings: Settings) -> Finding:
    place = (context.project.project_id, context.project.home)
    origins = settings.cors_allowed_origins
    remedy = set_and_deploy("cors_allowed_origins", *place)
    if origins == ("*",):
        return warn("CORS: any web site may call with its visitors' sign-in (*)", remedy)
    plain = [origin for origin in origins if origin.startswith("http:")]
    if plain:
        return warn(f"CORS: {', '.join(plain)} can be forged on any network: it is not https", remedy)
    return ok(f"CORS: {', '.join(origins) if origins else 'no web app may call; native apps may'}")
