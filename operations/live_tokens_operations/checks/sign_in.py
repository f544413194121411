"""Sign-in: Firebase Authentication is set up, and a sign-in provider is enabled."""

from __future__ import annotations

from collections.abc import Iterator

from live_tokens_operations.checks.deployment import CheckContext
from live_tokens_operations.checks.finding import Finding, bad, ok, unanswered, warn
from live_tokens_operations.google.look import Found, Looks, Missing, Unseen
from live_tokens_operations.google.sign_in_config import HOST, VIEWER, SignInConfig, look_at
from live_tokens_operations.remedies import FIREBASE_CONSOLE


def check_authentication(api: Looks, project_id: str) -> SignInConfig | Finding:
    """Return how users may sign in, or the finding that they cannot, or that the check could not be made."""
    match look_at(api, project_id):
        case SignInConfig() as config:
            return config
        case Missing():
            remedy = f"{FIREBASE_CONSOLE}/{project_id}/authentication, Get started; or identity_platform in infra/"
            return bad(f"Authentication: not set up in {project_id}: no user can sign in", remedy)
        case unseen:
            return unanswered("Authentication", unseen)


def check(context: CheckContext) -> Iterator[Finding]:
    project_id = context.deployment.firebase_project
    match check_authentication(context.api, project_id):
        case SignInConfig() as config:
            yield from _sign_in_methods(context, project_id, config)
        case finding:
            yield finding


def _sign_in_methods(context: CheckContext, project_id: str, config: SignInConfig) -> Iterator[Finding]:
    match config.own_method or _provider(context.api, project_id, config):
        case Unseen() as unseen:
            yield unanswered("Authentication, its providers", unseen)
        case False:
            text = f"Authentication: no sign-in provider is enabled in {project_id}; only your custom tokens work"
            yield warn(text, f"{FIREBASE_CONSOLE}/{project_id}/authentication/providers")
        case _ if config.email_sign_up:
            yield ok(f"Authentication: set up in {project_id}; users may sign up with e-mail and password")
        case _:
            text = f"Authentication: set up in {project_id}; sign-up with e-mail and password is off"
            yield ok(f"{text}, so make smoke needs --service-account (docs/smoke-test.md)")


def _provider(api: Looks, project_id: str, config: SignInConfig) -> bool | Unseen:
    """Return whether users may sign in with an account that they have elsewhere.

    OIDC and SAML take Identity Platform: https://firebase.google.com/docs/auth/web/openid-connect
    Source: https://cloud.google.com/identity-platform/docs/reference/rest/v2/projects.defaultSupportedIdpConfigs/list
    """
    kinds = ["defaultSupportedIdpConfigs"]
    if config.identity_platform:
        kinds += ["oauthIdpConfigs", "inboundSamlConfigs"]
    for kind in kinds:
        url = f"https://{HOST}/admin/v2/projects/{project_id}/{kind}"
        look = api.get(url, VIEWER, {"pageSize": "100"})
        if isinstance(look, Unseen):
            return look
        if isinstance(look, Found) and any(provider.get("enabled") for provider in look.body.get(kind, [])):
            return True
    return False
