"""What Gemini says to the key: GET of each profile's model, which costs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import requests

from google_error import reason_in
from live_tokens.gemini_lock import find_config_faults
from live_tokens.gemini_minter import GEMINI_HOST
from live_tokens.profiles import LoadedProfiles, ProfileError, load_profiles
from live_tokens_doctor import gcloud_commands
from live_tokens_doctor.deployment import Examination
from live_tokens_doctor.finding import Finding, bad, could_not_look, ok
from live_tokens_doctor.google_api import Json, Unseen, json_object
from live_tokens_doctor.shell import command, deploy, store_key

_VERSION = "v1beta"
_METHOD = "bidiGenerateContent"
_CONSUMER = re.compile(r"projects/[0-9]+")
# Source: https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
_FOR_OTHER_CALLERS = {
    "API_KEY_HTTP_REFERRER_BLOCKED": "web sites",
    "API_KEY_ANDROID_APP_BLOCKED": "Android apps",
    "API_KEY_IOS_APP_BLOCKED": "iOS apps",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the answer about one model says.

    Attributes:
        finding: the line.
        about_the_key: whether it is about the key or the project, and would be the same for every model.
    """

    finding: Finding
    about_the_key: bool


def examine_gemini(examination: Examination, key: str) -> Iterator[Finding]:
    """Ask Gemini about every model of the profiles.

    Args:
        examination: what is looked at.
        key: sent to Gemini, and to nobody else.
    """
    try:
        profiles = load_profiles(examination.project.profiles, find_config_faults)
    except ProfileError as error:
        remedy = f"edit functions/profiles/, then {_deploy(examination)}"
        yield from (bad(f"Profile {fault}", remedy) for fault in error.faults)
        return
    settings = examination.deployment.settings
    version = settings.gemini_api_version if settings else _VERSION
    for model, names in _models(profiles).items():
        verdict = _ask(examination, key, f"https://{GEMINI_HOST}/{version}/{model}", model, names)
        yield verdict.finding
        if verdict.about_the_key:
            return


def _models(profiles: LoadedProfiles) -> Mapping[str, Sequence[str]]:
    models: dict[str, list[str]] = {}
    for name, file in profiles.files.items():
        models.setdefault(file.profile.model, []).append(name)
    return models


def _ask(examination: Examination, key: str, url: str, model: str, profiles: Sequence[str]) -> Verdict:
    """Source: https://ai.google.dev/api/models#method:-models.get."""
    seconds = examination.api.seconds
    try:
        response = requests.get(url, headers={"x-goog-api-key": key}, timeout=seconds, allow_redirects=False)
    except requests.Timeout:
        return Verdict(
            could_not_look("Gemini", Unseen(f"{GEMINI_HOST} did not answer within {seconds:g} s")), about_the_key=True
        )
    except requests.RequestException as error:
        # No text of it: what is wrong with a header can be quoted in there, and the key is in one.
        unseen = Unseen(f"{GEMINI_HOST} cannot be reached from here ({type(error).__name__})")
        return Verdict(could_not_look("Gemini", unseen), about_the_key=True)
    body = json_object(response)
    if body is None:
        text = f"{GEMINI_HOST} gives an answer that is not JSON (HTTP {response.status_code})"
        return Verdict(could_not_look("Gemini", Unseen(text)), about_the_key=True)
    if response.status_code in (200, 404):
        known = body if response.status_code == 200 else None
        return Verdict(_model(examination, known, model, profiles), about_the_key=False)
    return Verdict(_refusal(examination, response.status_code, body), about_the_key=True)


def _model(examination: Examination, known: Json | None, model: str, profiles: Sequence[str]) -> Finding:
    files = " and ".join(f"functions/profiles/{name}.toml" for name in profiles)
    name = model.removeprefix("models/")
    remedy = f"edit model in {files}, then {_deploy(examination)}"
    if known is None:
        return bad(f"Gemini: model {name} is not known to this key", remedy)
    if _METHOD not in known.get("supportedGenerationMethods", []):
        return bad(f"Gemini: model {name} is not for the Live API: it has no {_METHOD}", remedy)
    return ok(f"Gemini: takes the key, and knows {name} as a Live model (profile {', '.join(profiles)})")


def _refusal(examination: Examination, code: int, body: Json) -> Finding:
    """Sources: https://ai.google.dev/gemini-api/docs/troubleshooting, /api-key."""
    reason = reason_in(body)
    deployment = examination.deployment
    _, secret_project, _, secret = deployment.secret.split("/")
    another = store_key(gcloud_commands.add_key_version(secret_project, secret))
    if code == 429:
        text = "Gemini: the quota of the key's project is used up (429)"
        return bad(text, "https://ai.google.dev/gemini-api/docs/rate-limits says how to raise it")
    if reason == "SERVICE_DISABLED":
        project_id = _consumer(body) or examination.project.project_id
        remedy = gcloud_commands.enable_services(project_id, [GEMINI_HOST])
        return bad("Gemini: its API is off in the key's project", command(remedy))
    if reason == "API_KEY_SERVICE_BLOCKED":
        remedy = gcloud_commands.allow_key_for_gemini(_consumer(body) or examination.project.project_id)
        return bad("Gemini: the key is restricted to other APIs", command(remedy))
    if reason == "API_KEY_IP_ADDRESS_BLOCKED":
        return could_not_look("Gemini", Unseen("the key is restricted to addresses that this machine's is not among"))
    if reason in _FOR_OTHER_CALLERS:
        return bad(f"Gemini: the key is restricted to {_FOR_OTHER_CALLERS[reason]}, and the function is none", another)
    if code == 403 and "leaked" in str(body.get("error", {}).get("message", "")):
        return bad("Gemini: the key was reported as leaked, and is dead; store another", another)
    if code in (401, 403) or reason == "API_KEY_INVALID":
        return bad(f"Gemini: refuses the key (HTTP {code}{f' {reason}' if reason else ''}); store another", another)
    return could_not_look("Gemini", Unseen(f"{GEMINI_HOST} answers HTTP {code}"))


def _consumer(body: Json) -> str | None:
    """Return the number of the key's project, if the error names it."""
    match body:
        case {"error": {"details": [*details]}}:
            consumers = [detail.get("metadata", {}).get("consumer", "") for detail in details]
            return next((name.removeprefix("projects/") for name in consumers if _CONSUMER.fullmatch(name)), None)
    return None


def _deploy(examination: Examination) -> str:
    return deploy(examination.project.project_id, examination.project.region)
