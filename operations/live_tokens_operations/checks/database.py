"""The Firestore database is in Native mode, expires documents, is closed to clients, and does not pause the service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

from live_tokens.errors import ServicePaused
from live_tokens.firestore_quota import QUOTAS, SERVICE_SWITCH, SWITCHES
from live_tokens.stop_switches import StopSwitches
from live_tokens_operations.checks.deployment import CheckContext
from live_tokens_operations.checks.finding import Finding, bad, ok, skipped, unanswered, warn
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Json, Look, Missing, Unseen
from live_tokens_operations.remedies import command, deploy, doctor, resume

_HOST = "https://firestore.googleapis.com/v1"
_EXPIRY = "expire_at"
_VIEWER = "roles/datastore.viewer"
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_ALLOW = re.compile(r"\ballow\b[^;:]*(?::\s*if\b(?P<condition>[^;]*))?;")


def check(context: CheckContext) -> Iterator[Finding]:
    deployment, project = context.deployment, context.project
    if deployment.settings is not None and deployment.settings.quota_store != "firestore":
        return
    name = f"Firestore {deployment.database}"
    database = f"projects/{deployment.firebase_project}/databases/{quote(deployment.database, safe='()')}"
    match context.api.get(f"{_HOST}/{database}", _VIEWER):
        case Found({"type": "FIRESTORE_NATIVE"}):
            yield ok(f"{name}: there, in Native mode")
        case Found({"type": "DATASTORE_MODE"}):
            remedy = gcloud_commands.make_database_native(deployment.firebase_project, deployment.database)
            yield bad(f"{name}: is in Datastore mode; while it is empty, that can be changed", command(remedy))
            yield skipped("TTL, rules, stop switch", "the database is in Datastore mode")
            return
        case Missing():
            yield bad(f"{name}: there is no such database", deploy(project.project_id, project.home))
            yield skipped("TTL, rules, stop switch", "there is no database")
            return
        case Found():
            yield unanswered(name, Unseen("Google does not say which mode it is in"))
        case unseen:
            yield unanswered(name, unseen)
    yield _expiry(context, database)
    yield _rules(context)
    yield _switch(context, database)


def _expiry(context: CheckContext, database: str) -> Finding:
    """Source: https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.collectionGroups.fields."""
    deployment = context.deployment
    field = f"{database}/collectionGroups/{QUOTAS}/fields/{_EXPIRY}"
    remedy = gcloud_commands.expire_documents(deployment.firebase_project, deployment.database, QUOTAS, _EXPIRY)
    match context.api.get(f"{_HOST}/{field}", _VIEWER):
        case Found({"ttlConfig": {"state": "ACTIVE"}}):
            return ok(f"TTL: documents of {QUOTAS} expire by {_EXPIRY}")
        case Found({"ttlConfig": {"state": "CREATING"}}):
            again = f"{doctor(context.project.project_id)}, in some minutes again"
            return warn(f"TTL: the policy on {QUOTAS} is being made", again)
        case Found({"ttlConfig": {"state": state}}):
            return bad(f"TTL: the policy on {QUOTAS} is {state}", command(remedy))
        case Found() | Missing():
            return bad(f"TTL: nothing deletes documents of {QUOTAS} when they expire", command(remedy))
        case unseen:
            return unanswered("TTL", unseen)


def _rules(context: CheckContext) -> Finding:
    """Source: https://firebase.google.com/docs/reference/rules/rest/rest/v1/projects.releases/get."""
    api, deployment, project = context.api, context.deployment, context.project
    host = "https://firebaserules.googleapis.com/v1"
    role = "roles/firebaserules.viewer"
    default = deployment.database == "(default)"
    release = "cloud.firestore" if default else f"cloud.firestore/{deployment.database}"
    look: Look = api.get(f"{host}/projects/{deployment.firebase_project}/releases/{release}", role)
    if isinstance(look, Found):
        look = api.get(f"{host}/{look.body.get('rulesetName', '')}", role)
    remedy = (
        "edit firestore.rules of your app, then firebase deploy --only firestore:rules"
        if default
        else deploy(project.project_id, project.home)
    )
    match look:
        case Found(ruleset):
            return _judged(ruleset, deployment.database, remedy)
        case Missing():
            return warn(
                f"Rules: none are released for {deployment.database}, so nothing says that it is closed", remedy
            )
        case unseen:
            return unanswered("Rules", unseen)


def _judged(ruleset: Json, database: str, remedy: str) -> Finding:
    """Judge all rules by their conditions. Conditions other than true and false are not evaluated."""
    files = ruleset.get("source", {}).get("files", [])
    text = _COMMENT.sub(" ", "\n".join(file.get("content", "") for file in files))
    conditions = {(match["condition"] or "true").strip() for match in _ALLOW.finditer(text)}
    if "true" in conditions:
        return bad(f"Rules: clients may read or write in {database}; they could give themselves quota", remedy)
    if conditions - {"false"}:
        collections = f"{QUOTAS} and {SWITCHES}"
        return warn(f"Rules: let some clients into {database}; make sure that {collections} stay closed", remedy)
    return ok(f"Rules: no client reads or writes in {database}")


def _switch(context: CheckContext, database: str) -> Finding:
    """Source: https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents/get."""
    deployment = context.deployment
    match context.api.get(f"{_HOST}/{database}/documents/{SWITCHES}/{SERVICE_SWITCH}", _VIEWER):
        case Found(document):
            try:
                StopSwitches(service=_fields(document)).refuse_stopped(datetime.now(UTC))
            except ServicePaused:
                remedy = resume(deployment.firebase_project, deployment.database)
                return warn("Stop switch: the service is paused; every call is answered SERVICE_PAUSED", remedy)
            return ok("Stop switch: a pause has ended")
        case Missing():
            return ok("Stop switch: the service is not paused")
        case unseen:
            return unanswered("Stop switch", unseen)


def _fields(document: Json) -> dict[str, object]:
    """Return the end of the pause as the function reads it. A value that is not a time counts as absent.

    Source: https://cloud.google.com/firestore/docs/reference/rest/Shared.Types/ArrayValue#Value
    """
    until = document.get("fields", {}).get("until", {}).get("timestampValue")
    try:
        return {"until": datetime.fromisoformat(until)} if isinstance(until, str) else {}
    except ValueError:
        return {}
