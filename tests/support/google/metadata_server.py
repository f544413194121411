"""Stands in for the metadata server, where a function on Cloud Run finds its credentials.

Source: https://cloud.google.com/run/docs/container-contract#metadata-server
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

HOST = "metadata.google.internal"
_METADATA = {"Metadata-Flavor": "Google"}


def create_metadata_app(access_token: str, project_id: str, seconds: int) -> Starlette:
    """Return an app that gives the credentials of a project's account.

    Args:
        access_token: what it gives.
        project_id: the project.
        seconds: how long the token is said to be good.
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
            {"access_token": access_token, "expires_in": seconds, "token_type": "Bearer"},
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
