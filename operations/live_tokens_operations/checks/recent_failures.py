"""Failed calls of the last hour, from the audit events. Only these show Gemini's limits for Live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from live_tokens_operations.checks.deployment import CheckContext
from live_tokens_operations.checks.finding import Finding, ok, skipped, unanswered, warn
from live_tokens_operations.google.look import Found, Json, Unseen

_HOUR = timedelta(hours=1)
_MOST = 100
_MOST_PAGES = 10
_LIST = "https://logging.googleapis.com/v2/entries:list"
_RATE_LIMITED = "GEMINI_RATE_LIMITED"
_RATE_LIMITS = "https://ai.google.dev/gemini-api/docs/rate-limits says how to raise it"


def check(context: CheckContext) -> Iterator[Finding]:
    """Count the failures by reason.

    Source: https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
    """
    project = context.project
    since = datetime.now(UTC) - _HOUR
    conditions = (
        'resource.type="cloud_run_revision"',
        f'resource.labels.service_name="{project.function}"',
        'jsonPayload.event="live_token.failed"',
        f'timestamp>="{since:%Y-%m-%dT%H:%M:%SZ}"',
    )
    search = {
        "resourceNames": [f"projects/{project.project_id}"],
        "filter": " AND ".join(conditions),
        "orderBy": "timestamp desc",
        "pageSize": _MOST,
    }
    entries: list[Json] = []
    token = ""
    # A page may be empty though the search goes on: only one without a token is the last.
    for _ in range(_MOST_PAGES):
        page = {"pageToken": token} if token else {}
        look = context.api.post(_LIST, "roles/logging.viewer", search | page)
        if not isinstance(look, Found):
            yield from _by_reason(entries, more=True)
            yield unanswered("Last hour", look) if isinstance(look, Unseen) else _no_log()
            return
        entries += look.body.get("entries", [])
        token = look.body.get("nextPageToken", "")
        if not token or len(entries) >= _MOST:
            break
    yield from _by_reason(entries, more=bool(token))
    if token and len(entries) < _MOST:
        yield unanswered("Last hour", Unseen(f"Cloud Logging was not done searching after {_MOST_PAGES} answers"))
    elif not entries:
        yield ok("Last hour: no failures; refusals do not count")


def _no_log() -> Finding:
    return skipped("Last hour", "there is no log")


def _by_reason(entries: list[Json], *, more: bool) -> Iterator[Finding]:
    reasons = Counter(str(entry.get("jsonPayload", {}).get("reason", "without a reason")) for entry in entries)
    for reason, count in reasons.most_common():
        number = f"{count} or more" if more else str(count)
        if reason == _RATE_LIMITED:
            yield warn(
                f"Last hour: calls that failed because Gemini's quota was used up ({reason}): {number}", _RATE_LIMITS
            )
        else:
            yield warn(f"Last hour: calls that failed with {reason}: {number}", f"see docs/contract.md#{reason}")
