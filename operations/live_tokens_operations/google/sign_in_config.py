"""How users of a project may sign in, from Identity Toolkit.

Source: https://cloud.google.com/identity-platform/docs/reference/rest/v2/projects/getConfig
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from live_tokens_operations.google.look import Found, Looks, Missing, Unseen

HOST = "identitytoolkit.googleapis.com"
VIEWER = "roles/firebaseauth.viewer"


@dataclass(frozen=True, slots=True)
class SignInConfig:
    """The sign-in settings of a project.

    Attributes:
        web_api_key: of the project, or None. It is public.
        email_sign_up: whether anybody may sign up with e-mail and password.
        own_method: whether e-mail, phone or anonymous sign-in is on. Providers such as Google are not in the answer.
        identity_platform: whether the project was upgraded to Identity Platform, which alone has OIDC and SAML.
    """

    web_api_key: str | None = field(repr=False)
    email_sign_up: bool
    own_method: bool
    identity_platform: bool


def look_at(api: Looks, project: str) -> SignInConfig | Missing | Unseen:
    """Read the settings. `Missing` means that Firebase Authentication is not set up.

    Args:
        api: a person's credentials must name a quota project.
    """
    look = api.get(f"https://{HOST}/admin/v2/projects/{project}/config", VIEWER)
    return read(look.body) if isinstance(look, Found) else look


def read(config: Mapping[str, object]) -> SignInConfig:
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
    found: object = config
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found is True
