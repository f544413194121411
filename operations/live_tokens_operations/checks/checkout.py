"""Checkout: the settings of the project here are those that were applied last."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from urllib.parse import quote

from live_tokens_operations.checks.deployment import CheckContext, Project
from live_tokens_operations.checks.finding import Finding, ok, unanswered, warn
from live_tokens_operations.defaults import applied_settings, state_bucket
from live_tokens_operations.google.look import Found, Look, Looks, Missing, Unseen
from live_tokens_operations.remedies import deploy


def check(context: CheckContext) -> Iterator[Finding]:
    """Say nothing where no run of `make deploy` has kept what it applied."""
    match _look_at_applied(context.api, context.project):
        case Missing() | Unseen(status=404):  # of an object's content, the answer is text
            return
        case Unseen() as unseen:
            yield unanswered("Checkout", unseen)
        case Found(body):
            yield _compared(context, str(body.get("blob", "")))


def applied_regions(api: Looks, project: Project) -> set[str]:
    """Return the additional regions of the settings that were applied last, as far as they can be read."""
    look = _look_at_applied(api, project)
    settings = look.body.get("settings", {}) if isinstance(look, Found) else {}
    return {path.split(".")[1] for path in settings if path.startswith("additional_regions.")}


def _look_at_applied(api: Looks, project: Project) -> Look:
    """Source: https://cloud.google.com/storage/docs/json_api/v1/objects/get."""
    bucket, name = state_bucket(project.project_id), applied_settings(project.home)
    url = f"https://storage.googleapis.com/storage/v1/b/{bucket}/o/{quote(name, safe='')}"
    return api.get(url, "roles/storage.objectViewer", {"alt": "media"})


def _compared(context: CheckContext, applied: str) -> Finding:
    file, place = context.project.settings, (context.project.project_id, context.project.home)
    name = f"infra/projects/{context.project.project_id}.tfvars"
    if not file.is_file():
        return warn(f"Checkout: it lacks {name}, with the settings that were applied last", "get the file from git")
    if blob_of(file.read_text(encoding="utf-8")) == applied:
        return ok(f"Checkout: {name} is as it was applied last")
    text = f"Checkout: {name} is not as it was applied last: either not applied yet, or older"
    return warn(text, f"git pull, then {deploy(*place)}")


def blob_of(text: str) -> str:
    """Return git's name for a text.

    Source: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    content = text.replace("\r\n", "\n").encode()
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()
