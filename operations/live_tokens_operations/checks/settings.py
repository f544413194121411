"""The function's settings, read with the function's own parser."""

from __future__ import annotations

from collections.abc import Iterator

from live_tokens_operations.checks.deployment import CheckContext
from live_tokens_operations.checks.finding import Finding, bad, ok, skipped, warn
from live_tokens_operations.remedies import deploy


def check(context: CheckContext) -> Iterator[Finding]:
    project, deployment = context.project, context.deployment
    remedy = deploy(project.project_id, project.home)
    if deployment.environment is None:
        yield skipped("Settings", "the function's environment is not known")
    elif deployment.settings is None:
        yield from (bad(f"Settings: {fault}", remedy) for fault in deployment.faults)
    elif deployment.firebase_project != project.project_id:
        yield warn(f"Settings: users of {deployment.firebase_project} are served, not of {project.project_id}", remedy)
    else:
        yield ok("Settings: the function can start with them")
