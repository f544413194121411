"""The other regions of a deployment: each is as well as the home region, runs the same, and serves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from live_tokens_operations.checks import function, public_access
from live_tokens_operations.checks.deployment import CheckContext, Deployment
from live_tokens_operations.checks.finding import Finding, bad, ok, unanswered, warn
from live_tokens_operations.google.look import Found, Missing
from live_tokens_operations.remedies import deploy, release, set_and_deploy
from live_tokens_operations.serving import labelled_release, release_in_words

_BACKENDS = "live-tokens-live"  # infra/load_balancer.tf
_REGION_OF_GROUP = re.compile(r"/regions/([^/]+)/networkEndpointGroups/")


def check(context: CheckContext) -> Iterator[Finding]:
    """Say nothing of a deployment with one region."""
    for region, deployment in context.elsewhere.items():
        project = replace(context.project, region=region, url=None)
        there = CheckContext(context.api, project, deployment)
        for finding in (*function.check(there), *public_access.check_elsewhere(there)):
            yield replace(finding, text=f"{region}: {finding.text}")
        yield from _compared(context, region, deployment)
    if context.elsewhere:
        yield from _serving(context)


def _compared(context: CheckContext, region: str, there: Deployment) -> Iterator[Finding]:
    """Compare a region with the home region."""
    home, project = context.deployment, context.project
    if not isinstance(home.function, Found) or not isinstance(there.function, Found):
        return
    here, other = (
        release_in_words(labelled_release(each.body.get("labels", {}))) for each in (home.function, there.function)
    )
    if here == other:
        yield ok(f"{region}: Release: as in {project.home}: {here}")
    else:
        text = f"{region}: Release: {other}. In {project.home}: {here}"
        yield warn(text, release(project.project_id, region))
    mine, theirs = home.environment or {}, there.environment or {}
    names = sorted(name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name))
    if names:
        text = f"{region}: Settings: others than in {project.home}: {', '.join(names)}"
        yield bad(text, deploy(project.project_id, project.home))


def _serving(context: CheckContext) -> Iterator[Finding]:
    """Look where the load balancer leads to.

    Source: https://cloud.google.com/compute/docs/reference/rest/v1/backendServices/get
    """
    project = context.project
    url = f"https://compute.googleapis.com/compute/v1/projects/{project.project_id}/global/backendServices/{_BACKENDS}"
    match context.api.get(url, "roles/compute.viewer"):
        case Found(body):
            groups = [_REGION_OF_GROUP.search(str(each.get("group"))) for each in body.get("backends", [])]
            serving = {group[1] for group in groups if group}
        case Missing():
            text = "Load balancer: there is none, so no app finds the other regions"
            yield bad(text, deploy(project.project_id, project.home))
            return
        case unseen:
            yield unanswered("Load balancer", unseen)
            return
    if project.home not in serving:
        text = f"Load balancer: it leads nobody to {project.home}, the home region, as after taking out a lost region"
        yield warn(text, deploy(project.project_id, project.home))
    for region in context.elsewhere:
        if region not in serving:
            text = f"Load balancer: it leads nobody to {region}; once that is released and well"
            value = f"{region} = {{ serves = true }} in additional_regions"
            yield warn(text, set_and_deploy(value, project.project_id, project.home))
    yield ok(f"Load balancer: it leads to {', '.join(sorted(serving)) or 'no region'}")
