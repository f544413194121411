"""Stands in for Secret Manager as an operator sees it: a secret, its versions, its roles, its payload, and a new one.

Sources: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions
    https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/getIamPolicy
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import google_crc32c
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, not_found, refusal
from support.google.resource_manager import seen_with

HOST = "secretmanager.googleapis.com"


@dataclass(slots=True)
class Version:
    """One version of a secret."""

    payload: bytes = field(repr=False)
    state: str = "ENABLED"
    wrong_checksum: bool = False


@dataclass(slots=True)
class Secret:
    """A secret.

    Attributes:
        name: `projects/P/secrets/S`.
        versions: the first is version 1, the last is `latest`.
        reads: how often a payload was handed out.
        replicas: regions; without any, Google replicates as it likes.
    """

    name: str
    versions: list[Version] = field(default_factory=list)
    bindings: list[dict[str, Any]] = field(default_factory=list)
    reads: int = 0
    replicas: tuple[str, ...] = ()


def create_secret_app(access: ApiAccess, secrets: Mapping[str, Secret], numbers: Mapping[str, str]) -> Starlette:
    """Return an app that serves these secrets, by their full names.

    Args:
        access: who gets in.
        secrets: `projects/P/secrets/S` → the secret.
        numbers: the number of each project → its id. Google takes either in a name.
    """

    def named(request: Request) -> str:
        project = request.path_params["project"]
        secret = request.path_params["secret"].partition(":")[0]
        return f"projects/{numbers.get(project, project)}/secrets/{secret}"

    def get_secret(request: Request) -> Response:
        name, verb = named(request), request.path_params["secret"].partition(":")[2]
        secret = secrets.get(name)
        if secret is None:
            return _no_secret(name)
        if verb == "getIamPolicy":
            version = int(request.query_params.get("options.requestedPolicyVersion", 1))
            return JSONResponse(seen_with(secret.bindings, version))
        replicas = [{"location": region} for region in secret.replicas]
        replication = {"userManaged": {"replicas": replicas}} if replicas else {"automatic": {}}
        return JSONResponse({"name": name, "replication": replication, "createTime": "2026-11-01T10:00:00Z"})

    def get_version(request: Request) -> Response:
        name = named(request)
        number, _, verb = request.path_params["version"].partition(":")
        secret = secrets.get(name)
        if secret is None:
            return _no_secret(name)
        index = len(secret.versions) if number == "latest" else int(number)
        if not 1 <= index <= len(secret.versions):
            return refusal(404, "NOT_FOUND", f"Secret Version [{name}/versions/{number}] not found.")
        version, full = secret.versions[index - 1], f"{name}/versions/{index}"
        if verb != "access":
            return JSONResponse(_resource(secret, index))
        if version.state != "ENABLED":
            message = f"Secret Version [{full}] is in {version.state} state."
            return refusal(400, "FAILED_PRECONDITION", message)
        secret.reads += 1
        checksum = google_crc32c.value(version.payload) + version.wrong_checksum
        data = base64.b64encode(version.payload).decode()
        return JSONResponse({"name": full, "payload": {"data": data, "dataCrc32c": str(checksum)}})

    def list_versions(request: Request) -> Response:
        name = named(request)
        secret = secrets.get(name)
        if secret is None:
            return _no_secret(name)
        newest_first = [_resource(secret, number) for number in range(len(secret.versions), 0, -1)]
        return JSONResponse({"versions": newest_first, "totalSize": len(newest_first)})

    async def add_version(request: Request) -> Response:
        name = named(request)
        secret = secrets.get(name)
        if secret is None:
            return _no_secret(name)
        payload = (await request.json())["payload"]
        data = base64.b64decode(payload["data"])
        if "dataCrc32c" in payload and int(payload["dataCrc32c"]) != google_crc32c.value(data):
            return refusal(400, "INVALID_ARGUMENT", "The checksum does not match the data.")
        secret.versions.append(Version(data))
        checked = {"clientSpecifiedPayloadChecksum": True} if "dataCrc32c" in payload else {}
        return JSONResponse(_resource(secret, len(secret.versions)) | checked)

    base = "/v1/projects/{project}/secrets/{secret}"
    return behind(
        access,
        HOST,
        [
            ("GET", base + "/versions/{version}", get_version),
            ("GET", base + "/versions", list_versions),
            ("GET", base, get_secret),
            ("POST", base + ":addVersion", add_version),
            ("GET", "/{path:path}", not_found),
        ],
    )


def _resource(secret: Secret, number: int) -> dict[str, object]:
    """Return a version without its payload, as Google shows it."""
    return {
        "name": f"{secret.name}/versions/{number}",
        "createTime": "2026-11-01T10:00:00Z",
        "state": secret.versions[number - 1].state,
        "replicationStatus": {"userManaged": {"replicas": [{"location": "europe-west1"}]}},
        "etag": f'"{number}"',
    }


def _no_secret(name: str) -> Response:
    return refusal(404, "NOT_FOUND", f"Secret [{name}] not found.")
