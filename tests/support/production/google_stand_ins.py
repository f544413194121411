"""Small stand-ins for what the function asks of Google besides Secret Manager and Gemini."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

_METADATA = {"Metadata-Flavor": "Google"}
_LOOK_UP = {"kind": "identitytoolkit#GetAccountInfoResponse"}
NEVER_KEPT_SECONDS = 1
"""google-auth refreshes an access token minutes before its end, so one of a second is fetched for every request."""


def create_certificate_app(certificates: Mapping[str, str], cache_control: str | None) -> ASGIApp:
    """Stand in for the public certificates of Firebase Authentication.

    Args:
        certificates: kid → X.509 certificate in PEM.
        cache_control: the header that says how long they may be kept, or None for an answer without it.

    Source: https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library
    """

    def get(_request: Request) -> Response:
        headers = {"Cache-Control": cache_control} if cache_control else {}
        return JSONResponse(dict(certificates), headers=headers)

    return Starlette(routes=[Route("/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com", get)])


@dataclass(frozen=True, slots=True)
class User:
    """A user account, in the words of the look-up's answer."""

    localId: str  # noqa: N815  # as on the wire
    validSince: str = "0"  # noqa: N815
    disabled: bool = False


@dataclass(slots=True)
class Accounts:
    """The user accounts of the Firebase project.

    Attributes:
        access_token: what a look-up must be authorised with.
        users: uid → the account.
        faults: uid → what answers in place of its account.
        answer_about_nobody: the answer to a look-up that finds no account.
    """

    access_token: str = field(repr=False)
    users: dict[str, User] = field(default_factory=dict)
    faults: dict[str, Response] = field(default_factory=dict)
    answer_about_nobody: dict[str, str] = field(default_factory=lambda: dict(_LOOK_UP))


def create_accounts_app(accounts: Accounts, project_id: str) -> ASGIApp:
    """Stand in for the look-up of users.

    Source: https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/lookup
    """

    async def look_up(request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {accounts.access_token}":
            return JSONResponse({"error": {"code": 401, "message": "UNAUTHENTICATED"}}, status_code=401)
        uids = (await request.json())["localId"]
        for uid in uids:
            if uid in accounts.faults:
                return accounts.faults[uid]
        users = [asdict(accounts.users[uid]) for uid in uids if uid in accounts.users]
        return JSONResponse({**_LOOK_UP, "users": users} if users else accounts.answer_about_nobody)

    return Starlette(routes=[Route(f"/v1/projects/{project_id}/accounts:lookup", look_up, methods=["POST"])])


@dataclass(slots=True)
class AppCheckService:
    """App Check of all Firebase projects.

    Attributes:
        access_token: what a verification must be authorised with.
        jwks: the public keys that it signs with.
        faults: token → what answers in place of its verification.
    """

    access_token: str = field(repr=False)
    jwks: list[Mapping[str, str]]
    consumed: set[str] = field(default_factory=set, repr=False)
    faults: dict[str, Response] = field(default_factory=dict, repr=False)


def create_app_check_app(service: AppCheckService) -> ASGIApp:
    """Stand in for App Check: its public keys, and the verification that spends a token.

    Source: https://firebase.google.com/docs/reference/appcheck/rest/v1beta/projects/verifyAppCheckToken
    """

    def keys(_request: Request) -> Response:
        return JSONResponse({"keys": service.jwks})

    async def verify(request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {service.access_token}":
            return JSONResponse({"error": {"code": 401, "message": "UNAUTHENTICATED"}}, status_code=401)
        token = (await request.json())["app_check_token"]
        if token in service.faults:
            return service.faults[token]
        again = token in service.consumed
        service.consumed.add(token)
        return JSONResponse({"alreadyConsumed": True} if again else {})

    return Starlette(
        routes=[
            Route("/v1/jwks", keys),
            Route("/v1beta/projects/{project}:verifyAppCheckToken", verify, methods=["POST"]),
        ]
    )


def create_metadata_app(access_token: str, project_id: str) -> ASGIApp:
    """Stand in for the metadata server, where a function on Cloud Run finds its credentials.

    Source: https://cloud.google.com/run/docs/container-contract#metadata-server
    """

    def ping(_request: Request) -> Response:
        return PlainTextResponse("computeMetadata/\n", headers=_METADATA)

    def project(_request: Request) -> Response:
        return PlainTextResponse(project_id, headers=_METADATA)

    def account(_request: Request) -> Response:
        email = f"live-tokens@{project_id}.iam.gserviceaccount.com"
        scopes = ["https://www.googleapis.com/auth/cloud-platform"]
        return JSONResponse({"aliases": ["default"], "email": email, "scopes": scopes}, headers=_METADATA)

    def token(_request: Request) -> Response:
        return JSONResponse(
            {"access_token": access_token, "expires_in": NEVER_KEPT_SECONDS, "token_type": "Bearer"},
            headers=_METADATA,
        )

    accounts = "/computeMetadata/v1/instance/service-accounts"
    return Starlette(
        routes=[
            Route("/", ping),
            Route("/computeMetadata/v1/project/project-id", project),
            Route(f"{accounts}/{{account}}/token", token),
            Route(f"{accounts}/{{account}}/", account),
        ]
    )
