"""A stand-in for Cloud Storage: buckets and objects as gcloud's and Go's clients see them, preconditions included.

A test that names the caller's grants is refused what they do not allow. Without grants, the caller may do everything.

Sources: https://cloud.google.com/storage/docs/json_api/v1, https://cloud.google.com/storage/docs/xml-api/get-object-download
and https://cloud.google.com/storage/docs/access-control/iam-json for the permissions of each method.
"""

import base64
import email
import email.policy
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import google_crc32c
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_MEDIA = "download/storage/v1/b"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One version of an object. The content may be Terraform's state, and is in no `repr`."""

    name: str
    generation: int
    content: bytes = field(repr=False)
    content_type: str = "application/octet-stream"

    def metadata(self, bucket: str) -> dict[str, Any]:
        """Return it as the JSON API does."""
        return {
            "kind": "storage#object",
            "id": f"{bucket}/{self.name}/{self.generation}",
            "name": self.name,
            "bucket": bucket,
            "generation": str(self.generation),
            "metageneration": "1",
            "contentType": self.content_type,
            "mediaLink": f"https://storage.googleapis.com/{_MEDIA}/{bucket}/o/{quote(self.name, safe='')}?alt=media",
            "size": str(len(self.content)),
            "md5Hash": base64.b64encode(hashlib.md5(self.content, usedforsecurity=False).digest()).decode(),
            "crc32c": base64.b64encode(google_crc32c.value(self.content).to_bytes(4, "big")).decode(),
            "storageClass": "STANDARD",
            "timeCreated": _NOW,
            "updated": _NOW,
        }


@dataclass(slots=True)
class Bucket:
    """A bucket.

    Attributes:
        resource: as the JSON API has it.
        objects: name → the live version.
        history: versions that were replaced or deleted; none if versioning is off.
    """

    resource: dict[str, Any]
    objects: dict[str, StoredObject] = field(default_factory=dict)
    history: list[StoredObject] = field(default_factory=list)

    def drop(self, name: str) -> None:
        """Take the live version away."""
        replaced = self.objects.pop(name, None)
        if replaced is not None and self.resource.get("versioning", {}).get("enabled"):
            self.history.append(replaced)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on a bucket, for objects whose names begin in one of some ways.

    Its condition compares names of objects. `storage.objects.list` is asked of the bucket, where it is never true.

    Attributes:
        permissions: of the role, such as `storage.objects.get`.
        prefixes: of the objects' names.
    """

    permissions: frozenset[str]
    prefixes: tuple[str, ...]

    def allows(self, permission: str, object_name: str) -> bool:
        """Return whether the grant has a permission on an object."""
        return permission in self.permissions and object_name.startswith(self.prefixes)


@dataclass(slots=True)
class CloudStorage:
    """All buckets there are.

    Attributes:
        project_numbers: id of a project that exists → its number.
        buckets: name → bucket.
        writes: what was changed, as `METHOD path`.
        grants: bucket → what the caller may do with its objects. A caller with no grants at all may do everything.
    """

    project_numbers: dict[str, int]
    buckets: dict[str, Bucket] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    grants: dict[str, list[Grant]] = field(default_factory=dict)
    _generation: int = 1_700_000_000_000_000

    def refusal(self, permission: str, bucket: str, object_name: str = "") -> Response | None:
        """Return the answer to a caller without a permission on an object, or on the bucket if none is named."""
        granted = self.grants.get(bucket, [])
        if not self.grants or (object_name and any(grant.allows(permission, object_name) for grant in granted)):
            return None
        of = "object" if object_name else "bucket"
        message = f"The caller does not have {permission} access to the Google Cloud Storage {of}. Permission "
        return _error(403, f"{message}'{permission}' denied on resource (or it may not exist).", "forbidden")

    def add_bucket(self, name: str, project: str, **resource: Any) -> Bucket:
        """Make a bucket."""
        now = {"timeCreated": _NOW, "updated": _NOW, "metageneration": "1", "etag": "CAE=", "storageClass": "STANDARD"}
        identity = {"kind": "storage#bucket", "id": name, "name": name}
        number = {"projectNumber": str(self.project_numbers[project])}
        self.buckets[name] = Bucket({"location": "US", **resource, **now, **identity, **number})
        return self.buckets[name]

    def next_generation(self) -> int:
        """Return a generation that no object has had."""
        self._generation += 1
        return self._generation


def create_storage_app(storage: CloudStorage) -> Starlette:
    """Return an ASGI application that is storage.googleapis.com."""

    async def create_bucket(request: Request) -> Response:
        resource = await request.json()
        if resource["name"] in storage.buckets:
            return _error(409, "Your previous request to create the named bucket succeeded and you already own it.")
        storage.writes.append(f"POST {resource['name']}")
        bucket = storage.add_bucket(**resource, project=request.query_params["project"])
        return JSONResponse(bucket.resource)

    async def bucket(request: Request) -> Response:
        permission = "storage.buckets.update" if request.method == "PATCH" else "storage.buckets.get"
        if refused := storage.refusal(permission, request.path_params["bucket"]):
            return refused
        found = storage.buckets.get(request.path_params["bucket"])
        if found is None:
            return _error(404, "The specified bucket does not exist.")
        if request.method == "PATCH":
            storage.writes.append(f"PATCH {request.path_params['bucket']}")
            _merge(found.resource, await request.json())
        return JSONResponse(found.resource)

    def list_objects(request: Request) -> Response:
        if refused := storage.refusal("storage.objects.list", request.path_params["bucket"]):
            return refused
        found = storage.buckets.get(request.path_params["bucket"])
        if found is None:
            return _error(404, "The specified bucket does not exist.")
        prefix, delimiter = request.query_params.get("prefix", ""), request.query_params.get("delimiter")
        items, prefixes = [], set()
        for name in sorted(found.objects):
            rest = name.removeprefix(prefix)
            if not name.startswith(prefix):
                continue
            if delimiter and delimiter in rest:
                prefixes.add(prefix + rest.split(delimiter)[0] + delimiter)
            else:
                items.append(found.objects[name].metadata(request.path_params["bucket"]))
        return JSONResponse({"kind": "storage#objects", "items": items, "prefixes": sorted(prefixes)})

    async def insert(request: Request) -> Response:
        name = request.path_params["bucket"]
        found = storage.buckets.get(name)
        if found is None:
            return _error(404, "The specified bucket does not exist.")
        upload = _UPLOADS.get(request.query_params.get("uploadType", ""))
        if upload is None:
            return _error(501, "The stand-in takes simple and multipart uploads only.")
        object_name, content, content_type = upload(request, await request.body())
        if refused := storage.refusal("storage.objects.create", name, object_name):
            return refused
        if refused := _precondition(request, found.objects.get(object_name)):
            return refused
        if object_name in found.objects and (refused := storage.refusal("storage.objects.delete", name, object_name)):
            return refused
        found.drop(object_name)
        stored = StoredObject(object_name, storage.next_generation(), content, content_type)
        found.objects[object_name] = stored
        storage.writes.append(f"POST {name}/{object_name}")
        return JSONResponse(stored.metadata(name))

    def stored_object(request: Request) -> Response:
        name, object_name = request.path_params["bucket"], request.path_params["object"]
        found = storage.buckets.get(name)
        stored = found.objects.get(object_name) if found else None
        permission = "storage.objects.delete" if request.method == "DELETE" else "storage.objects.get"
        if refused := storage.refusal(permission, name, object_name):
            return refused
        if found is None or stored is None:
            # Whether an object exists is told to those only who may list the bucket.
            return storage.refusal("storage.objects.list", name) or _error(404, f"No such object: {name}/{object_name}")
        if refused := _precondition(request, stored):
            return refused
        if request.method == "DELETE":
            storage.writes.append(f"DELETE {name}/{object_name}")
            found.drop(object_name)
            return Response(status_code=204)
        if request.query_params.get("alt") == "media":
            return _download(stored)
        return JSONResponse(stored.metadata(name))

    def xml_download(request: Request) -> Response:
        if refused := storage.refusal(
            "storage.objects.get", request.path_params["bucket"], request.path_params["object"]
        ):
            return refused
        found = storage.buckets.get(request.path_params["bucket"])
        stored = found.objects.get(request.path_params["object"]) if found else None
        if stored is None:
            code = "NoSuchBucket" if found is None else "NoSuchKey"
            return Response(f"<Error><Code>{code}</Code></Error>", 404, media_type="application/xml")
        return _download(stored)

    return Starlette(
        routes=[
            Route("/storage/v1/b", create_bucket, methods=["POST"]),
            Route("/storage/v1/b/{bucket}", bucket, methods=["GET", "PATCH"]),
            Route("/storage/v1/b/{bucket}/o", list_objects, methods=["GET"]),
            Route("/storage/v1/b/{bucket}/o/{object:path}", stored_object, methods=["GET", "DELETE"]),
            Route(f"/{_MEDIA}/{{bucket}}/o/{{object:path}}", stored_object, methods=["GET"]),
            Route("/upload/storage/v1/b/{bucket}/o", insert, methods=["POST"]),
            Route("/{bucket}/{object:path}", xml_download, methods=["GET"]),
        ]
    )


_NOW = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"


def _simple_upload(request: Request, body: bytes) -> tuple[str, bytes, str]:
    return request.query_params["name"], body, request.headers["content-type"]


def _multipart_upload(request: Request, body: bytes) -> tuple[str, bytes, str]:
    # gcloud's client puts the boundary into single quotes.
    content_type = request.headers["content-type"].replace("'", '"')
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    described, media = message.iter_parts()
    content = media.get_payload(decode=True)
    if not isinstance(content, bytes):
        raise TypeError("an upload without content")
    name = json.loads(described.get_content()).get("name") or request.query_params["name"]
    return name, content, media.get_content_type()


_UPLOADS = {"media": _simple_upload, "multipart": _multipart_upload}
"""uploadType → the name, the content and its type. https://cloud.google.com/storage/docs/uploads-downloads"""


def _precondition(request: Request, live: StoredObject | None) -> Response | None:
    """Refuse a write whose author has seen another version. Generation 0 stands for no object."""
    wanted = request.query_params.get("ifGenerationMatch")
    if wanted is None or int(wanted) == (live.generation if live else 0):
        return None
    return _error(412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet")


def _download(stored: StoredObject) -> Response:
    crc32c = base64.b64encode(google_crc32c.value(stored.content).to_bytes(4, "big")).decode()
    headers = {
        "X-Goog-Generation": str(stored.generation),
        "X-Goog-Metageneration": "1",
        "X-Goog-Hash": f"crc32c={crc32c}",
        "X-Goog-Stored-Content-Length": str(len(stored.content)),
        "Last-Modified": "Sun, 01 Nov 2026 00:00:00 GMT",
    }
    return Response(stored.content, headers=headers, media_type=stored.content_type)


def _merge(resource: dict[str, Any], patch: dict[str, Any]) -> None:
    """Patch as the JSON API does: objects are merged, and null removes."""
    for name, value in patch.items():
        if value is None:
            resource.pop(name, None)
        elif isinstance(value, dict):
            _merge(resource.setdefault(name, {}), value)
        else:
            resource[name] = value


def _error(code: int, message: str, reason: str = "") -> Response:
    errors = [{"message": message, "domain": "global", "reason": reason or "invalid"}]
    return JSONResponse({"error": {"code": code, "message": message, "errors": errors}}, code)
