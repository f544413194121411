"""How the users of a project may sign in, as Identity Toolkit has it.

Source: https://cloud.google.com/identity-platform/docs/reference/rest/v2/projects/getConfig
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import requests

from live_tokens_operations.google.rest import GoogleApiError, ask

HOST = "identitytoolkit.googleapis.com"


@dataclass(frozen=True, slots=True)
class SignInConfig:
    """What is set up.

    Attributes:
        web_api_key: of the project, or None. It is public: every app has it.
        email_sign_up: whether anybody may sign up with e-mail and password.
        own_method: whether e-mail, phone or anonymous sign-in is on. Providers such as Google are not in the answer.
        identity_platform: whether the project was upgraded to Identity Platform, which alone has OIDC and SAML.
    """

    web_api_key: str | None = field(repr=False)
    email_sign_up: bool
    own_method: bool
    identity_platform: bool


@dataclass(frozen=True, slots=True)
class NotSetUp:
    """Nobody has set Firebase Authentication, or Identity Platform, up.

    Attributes:
        api_is_off: whether that is because the API itself was never switched on.
    """

    api_is_off: bool


@dataclass(frozen=True, slots=True)
class NotSeen:
    """It may be set up or not.

    Attributes:
        why: HTTP status and Google's codes, or that there was no answer.
        refused: whether Google does not let this account look. Otherwise it is an outage, or something on the way.
    """

    why: str
    refused: bool


def config_url(project: str) -> str:
    """Return where a project's configuration is. Who asks needs `firebaseauth.configs.get`."""
    return f"https://{HOST}/admin/v2/projects/{project}/config"


def look_at(session: requests.Session, project: str) -> SignInConfig | NotSetUp | NotSeen:
    """Ask once.

    Args:
        session: authorised. A person's must name a quota project.
        project: its id.
    """
    try:
        return read(ask(session, "GET", config_url(project)))
    except GoogleApiError as error:
        # A 404 without a code is of something on the way, not of Google.
        if error.reason == "SERVICE_DISABLED" or (error.status == requests.codes.not_found and error.code):
            return NotSetUp(api_is_off=error.reason == "SERVICE_DISABLED")
        refused = error.status in (requests.codes.unauthorized, requests.codes.forbidden)
        return NotSeen(str(error), refused=refused)


def read(config: Mapping[str, object]) -> SignInConfig:
    """Read the answer."""
    match config.get("client"):
        case {"apiKey": str(key)} if key:
            web_api_key: str | None = key
        case _:
            web_api_key = None
    sign_ups = not _is_on(config, "client", "permissions", "disabledUserSignup")
    email = _is_on(config, "signIn", "email", "enabled")
    return SignInConfig(
        web_api_key=web_api_key,
        email_sign_up=email and sign_ups,
        own_method=email or any(_is_on(config, "signIn", method, "enabled") for method in ("phoneNumber", "anonymous")),
        identity_platform=config.get("subtype") == "IDENTITY_PLATFORM",
    )


def _is_on(config: Mapping[str, object], *path: str) -> bool:
    """Return what is at a path. What is off is left out of the answer, or is false."""
    found: object = config
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found is True
