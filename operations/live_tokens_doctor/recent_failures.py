"""What went wrong in the last hour, by the audit events: the one place where Gemini's limits for Live can be seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from live_tokens_doctor.deployment import Examination
from live_tokens_doctor.finding import Finding, could_not_look, not_looked_at, ok, warn
from live_tokens_doctor.google_api import Found, Json, Missing

_HOUR = timedelta(hours=1)
_MOST = 100
_RATE_LIMITED = "GEMINI_RATE_LIMITED"
_RATE_LIMITS = "https://ai.google.dev/gemini-api/docs/rate-limits says how to raise it"


def examine(examination: Examination) -> Iterator[Finding]:
    """Read the events of calls that failed, and not by the caller's doing.

    Source: https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
    """
    project = examination.project
    since = datetime.now(UTC) - _HOUR
    conditions = (
        'resource.type="cloud_run_revision"',
        f'resource.labels.service_name="{project.function}"',
        'jsonPayload.event="live_token.failed"',
        f'timestamp>="{since:%Y-%m-%dT%H:%M:%SZ}"',
    )
    look = examination.api.post(
        "https://logging.googleapis.com/v2/entries:list",
        "roles/logging.viewer",
        {
            "resourceNames": [f"projects/{project.project_id}"],
            "filter": " AND ".join(conditions),
            "orderBy": "timestamp desc",
            "pageSize": _MOST,
        },
    )
    match look:
        case Found(body):
            yield from _by_reason(body.get("entries", []))
        case Missing():
            yield not_looked_at("Last hour", "there is no log")
        case unseen:
            yield could_not_look("Last hour", unseen)


def _by_reason(entries: list[Json]) -> Iterator[Finding]:
    reasons = Counter(str(entry.get("jsonPayload", {}).get("reason", "without a reason")) for entry in entries)
    if not reasons:
        yield ok("Last hour: no call failed but by its caller's doing")
    for reason, count in reasons.most_common():
        number = f"{count} or more" if len(entries) == _MOST else str(count)
        if reason == _RATE_LIMITED:
            yield warn(f"Last hour: calls that Gemini refused for want of quota ({reason}): {number}", _RATE_LIMITS)
        else:
            yield warn(f"Last hour: calls that failed with {reason}: {number}", f"docs/errors.md tells of {reason}")
