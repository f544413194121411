"""Stands in for Cloud Functions: functions, their source, and the update of them.

It keeps the API's rules that matter here: an update changes what its mask names and nothing else, whatever is sent
besides; source must be an object that there is; an update makes a new revision of the
service below, and moves traffic only if the mask says so.

https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions
"""

import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, not_found, refusal
from support.google.cloud_run import Json, RunService

HOST = "cloudfunctions.googleapis.com"
_METADATA = "type.googleapis.com/google.cloud.functions.v2.OperationMetadata"
_TRAFFIC = "service_config.all_traffic_on_latest_revision"


@dataclass(slots=True)
class CloudFunctions:
    """The functions of a project, and the place for their source.

    Attributes:
        functions: full name → fields as the API names them.
        services: full name of a function → the Cloud Run service below; without one, it can only be read.
        masks: of the updates so far.
        sources: object of a bucket → a zip, of which functions can be made.
        build_error: why the next build fails, or None.
    """

    functions: dict[str, Json]
    services: dict[str, RunService] = field(default_factory=dict)
    masks: list[list[str]] = field(default_factory=list)
    build_error: str | None = None
    sources: dict[str, bytes] = field(default_factory=dict)
    operations: dict[str, Json] = field(default_factory=dict)

    def source(self, name: str) -> dict[str, bytes]:
        """Return the files of the source of a function: name → content."""
        data = self.sources[self.functions[name]["buildConfig"]["source"]["storageSource"]["object"]]
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}

    def deploy(self, name: str, source: str) -> None:
        """Make a new revision of the service below a function."""
        service = self.services[name]
        self.functions[name]["serviceConfig"].update(revision=service.deploy(source), uri=service.url())

    def update(self, name: str, sent: Json, mask: list[str]) -> JSONResponse:
        """Change what the mask names."""
        self.masks.append(mask)
        for path in mask:
            _copy(sent, self.functions[name], [_camel(part) for part in path.split(".")])
        source = self.functions[name]["buildConfig"]["source"]["storageSource"]["object"]
        if source not in self.sources:
            return refusal(400, "INVALID_ARGUMENT", f"There is no {source}.")
        operation: Json = {
            "name": f"{name.partition('/functions/')[0]}/operations/operation-{len(self.operations) + 1}",
            "metadata": {"@type": _METADATA, "target": name, "stages": [{"name": "BUILD"}]},
            "done": True,
        }
        self.operations[operation["name"]] = operation
        if self.build_error:
            operation["error"] = {"code": 3, "message": self.build_error}
            return JSONResponse(operation)
        self.deploy(name, source)
        if _TRAFFIC in mask:
            self.services[name].follow_latest()
        return JSONResponse(operation)


def create_functions_app(access: ApiAccess, cloud: CloudFunctions) -> Starlette:
    """Return an app that shows and updates functions."""

    def get(request: Request) -> Response:
        name = request.url.path.removeprefix("/v2/")
        if name not in cloud.functions:
            return not_found()
        if name in cloud.services:
            follows = cloud.services[name].follows_latest()
            cloud.functions[name]["serviceConfig"]["allTrafficOnLatestRevision"] = follows
        return JSONResponse(cloud.functions[name])

    def list_all(_request: Request) -> Response:
        # Where there is none, the field is left out, as proto3's JSON does with empty lists.
        return JSONResponse({"functions": list(cloud.functions.values())} if cloud.functions else {})

    async def patch(request: Request) -> Response:
        name = request.url.path.removeprefix("/v2/")
        if name not in cloud.services:
            return not_found()
        return cloud.update(name, await request.json(), request.query_params["updateMask"].split(","))

    def runtimes(_request: Request) -> Response:
        return JSONResponse({"runtimes": [{"name": "python313", "stage": "GA", "environment": "GEN_2"}]})

    def operation(request: Request) -> Response:
        found = cloud.operations.get(request.url.path.removeprefix("/v2/"))
        return JSONResponse(found) if found else not_found()

    location = "/v2/projects/{project}/locations/{location}"
    return behind(
        access,
        HOST,
        [
            ("GET", "/v2/projects/{project}/locations/-/functions", list_all),
            ("GET", location + "/functions/{function}", get),
            ("PATCH", location + "/functions/{function}", patch),
            ("GET", location + "/runtimes", runtimes),
            ("GET", location + "/operations/{operation}", operation),
        ],
    )


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
