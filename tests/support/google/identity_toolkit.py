"""Stands in for Identity Toolkit: how users sign in, who they are, and signing them in, up and off.

Sources: https://cloud.google.com/identity-platform/docs/reference/rest/v2/projects/getConfig
    https://cloud.google.com/identity-platform/docs/reference/rest/v2/projects.defaultSupportedIdpConfigs/list
    https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/lookup
    https://cloud.google.com/identity-platform/docs/reference/rest/v1/accounts
Which ways to sign in Identity Platform alone has: https://firebase.google.com/docs/auth/web/openid-connect
What is answered to a question about those elsewhere is not documented; here it is 400.
"""

import base64
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.google.access import ApiAccess, behind, refusal
from support.google.iam_credentials import SigningAccount
from support.production.id_tokens import IdTokens

HOST = "identitytoolkit.googleapis.com"
_AUDIENCE = f"https://{HOST}/google.identity.identitytoolkit.v1.IdentityToolkit"
_KINDS = ("defaultSupportedIdpConfigs", "oauthIdpConfigs", "inboundSamlConfigs")
_LOOK_UP = {"kind": "identitytoolkit#GetAccountInfoResponse"}
_SHORTEST_PASSWORD = 6

_Method = Callable[[Request], Awaitable[Response]]


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


@dataclass(frozen=True, slots=True)
class User:
    """A user account, in the words of the look-up's answer."""

    localId: str  # noqa: N815  # as on the wire
    validSince: str = "0"  # noqa: N815
    disabled: bool = False


@dataclass(slots=True)
class IdentityToolkit:
    """Authentication of the projects in which it is set up.

    Attributes:
        api_keys: id of a project in which it is set up → its web API key.
        sign_in: what is on.
        users: uid → the account.
        faults: uid, or a method as `signUp` or `config` → what answers in place of it.
        answer_about_nobody: the answer to a look-up that finds no account.
        signed_in: payloads of the custom tokens that were exchanged.
        signed_up: addresses of those who signed up with a password.
    """

    api_keys: dict[str, str] = field(repr=False)
    sign_in: SignIn = field(default_factory=SignIn)
    users: dict[str, User] = field(default_factory=dict)
    faults: dict[str, Response] = field(default_factory=dict)
    answer_about_nobody: dict[str, str] = field(default_factory=lambda: dict(_LOOK_UP))
    signed_in: list[dict[str, Any]] = field(default_factory=list)
    signed_up: list[str] = field(default_factory=list)

    def forget(self) -> None:
        """Have no users and no faults, as at the start."""
        for each in (self.users, self.faults, self.signed_in, self.signed_up):
            each.clear()


def create_identity_app(
    access: ApiAccess, identity: IdentityToolkit, tokens: IdTokens | None = None, account: SigningAccount | None = None
) -> Starlette:
    """Return an app that is Identity Toolkit.

    Args:
        access: who gets in as an administrator. Apps have the web API key.
        identity: what there is.
        tokens: makes the ID tokens of those who sign in.
        account: whose custom tokens are exchanged. Without these two, nobody can sign in.
    """

    def get_config(request: Request) -> Response:
        project = request.path_params["project"]
        if "config" in identity.faults:
            return identity.faults["config"]
        if project not in identity.api_keys:
            return _not_set_up()
        sign_in = identity.sign_in
        return JSONResponse(
            {
                "name": f"projects/{project}/config",
                "signIn": {method: {"enabled": True} for method in sign_in.methods},
                "client": {
                    "apiKey": identity.api_keys[project],
                    "permissions": {} if sign_in.sign_ups else {"disabledUserSignup": True},
                },
                "subtype": "IDENTITY_PLATFORM" if sign_in.identity_platform else "FIREBASE_AUTH",
            }
        )

    def list_providers(request: Request) -> Response:
        project, kind = request.path_params["project"], request.path_params["kind"]
        if project not in identity.api_keys:
            return _not_set_up()
        if kind not in _KINDS or (kind != _KINDS[0] and not identity.sign_in.identity_platform):
            return refusal(400, "INVALID_ARGUMENT", "OPERATION_NOT_ALLOWED")
        prefix = f"projects/{project}/{kind}"
        listed = [
            {"name": f"{prefix}/{provider}"} | ({} if provider.startswith("off.") else {"enabled": True})
            for provider in identity.sign_in.providers.get(kind, [])
        ]
        return JSONResponse({kind: listed} if listed else {})

    async def look_up(request: Request) -> Response:
        if request.path_params["project"] not in identity.api_keys:
            return _not_set_up()
        uids = (await request.json())["localId"]
        for uid in uids:
            if uid in identity.faults:
                return identity.faults[uid]
        users = [asdict(identity.users[uid]) for uid in uids if uid in identity.users]
        return JSONResponse({**_LOOK_UP, "users": users} if users else identity.answer_about_nobody)

    return behind(
        access,
        HOST,
        [
            ("GET", "/admin/v2/projects/{project}/config", get_config),
            ("GET", "/admin/v2/projects/{project}/{kind}", list_providers),
            ("POST", "/v1/projects/{project}/accounts:lookup", look_up),
        ],
        in_the_open=_methods_of_apps(identity, tokens, account) if tokens and account else (),
    )


def _methods_of_apps(identity: IdentityToolkit, tokens: IdTokens, account: SigningAccount) -> list[Route]:
    ledger = account.ledger

    async def sign_in(request: Request) -> Response:
        payload = account.payload((await request.json())["token"], _AUDIENCE)
        if payload is None or not 1 <= len(payload["uid"]) <= 128:
            return _bad_request("INVALID_CUSTOM_TOKEN : The token is not good.")
        identity.signed_in.append(payload)
        uid = payload["uid"]
        identity.users[uid] = User(uid)
        profile = {"name": None, "email": None, "email_verified": None}
        firebase = {"identities": {}, "sign_in_provider": "custom"}
        token = tokens.good(uid, firebase=firebase, **profile, **payload.get("claims", {}))
        ledger.id_token(token)
        return JSONResponse({"idToken": token, "refreshToken": "r", "expiresIn": "3600", "isNewUser": True})

    async def sign_up(request: Request) -> Response:
        body = await request.json()
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", body["email"]):
            return _bad_request("INVALID_EMAIL")
        if len(body["password"]) < _SHORTEST_PASSWORD:
            return _bad_request("WEAK_PASSWORD : Password should be at least 6 characters")
        ledger.secret("password", body["password"])
        identity.signed_up.append(body["email"])
        uid = secrets.token_hex(14)
        identity.users[uid] = User(uid)
        token = tokens.good(uid, email=body["email"], email_verified=False)
        ledger.id_token(token)
        return JSONResponse({"idToken": token, "refreshToken": "r", "expiresIn": "3600", "localId": uid})

    async def look_up(request: Request) -> Response:
        user = identity.users[_uid((await request.json())["idToken"])]
        return JSONResponse({**_LOOK_UP, "users": [asdict(user)]})

    async def delete(request: Request) -> Response:
        if identity.users.pop(_uid((await request.json())["idToken"]), None) is None:
            return _bad_request("USER_NOT_FOUND")
        return JSONResponse({"kind": "identitytoolkit#DeleteAccountResponse"})

    def with_api_key(method: str, handler: _Method) -> Route:
        async def handle(request: Request) -> Response:
            if method in identity.faults:
                return identity.faults[method]
            if request.headers.get("X-Goog-Api-Key") not in identity.api_keys.values():
                message = "API key not valid. Please pass a valid API key."
                return refusal(400, "INVALID_ARGUMENT", message, "API_KEY_INVALID")
            return await handler(request)

        return Route(f"/v1/accounts:{method}", handle, methods=["POST"])

    methods: dict[str, _Method] = {
        "signInWithCustomToken": sign_in,
        "signUp": sign_up,
        "lookup": look_up,
        "delete": delete,
    }
    return [with_api_key(method, handler) for method, handler in methods.items()]


def _uid(id_token: str) -> str:
    uid: str = json.loads(base64.urlsafe_b64decode(id_token.split(".")[1] + "=="))["sub"]
    return uid


def _not_set_up() -> Response:
    return refusal(404, "NOT_FOUND", "CONFIGURATION_NOT_FOUND")


def _bad_request(message: str) -> Response:
    return refusal(400, "INVALID_ARGUMENT", message)
