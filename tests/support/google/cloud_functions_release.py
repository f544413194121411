"""A stand-in for what a release uses of the Cloud Functions API v2: one function, its source, and the update of it.

It keeps the API's rules that matter here: an update changes what its mask names and nothing else, whatever is sent
besides; source must have been uploaded to an address that was given out before; an update makes a new revision of the
service below, and moves traffic only if the mask says so.

https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions
"""

import io
import re
import zipfile
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.google.access import not_found, refusal
from support.google.cloud_run_release import Json, RunService

HOST = "cloudfunctions.googleapis.com"
UPLOAD_HOST = "storage.googleapis.com"
_METADATA = "type.googleapis.com/google.cloud.functions.v2.OperationMetadata"
_TRAFFIC = "service_config.all_traffic_on_latest_revision"


class DeployedFunction:
    """A function as `terraform apply` leaves it, the API that updates it, and the place for its source.

    Args:
        service: the Cloud Run service below; gets its first revision here.
        configuration: the function's fields as the API names them, `buildConfig` and `serviceConfig` among them.
    """

    def __init__(self, service: RunService, configuration: Json) -> None:
        self.parent = f"projects/{service.project}/locations/{service.region}"
        self.resource: Json = {
            "name": f"{self.parent}/functions/{service.name}",
            "environment": "GEN_2",
            "state": "ACTIVE",
            **configuration,
        }
        self.masks: list[list[str]] = []
        self.build_error: str | None = None
        self._service = service
        self._uploads: dict[str, bytes | None] = {}
        self._operations: dict[str, Json] = {}
        self._deploy("the-first-code.zip")
        name = f"/v2/{self.resource['name']}"
        self.app = Starlette(
            routes=[
                Route(name, self._get, methods=["GET"]),
                Route(name, self._patch, methods=["PATCH"]),
                Route(f"/v2/{self.parent}/runtimes", self._runtimes, methods=["GET"]),
                Route(f"/v2/{self.parent}/functions:generateUploadUrl", self._upload_url, methods=["POST"]),
                Route("/v2/{operation:path}", self._operation, methods=["GET"]),
            ]
        )
        self.uploads = Starlette(routes=[Route("/uploads/{name}", self._upload, methods=["PUT"])])

    def source(self) -> dict[str, bytes]:
        """Return the files of the source that is deployed: name → content."""
        data = self._uploads[self.resource["buildConfig"]["source"]["storageSource"]["object"]]
        with zipfile.ZipFile(io.BytesIO(data or b"")) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}

    def _deploy(self, source: str) -> None:
        revision = self._service.deploy(source)
        self.resource["serviceConfig"]["revision"] = revision
        self.resource["serviceConfig"]["uri"] = self._service.url()

    async def _get(self, _: Request) -> JSONResponse:
        self.resource["serviceConfig"]["allTrafficOnLatestRevision"] = self._service.follows_latest()
        return JSONResponse(self.resource)

    async def _runtimes(self, _: Request) -> JSONResponse:
        return JSONResponse({"runtimes": [{"name": "python313", "stage": "GA", "environment": "GEN_2"}]})

    async def _upload_url(self, _: Request) -> JSONResponse:
        name = f"upload-{len(self._uploads) + 1}.zip"
        self._uploads[name] = None
        return JSONResponse(
            {
                "uploadUrl": f"https://{UPLOAD_HOST}/uploads/{name}",
                "storageSource": {"bucket": "gcf-v2-uploads", "object": name},
            }
        )

    async def _upload(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._uploads:
            return Response(status_code=403)
        self._uploads[name] = await request.body()
        return Response()

    async def _patch(self, request: Request) -> JSONResponse:
        sent: Json = await request.json()
        mask = request.query_params["updateMask"].split(",")
        self.masks.append(mask)
        for path in mask:
            _copy(sent, self.resource, [_camel(part) for part in path.split(".")])
        source = self.resource["buildConfig"]["source"]["storageSource"]["object"]
        if self._uploads.get(source) is None:
            return refusal(400, "INVALID_ARGUMENT", f"There is no {source}.")
        return JSONResponse(self._end_of_update(source, moves_traffic=_TRAFFIC in mask))

    def _end_of_update(self, source: str, *, moves_traffic: bool) -> Json:
        operation: Json = {
            "name": f"{self.parent}/operations/operation-{len(self._operations) + 1}",
            "metadata": {"@type": _METADATA, "target": self.resource["name"], "stages": [{"name": "BUILD"}]},
            "done": True,
        }
        self._operations[operation["name"]] = operation
        if self.build_error:
            operation["error"] = {"code": 3, "message": self.build_error}
            return operation
        self._deploy(source)
        if moves_traffic:
            self._service.follow_latest()
        return operation

    async def _operation(self, request: Request) -> JSONResponse:
        found = self._operations.get(request.path_params["operation"])
        return JSONResponse(found) if found else not_found()


def _camel(name: str) -> str:
    return re.sub(r"_(.)", lambda match: match[1].upper(), name)


def _copy(source: dict[str, Any], target: dict[str, Any], path: list[str]) -> None:
    """Set one field of a nested object as a field mask does: what the source leaves out, the target loses."""
    *folders, last = path
    for folder in folders:
        source, target = source.get(folder, {}), target.setdefault(folder, {})
    if last in source:
        target[last] = source[last]
    else:
        target.pop(last, None)
