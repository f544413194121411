"""Stands in for the endpoint where a service account's signature or a person's refresh token buys an access token.

Sources: https://developers.google.com/identity/protocols/oauth2/service-account#httprest
    https://developers.google.com/identity/protocols/oauth2/web-server#offline
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

HOST = "oauth2.googleapis.com"


def create_token_app(access_token: str, refresh_token: str = "", seconds: int = 3599) -> Starlette:
    """Return an app that gives an access token.

    Args:
        access_token: what it gives.
        refresh_token: without which it gives none; anything will do if it is empty.
        seconds: how long the token is said to be good.
    """

    async def post(request: Request) -> Response:
        if refresh_token and f"refresh_token={refresh_token}" not in (await request.body()).decode():
            return JSONResponse({"error": "invalid_grant", "error_description": "Bad Request"}, 400)
        token = {"access_token": access_token, "expires_in": seconds, "token_type": "Bearer", "scope": "all"}
        return JSONResponse(token)

    return Starlette(routes=[Route("/token", post, methods=["POST"])])
