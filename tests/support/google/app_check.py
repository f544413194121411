"""Stands in for App Check: its public keys, the providers of each app, and tokens: given for a custom one, and spent.

Sources: https://firebase.google.com/docs/reference/appcheck/rest/v1/projects.apps.playIntegrityConfig/get
    https://firebase.google.com/docs/reference/appcheck/rest/v1/projects.apps/exchangeCustomToken
    https://firebase.google.com/docs/reference/appcheck/rest/v1beta/projects/verifyAppCheckToken
What is answered for a provider that was never set up is not documented. Here it is 404 for those without fields of
their own, and an answer without the field that tells for the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.google.access import ApiAccess, behind, not_found, refusal
from support.google.firebase_apps import Firebase
from support.google.iam_credentials import SigningAccount
from support.production.app_check_tokens import AppCheckTokens

HOST = "firebaseappcheck.googleapis.com"
_AUDIENCE = f"https://{HOST}/google.firebase.appcheck.v1.TokenExchangeService"


@dataclass(slots=True)
class AppCheck:
    """App Check of one project.

    Attributes:
        firebase: the apps, each with its providers.
        jwks: the public keys that it signs with.
        consumed: tokens that were verified once.
        faults: token → what answers in place of its verification.
        exchanged: how many tokens were given for a custom one.
    """

    firebase: Firebase
    jwks: list[Mapping[str, str]] = field(default_factory=list)
    consumed: set[str] = field(default_factory=set, repr=False)
    faults: dict[str, Response] = field(default_factory=dict, repr=False)
    exchanged: int = 0


def create_app_check_app(
    access: ApiAccess, service: AppCheck, tokens: AppCheckTokens | None = None, account: SigningAccount | None = None
) -> Starlette:
    """Return an app that is App Check.

    Args:
        access: who gets in.
        service: what there is.
        tokens: makes the tokens that are given.
        account: whose custom tokens are exchanged. Without these two, none is.
    """

    def keys(_request: Request) -> Response:
        return JSONResponse({"keys": service.jwks})

    def get_provider(request: Request) -> Response:
        apps = {app.app_id: app for app in service.firebase.apps}
        app = apps.get(request.path_params["app"])
        provider = request.path_params["provider"]
        if app is None or (provider not in app.providers and provider in ("playIntegrityConfig", "appAttestConfig")):
            return not_found()
        name = f"projects/{service.firebase.project_id}/apps/{app.app_id}/{provider}"
        return JSONResponse({"name": name, "tokenTtl": "3600s", **app.providers.get(provider, {})})

    async def exchange(request: Request) -> Response:
        body, app_id = await request.json(), request.path_params["app"]
        if tokens is None or account is None or app_id not in {app.app_id for app in service.firebase.apps}:
            return not_found()
        payload = account.payload(body["customToken"], _AUDIENCE)
        if body.keys() - {"customToken", "limitedUse"} or payload is None or payload["app_id"] != app_id:
            return refusal(403, "PERMISSION_DENIED", "App attestation failed.")
        service.exchanged += 1
        token = tokens.good(app_id)
        account.ledger.app_check_token(token)
        return JSONResponse({"token": token, "ttl": "300s"})

    async def verify(request: Request) -> Response:
        token = (await request.json())["app_check_token"]
        if token in service.faults:
            return service.faults[token]
        again = token in service.consumed
        service.consumed.add(token)
        return JSONResponse({"alreadyConsumed": True} if again else {})

    return behind(
        access,
        HOST,
        [
            ("POST", "/v1/projects/{project}/apps/{app}:exchangeCustomToken", exchange),
            ("GET", "/v1/projects/{project}/apps/{app}/{provider}", get_provider),
            ("POST", "/v1beta/projects/{project}:verifyAppCheckToken", verify),
        ],
        in_the_open=[Route("/v1/jwks", keys)],
    )
