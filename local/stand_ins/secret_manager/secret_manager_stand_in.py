"""A local stand-in for Secret Manager: the one REST method that reads a secret version.

Run it with `python -m secret_manager_stand_in --help` (in this folder), or serve `create_app(secret)` in a test.
Source of the method: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
"""

from __future__ import annotations

import argparse
import base64
import os
import re
from dataclasses import dataclass, field

import google_crc32c
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

PAYLOAD_VARIABLE = "SECRET_MANAGER_STAND_IN_PAYLOAD"

_VERSION = re.compile(r"(?P<secret>projects/[^/]+/secrets/[^/]+)/versions/(?P<version>latest|[0-9]+)")


@dataclass(slots=True)
class StandInSecret:
    """One secret and its versions.

    Attributes:
        name: `projects/P/secrets/S`.
        versions: payloads. The first is version 1, the last is `latest`. None is a destroyed version.
    """

    name: str
    versions: list[bytes | None] = field(default_factory=list, repr=False)
    reads: int = 0

    def add_version(self, payload: bytes) -> None:
        """Add a version, which becomes `latest`."""
        self.versions.append(payload)


def create_app(secret: StandInSecret) -> Starlette:
    """Return an ASGI application that serves the versions of one secret."""

    def access(request: Request) -> JSONResponse:
        secret.reads += 1
        asked = _VERSION.fullmatch(request.path_params["version"])
        if asked is None or asked["secret"] != secret.name:
            return _error(404, "NOT_FOUND", "Secret not found or has no versions.")
        number = len(secret.versions) if asked["version"] == "latest" else int(asked["version"])
        if not 1 <= number <= len(secret.versions):
            return _error(404, "NOT_FOUND", "Secret Version not found.")
        payload = secret.versions[number - 1]
        if payload is None:
            return _error(400, "FAILED_PRECONDITION", "Secret Version is in DESTROYED state.")
        return JSONResponse(
            {
                "name": f"{secret.name}/versions/{number}",
                "payload": {
                    "data": base64.b64encode(payload).decode(),
                    "dataCrc32c": str(google_crc32c.value(payload)),
                },
            }
        )

    return Starlette(routes=[Route("/v1/{version:path}:access", access)])


def _error(code: int, status: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message, "status": status}}, status_code=code)


def _main() -> None:
    parser = argparse.ArgumentParser(
        prog="secret_manager_stand_in",
        description=f"Serves one secret version. Its payload comes from ${PAYLOAD_VARIABLE}.",
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--secret", required=True, help="projects/P/secrets/S")
    arguments = parser.parse_args()
    payload = os.environ.get(PAYLOAD_VARIABLE)
    if not payload:
        parser.error(f"set {PAYLOAD_VARIABLE} to the payload of version 1")
    secret = StandInSecret(arguments.secret, [payload.encode()])
    uvicorn.run(create_app(secret), host=arguments.host, port=arguments.port, log_level="warning")


if __name__ == "__main__":
    _main()
