"""Stands in for the endpoint where a service account's signature or a person's refresh token buys an access token.

Sources: https://developers.google.com/identity/protocols/oauth2/service-account#httprest
    https://developers.google.com/identity/protocols/oauth2/web-server#offline
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

HOST = "oauth2.googleapis.com"


def create_token_app(access_token: str, seconds: int = 3599) -> Starlette:
    """Return an app that gives an access token.

    Args:
        access_token: what it gives.
        seconds: how long the token is said to be good.
    """

    def post(_request: Request) -> Response:
        token = {"access_token": access_token, "expires_in": seconds, "token_type": "Bearer", "scope": "all"}
        return JSONResponse(token)

    return Starlette(routes=[Route("/token", post, methods=["POST"])])
