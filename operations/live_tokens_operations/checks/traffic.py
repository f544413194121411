"""Which revision serves. A failed release or a rollback pins traffic, so new revisions get none.

Source: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#Service
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from live_tokens_operations.checks.deployment import Project
from live_tokens_operations.checks.finding import Finding, bad, ok, warn
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Json
from live_tokens_operations.remedies import command, release

_LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"


@dataclass(frozen=True, slots=True)
class Traffic:
    """Which revisions of a Cloud Run service there are, and which serve.

    Attributes:
        ready: the newest one that has started, or nothing.
        shares: revision → its share of the traffic, in percent.
        pinned: revisions that have their share by name, and not as the newest one.
    """

    created: str
    ready: str
    shares: Mapping[str, int]
    pinned: tuple[str, ...]

    @classmethod
    def of(cls, service: Json) -> Traffic:
        """Read what Cloud Run says of a service."""
        ready = _short(service.get("latestReadyRevision", ""))
        shares: Counter[str] = Counter()
        pinned = []
        for target in service.get("traffic", []):
            if percent := target.get("percent"):
                follows = target.get("type") == _LATEST
                revision = ready if follows else _short(target.get("revision", ""))
                shares[revision] += percent
                if not follows:
                    pinned.append(revision)
        return cls(_short(service.get("latestCreatedRevision", "")), ready, shares, tuple(pinned))


def check_traffic(project: Project, service: Json) -> Iterator[Finding]:
    traffic, place = Traffic.of(service), (project.project_id, project.region)
    if traffic.created != traffic.ready:
        remedy = gcloud_commands.read_function_log(*place, project.function)
        text = f"Revision {traffic.created}: did not start; {traffic.ready or 'none'} is the last that did"
        yield bad(text, command(remedy))
    pinned = ", ".join(traffic.pinned)
    if pinned and pinned != traffic.ready:
        text = f"Traffic: pinned to {pinned}, {traffic.ready} gets none, as after a release whose smoke test failed"
        yield warn(f"{text}; once you know why", release(*place))
    elif pinned:
        remedy = gcloud_commands.move_traffic_to_latest(*place, project.function)
        yield warn(f"Traffic: pinned to {pinned}; new revisions get none", command(remedy))
    else:
        yield ok(f"Traffic: all on the newest revision, {traffic.ready}")


def _short(name: object) -> str:
    return str(name).rpartition("/")[2]
