"""The Gemini API key: its secret, version and value. The value is sent only to Gemini."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

import google_crc32c

from live_tokens_operations.checks.deployment import CheckContext
from live_tokens_operations.checks.finding import Finding, bad, ok, skipped, unanswered, warn
from live_tokens_operations.checks.gemini import check_gemini
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.gemini_key import WHERE_TO_GET_IT, GeminiKey, NotAKeyError
from live_tokens_operations.google.look import Found, Json, Look, Looks, Missing
from live_tokens_operations.remedies import command, deploy, store_key

_OTHER_REPLICAS = "infra/README.md#several-regions, “The key”"
_VIEWER, _ACCESSOR = "roles/secretmanager.viewer", "roles/secretmanager.secretAccessor"


@dataclass(frozen=True, slots=True)
class Payload:
    """The content of a secret version.

    Attributes:
        key: may be a key; None if the content is something else.
        fault: why the content is not a key, without a byte of it.
    """

    key: GeminiKey | None
    fault: str = ""


def check(context: CheckContext) -> Iterator[Finding]:
    secret = context.deployment.secret
    look = context.api.get(f"https://secretmanager.googleapis.com/v1/{secret}", _VIEWER)
    if isinstance(look, Found):
        yield from _version(context)
        yield from _replicas(context, look.body)
        return
    if isinstance(look, Missing):
        project = context.project
        yield bad(f"Key: there is no secret {secret}", deploy(project.project_id, project.home))
    else:
        yield unanswered("Key", look)
    yield skipped("Gemini", "there is no key to ask with")


def _replicas(context: CheckContext, secret: Json) -> Iterator[Finding]:
    """Look for a replica in each of several regions. A secret with automatic replication has what it needs.

    Source: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets#Replication
    """
    if not context.elsewhere or "automatic" in secret.get("replication", {}):
        return
    replicas = [each.get("location") for each in secret["replication"]["userManaged"]["replicas"]]
    where = ", ".join(map(str, replicas))
    lacking = [region for region in (context.project.home, *context.elsewhere) if region not in replicas]
    for region in lacking:
        text = (
            f"Key: no replica in {region}: the function there reads the key from {where}, and loses it if that is lost"
        )
        yield warn(text, f"Google changes no replica of a secret; make another secret: {_OTHER_REPLICAS}")
    if not lacking:
        yield ok(f"Key: a replica in each region: {where}")


def look_at_version(api: Looks, version: str) -> Look:
    """Ask for a version, `projects/P/secrets/S/versions/N`, without its content."""
    return api.get(f"https://secretmanager.googleapis.com/v1/{version}", _VIEWER)


def _version(context: CheckContext) -> Iterator[Finding]:
    """Look at the version that the function reads.

    Source: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions#State
    """
    deployment = context.deployment
    match look_at_version(context.api, f"{deployment.secret}/versions/{deployment.version}"):
        case Found({"state": "ENABLED", "name": name}) if context.project.read_key:
            yield from _payload(context, str(name).rpartition("/")[2])
            return
        case Found({"state": "ENABLED"}):
            yield skipped("Key", "you did not want it to be read; its version is enabled", by_choice=True)
            yield skipped("Gemini", "there is no key to ask with", by_choice=True)
            return
        case Found({"state": "DISABLED", "name": name}):
            number = str(name).rpartition("/")[2]
            remedy = gcloud_commands.enable_key_version(*_names(deployment.secret), number)
            yield bad(f"Key: version {number}, which the function reads, is disabled", command(remedy))
        case Found(body):
            number = str(body.get("name", "")).rpartition("/")[2]
            yield bad(f"Key: version {number}, which the function reads, is destroyed", _store(deployment.secret))
        case Missing():
            yield bad(f"Key: {deployment.secret} has no version {deployment.version}", _store(deployment.secret))
        case unseen:
            yield unanswered("Key", unseen)
    yield skipped("Gemini", "there is no key to ask with")


def _payload(context: CheckContext, number: str) -> Iterator[Finding]:
    secret = context.deployment.secret
    grant = gcloud_commands.grant_on_secret(*_names(secret), context.api.member)
    look = context.api.get(
        f"https://secretmanager.googleapis.com/v1/{secret}/versions/{number}:access", _ACCESSOR, grant=grant
    )
    if not isinstance(look, Found):
        yield _unread(look, secret, number)
        yield skipped("Gemini", "the key could not be read")
        return
    payload = payload_in(look.body)
    if payload.key is None:
        yield bad(f"Key: version {number} {payload.fault}", _store(secret))
        yield skipped("Gemini", "there is no key to ask with")
    elif payload.key.value.startswith("AIza"):
        text = f"Key: version {number} is a standard key (AIza…); Google announced the end of those for September 2026"
        yield warn(f"{text}. Make an authorization key at {WHERE_TO_GET_IT}", _store(secret))
        yield from check_gemini(context, payload.key)
    else:
        yield ok(f"Key: version {number} may be a key")
        yield from check_gemini(context, payload.key)


def _unread(look: Look, secret: str, number: str) -> Finding:
    if isinstance(look, Found | Missing):
        return bad(f"Key: version {number} is gone", _store(secret))
    return unanswered("Key", look)


def payload_in(answer: Json) -> Payload:
    """Return the content in an answer of Secret Manager, judged as the function judges it.

    Sources: https://cloud.google.com/secret-manager/docs/reference/rest/v1/AccessSecretVersionResponse
        https://ai.google.dev/gemini-api/docs/api-key
    """
    payload: Json = answer.get("payload", {})
    try:
        data = base64.b64decode(payload.get("data", ""), validate=True)
    except binascii.Error:
        return Payload(None, "is not a key: it holds other than ASCII")
    checksum = payload.get("dataCrc32c")
    if checksum is not None and str(google_crc32c.value(data)) != str(checksum):
        return Payload(None, "does not match its checksum")
    try:
        # What is no UTF-8 stays other than ASCII, which is all that the function reads.
        return Payload(GeminiKey.read(data.decode(errors="replace")))
    except NotAKeyError as error:
        return Payload(None, str(error))


def _names(secret: str) -> tuple[str, str]:
    _, project_id, _, name = secret.split("/")
    return project_id, name


def _store(secret: str) -> str:
    return store_key(gcloud_commands.add_key_version(*_names(secret)))
