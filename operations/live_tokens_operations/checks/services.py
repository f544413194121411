"""The project itself: its APIs are on, and it has billing."""

from __future__ import annotations

from collections.abc import Iterator

from live_tokens_operations.checks.billing import check_billing
from live_tokens_operations.checks.deployment import CheckContext
from live_tokens_operations.checks.finding import Finding, bad, ok, unanswered
from live_tokens_operations.defaults import APP_CHECK_SERVICE, REQUIRED_SERVICES
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Look, Looks, Missing, all_pages
from live_tokens_operations.remedies import command


def check(context: CheckContext) -> Iterator[Finding]:
    api, project_id = context.api, context.project.project_id
    settings = context.deployment.settings
    required = (
        [*REQUIRED_SERVICES, APP_CHECK_SERVICE]
        if settings is not None and settings.app_check != "off"
        else REQUIRED_SERVICES
    )
    yield _services(_enabled(api, project_id), project_id, required)
    yield check_billing(api, project_id)


def _enabled(api: Looks, project_id: str) -> Look:
    """Source: https://cloud.google.com/service-usage/docs/reference/rest/v1/services/list."""
    url = f"https://serviceusage.googleapis.com/v1/projects/{project_id}/services"
    params = {"filter": "state:ENABLED", "pageSize": "200"}
    return all_pages(api, url, "roles/serviceusage.serviceUsageViewer", "services", params)


def _services(look: Look, project_id: str, required: list[str] | tuple[str, ...]) -> Finding:
    match look:
        case Found(body):
            on = {str(service.get("name", "")).rpartition("/")[2] for service in body["services"]}
            off = [service for service in required if service not in on]
            if off:
                remedy = command(gcloud_commands.enable_services(project_id, off))
                return bad(f"APIs: off: {', '.join(off)}", remedy)
            return ok(f"APIs: the {len(required)} that the function needs are on")
        case Missing():
            return bad(f"APIs: there is no project {project_id}", f"gcloud projects create {project_id}")
    return unanswered("APIs", look)
