"""Stands in for Cloud Run: services, who may invoke them, their revisions, and who serves.

It keeps the API's rules about traffic. A target names a revision, or follows the latest ready one; shares add up to
100; a tag leads to one revision, at a URL of its own; a new revision serves only where a target follows the latest; a
change on the base of an older state is refused; a service that is sent with another template becomes a new revision.

https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services
https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, not_found, refusal
from support.google.resource_manager import seen_with

HOST = "run.googleapis.com"
Json = dict[str, Any]

_UNCHECKED = "run.googleapis.com/invoker-iam-disabled"
_FOLLOWS_LATEST: Json = {"latestRevision": True, "percent": 100}


class RunService:
    """A Cloud Run service.

    Args:
        revisions: names of those that there are, the newest last.
        settings: fields of version 2 of the API, besides traffic and revisions.
        bindings: of the allow policy.
        labels: revision → its labels.
        failed: revisions that did not start.
    """

    def __init__(
        self,
        project: str,
        region: str,
        name: str,
        *,
        revisions: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
        bindings: Sequence[Json] = (),
    ) -> None:
        self.project = project
        self.region = region
        self.name = name
        self.revisions = list(revisions)
        self.settings = dict(settings or {})
        self.bindings = list(bindings)
        self.labels: dict[str, Mapping[str, str]] = {}
        self.failed: set[str] = set()
        self.targets: list[Json] = [dict(_FOLLOWS_LATEST)]
        self.annotations: Json = {"cloudfunctions.googleapis.com/function-id": name}
        self._template: Json = {"metadata": {}, "spec": {"containers": [{"image": "none"}]}}
        self._version = 1
        self.full_name = f"projects/{project}/locations/{region}/services/{name}"

    def deploy(self, image: str) -> str:
        """Make a new revision, and return its name. It serves if a target follows the latest."""
        self._template["spec"]["containers"][0]["image"] = image
        self.revisions.append(f"{self.name}-{len(self.revisions) + 1:05d}-abc")
        self._version += 1
        return self.revisions[-1]

    def follow_latest(self) -> None:
        """Lead all traffic to the latest revision, whatever was set before."""
        self.targets = [dict(_FOLLOWS_LATEST), *(target for target in self.targets if "tag" in target)]
        self._version += 1

    def serving(self) -> dict[str, int]:
        """Return revision → its share of the traffic, in percent."""
        shares: dict[str, int] = {}
        for target in self.targets:
            if share := target.get("percent"):
                shares[self._revision(target)] = shares.get(self._revision(target), 0) + share
        return shares

    def follows_latest(self) -> bool:
        """Return whether the next revision would take all traffic by itself."""
        return all(target.get("latestRevision") for target in self.targets if target.get("percent"))

    def tagged(self) -> dict[str, str]:
        """Return tag → revision."""
        return {target["tag"]: self._revision(target) for target in self.targets if "tag" in target}

    def url(self, tag: str | None = None) -> str:
        """Return the service's URL, or that of a tag."""
        prefix = f"{tag}---" if tag else ""
        return f"https://{prefix}{self.name}-x1y2z3-ew.a.run.app"

    def _revision(self, target: Mapping[str, Any]) -> str:
        return str(self.revisions[-1] if target.get("latestRevision") else target["revisionName"])

    def version_1(self) -> Json:
        """Return it as gcloud sees it."""
        ready = {"type": "Ready", "status": "True"}
        traffic = [
            {**target, "revisionName": self._revision(target)}
            | ({"url": self.url(target["tag"])} if "tag" in target else {})
            for target in self.targets
        ]
        return {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": {
                "name": self.name,
                "namespace": self.project,
                "generation": self._version,
                "resourceVersion": str(self._version),
                "labels": {"cloud.googleapis.com/location": self.region, "goog-managed-by": "cloudfunctions"},
                "annotations": dict(self.annotations),
            },
            "spec": {"template": deepcopy(self._template), "traffic": self.targets},
            "status": {
                "observedGeneration": self._version,
                "conditions": [ready, {**ready, "type": "ConfigurationsReady"}, {**ready, "type": "RoutesReady"}],
                "latestReadyRevisionName": self.revisions[-1],
                "latestCreatedRevisionName": self.revisions[-1],
                "traffic": traffic,
                "url": self.url(),
                "address": {"url": self.url()},
            },
        }

    def version_2(self) -> Json:
        """Return it as version 2 of the API has it."""
        kind = "TRAFFIC_TARGET_ALLOCATION_TYPE_"
        revisions = f"{self.full_name}/revisions"
        traffic = [
            {key: target[key] for key in ("percent", "tag") if key in target}
            | (
                {"type": f"{kind}LATEST"}
                if target.get("latestRevision")
                else {"type": f"{kind}REVISION", "revision": target["revisionName"]}
            )
            for target in self.targets
        ]
        newest = f"{revisions}/{self.revisions[-1]}"
        seen = {"latestReadyRevision": newest, "latestCreatedRevision": newest}
        return {"name": self.full_name, "traffic": traffic, **seen, **self.settings}

    def revisions_version_2(self) -> list[Json]:
        """Return the revisions as version 2 of the API has them, in no special order."""
        return [
            {
                "name": f"{self.full_name}/revisions/{name}",
                "createTime": f"2026-11-{number:02d}T10:00:00Z",
                "labels": dict(self.labels.get(name, {})),
                "conditions": [
                    {"type": "Ready", "state": "CONDITION_FAILED" if name in self.failed else "CONDITION_SUCCEEDED"}
                ],
            }
            for number, name in enumerate(self.revisions, 1)
        ]

    def replace(self, sent: Json) -> JSONResponse:
        """Take another state of it, or refuse it."""
        base = sent["metadata"].get("resourceVersion")
        if base is not None and base != str(self._version):
            return refusal(409, "ABORTED", f"Conflict for resource '{self.name}': version '{base}' was specified.")
        if fault := self._fault(sent["spec"]["traffic"]):
            return refusal(400, "INVALID_ARGUMENT", fault)
        self.targets = sent["spec"]["traffic"]
        self.annotations = sent["metadata"]["annotations"]
        if _UNCHECKED in self.annotations:
            self.settings["invokerIamDisabled"] = self.annotations[_UNCHECKED].lower() == "true"  # gcloud sends True
        if sent["spec"]["template"] != self._template:
            self._template = sent["spec"]["template"]
            self.deploy(self._template["spec"]["containers"][0]["image"])
        self._version += 1
        return JSONResponse(self.version_1())

    def _fault(self, targets: list[Json]) -> str | None:
        tags = [target["tag"] for target in targets if "tag" in target]
        unknown = [
            target.get("revisionName")
            for target in targets
            if not target.get("latestRevision") and target.get("revisionName") not in self.revisions
        ]
        if unknown:
            return f"Revision named '{unknown[0]}' does not exist."
        if sum(target.get("percent", 0) for target in targets) != 100:
            return "The sum of traffic percentages must be 100."
        if len(set(tags)) != len(tags):
            return "A tag may be used once."
        return None


def create_run_app(access: ApiAccess, services: Sequence[RunService]) -> Starlette:
    """Return an app that shows and changes these services, in whichever region it is asked."""

    def get(request: Request) -> Response:
        name, _, verb = request.url.path.removeprefix("/v2/").partition(":")
        service = {each.full_name: each for each in services}.get(name)
        if service is None:
            return not_found()
        if verb == "getIamPolicy":
            version = int(request.query_params.get("options.requestedPolicyVersion", 1))
            return JSONResponse(seen_with(service.bindings, version))
        return JSONResponse(service.version_2())

    def list_revisions(request: Request) -> Response:
        name = request.url.path.removeprefix("/v2/").removesuffix("/revisions")
        service = {each.full_name: each for each in services}.get(name)
        return JSONResponse({"revisions": service.revisions_version_2()}) if service else not_found()

    def named(request: Request) -> RunService | None:
        asked = (request.path_params["project"], request.path_params["service"])
        return {(each.project, each.name): each for each in services}.get(asked)

    def get_version_1(request: Request) -> Response:
        service = named(request)
        return JSONResponse(service.version_1()) if service else not_found()

    async def put(request: Request) -> Response:
        service = named(request)
        return service.replace(await request.json()) if service else not_found()

    version_1 = "/apis/serving.knative.dev/v1/namespaces/{project}/services/{service}"
    return behind(
        access,
        HOST,
        [
            ("GET", "/v2/projects/{project}/locations/{location}/services/{service}", get),
            ("GET", "/v2/projects/{project}/locations/{location}/services/{service}/revisions", list_revisions),
            ("GET", version_1, get_version_1),
            ("PUT", version_1, put),
        ],
    )
