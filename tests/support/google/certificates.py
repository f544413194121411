"""Stands in for the public certificates of Firebase Authentication.

Source: https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library
"""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

HOST = "www.googleapis.com"


def create_certificate_app(certificates: Mapping[str, str], cache_control: str | None) -> Starlette:
    """Return an app that publishes certificates.

    Args:
        certificates: kid → X.509 certificate in PEM.
        cache_control: the header that says how long they may be kept, or None for an answer without it.
    """

    def get(_request: Request) -> Response:
        headers = {"Cache-Control": cache_control} if cache_control else {}
        return JSONResponse(dict(certificates), headers=headers)

    return Starlette(routes=[Route("/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com", get)])
