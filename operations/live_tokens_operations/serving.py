"""What serves: the revisions of the Cloud Run service, the release in each, and who gets the traffic.

Source: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services.revisions
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field

from live_tokens.release import Release
from live_tokens_operations.arguments import Parser, function_name, project_id, region
from live_tokens_operations.checks.credentials import check_credentials
from live_tokens_operations.checks.deployment import find_region, look_at_service
from live_tokens_operations.checks.finding import Finding
from live_tokens_operations.checks.traffic import Traffic
from live_tokens_operations.defaults import FUNCTION, REGION
from live_tokens_operations.google.look import Found, Json, Look, Unseen, all_pages
from live_tokens_operations.google.rest import GoogleApi
from live_tokens_operations.origin import version_of_label
from live_tokens_operations.process import OperationError, Process

LABELS = ("live-tokens-version", "live-tokens-commit", "live-tokens-digest")
"""Labels of the function that name its release. Cloud Functions is expected to hand them on to the revision."""
LABEL_DIGEST_LENGTH = 32
"""Digits of the digest in a label, which has at most 63 characters."""
STARTED = "live_tokens.started"
"""`event` of the line that the function writes at its start."""

_ENTRIES = "https://logging.googleapis.com/v2/entries:list"


class UnseenServiceError(OperationError):
    """The service could not be read. The text has the remedy, if there is one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the function is."""

    project: str
    region: str
    function: str


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of the service.

    Attributes:
        created: as Cloud Run has it, RFC 3339.
        ready: whether it has started.
        labelled: the release that its labels name, or None.
    """

    name: str
    created: str
    ready: bool
    labelled: Release | None


@dataclass(frozen=True, slots=True)
class Serving:
    """The revisions of the service and their traffic.

    Attributes:
        revisions: the newest first.
        tags: tag → revision.
    """

    api: GoogleApi = field(repr=False)
    place: Place
    revisions: tuple[Revision, ...]
    traffic: Traffic
    tags: Mapping[str, str]

    @property
    def pinned(self) -> bool:
        """Whether the next revision would get no traffic."""
        return bool(self.traffic.pinned)

    def serving(self) -> list[Revision]:
        """Return the revisions with traffic, the newest first."""
        return [revision for revision in self.revisions if self.traffic.shares.get(revision.name)]

    def release_of(self, revision: Revision) -> Release | None:
        """Return what a revision runs, of its labels or of the line that it logged at its start, or None."""
        return revision.labelled or _logged(self.api, self.place, revision.name)


def add_arguments(parser: Parser) -> None:
    """Add the arguments that say where the function is."""
    parser.add_argument("--project", type=project_id, required=True, metavar="PROJECT", help="id of the project")
    parser.add_argument("--region", type=region, help="region of the function (default: the one that has it)")
    parser.add_argument("--function", type=function_name, default=FUNCTION, help="its name (default: %(default)s)")


def read(typed: Namespace, process: Process) -> Serving:
    """Ask Cloud Run.

    Raises:
        UnseenServiceError: Google did not tell.
    """
    api = check_credentials(typed.project, process.environment)
    if isinstance(api, Finding):
        raise UnseenServiceError(str(api))
    place = Place(
        typed.project, typed.region or find_region(api, typed.project, typed.function) or REGION, typed.function
    )
    service = _body(look_at_service(api, place.project, place.region, place.function), place)
    url = f"https://run.googleapis.com/v2/projects/{place.project}/locations/{place.region}/services/{place.function}"
    listed = _body(all_pages(api, f"{url}/revisions", "roles/run.viewer", "revisions", {}), place)
    newest_first = sorted(listed["revisions"], key=lambda each: str(each.get("createTime", "")), reverse=True)
    traffic = Traffic.of(service)
    tags = {
        str(target["tag"]): str(target.get("revision") or traffic.ready)
        for target in service.get("traffic", [])
        if "tag" in target
    }
    return Serving(api, place, tuple(map(_revision, newest_first)), traffic, tags)


def release_in_words(release: Release | None) -> str:
    if release is None:
        return "does not say which code it runs"
    return f"version {release.version}, commit {release.commit}, package sha256:{release.digest[:LABEL_DIGEST_LENGTH]}"


def _body(look: Look, place: Place) -> Json:
    match look:
        case Found(body):
            return body
        case Unseen() as unseen:
            raise UnseenServiceError(f"{place.function} could not be read: {unseen.why}\n{unseen.remedy}".rstrip())
        case _:
            raise UnseenServiceError(f"There is no {place.function} in {place.region} of project {place.project}.")


def _revision(body: Json) -> Revision:
    ready = any(
        each.get("type") == "Ready" and each.get("state") == "CONDITION_SUCCEEDED"
        for each in body.get("conditions", [])
    )
    name = str(body.get("name", "")).rpartition("/")[2]
    return Revision(name, str(body.get("createTime", "")), ready, labelled_release(body.get("labels", {})))


def labelled_release(labels: Mapping[str, str]) -> Release | None:
    """Return the release that labels name, or None."""
    version, commit, digest = (labels.get(label, "") for label in LABELS)
    return Release(version_of_label(version), commit, digest) if version and commit and digest else None


def _logged(api: GoogleApi, place: Place, revision: str) -> Release | None:
    """Return what a revision said at its start, if its log is still there and may be read."""
    conditions = (
        'resource.type="cloud_run_revision"',
        f'resource.labels.revision_name="{revision}"',
        f'jsonPayload.event="{STARTED}"',
    )
    search = {
        "resourceNames": [f"projects/{place.project}"],
        "filter": " AND ".join(conditions),
        "orderBy": "timestamp desc",
        "pageSize": 1,
    }
    look = api.post(_ENTRIES, "roles/logging.viewer", search)
    entries = look.body.get("entries", []) if isinstance(look, Found) else []
    told = entries[0].get("jsonPayload", {}) if entries else {}
    names = ("version", "commit", "packageDigest")
    return Release(*(str(told[name]) for name in names)) if all(name in told for name in names) else None
