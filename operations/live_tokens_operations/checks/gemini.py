"""Gemini accepts the key, and has the model of every profile. The requests are free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from live_tokens.profile_check import check_folder
from live_tokens.profiles import CheckedProfile
from live_tokens_operations.checks.deployment import CheckContext
from live_tokens_operations.checks.finding import Finding, bad, ok, unanswered
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.gemini_key import HOST, GeminiKey, Refused, ask_gemini
from live_tokens_operations.google.look import Found, Json, Missing, Unseen
from live_tokens_operations.remedies import command, release, store_key

_VERSION = "v1beta"
_METHOD = "bidiGenerateContent"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The finding about one model.

    Attributes:
        about_the_key: whether the finding is the same for every model.
    """

    finding: Finding
    about_the_key: bool


def check_gemini(context: CheckContext, key: GeminiKey) -> Iterator[Finding]:
    """Ask Gemini for every model of this checkout's profiles. The deployed profiles cannot be read.

    Args:
        key: is sent only to Gemini.
    """
    settings = context.deployment.settings
    version = settings.gemini_api_version if settings else _VERSION
    for model, names in _models(check_folder(context.project.profiles)).items():
        verdict = _ask(context, key, version, model, names)
        yield verdict.finding
        if verdict.about_the_key:
            return


def _models(checked: Sequence[CheckedProfile]) -> Mapping[str, Sequence[str]]:
    models: dict[str, list[str]] = {}
    for each in checked:
        if each.profile:
            models.setdefault(each.profile.profile.model, []).append(each.profile.profile.name)
    return models


def _ask(context: CheckContext, key: GeminiKey, version: str, model: str, profiles: Sequence[str]) -> Verdict:
    """Source: https://ai.google.dev/api/models#method:-models.get."""
    match ask_gemini(key, f"{version}/{model}", context.api.seconds):
        case Found(body):
            return Verdict(_model(context, body, model, profiles), about_the_key=False)
        case Missing():
            return Verdict(_model(context, None, model, profiles), about_the_key=False)
        case Refused() as refused:
            return Verdict(_refusal(context, refused), about_the_key=True)
        case Unseen(status=429, why=why):
            remedy = "https://ai.google.dev/gemini-api/docs/rate-limits says how to raise it"
            return Verdict(bad(f"Gemini: {why}", remedy), about_the_key=True)
        case unseen:
            return Verdict(unanswered("Gemini", unseen), about_the_key=True)


def _model(context: CheckContext, known: Json | None, model: str, profiles: Sequence[str]) -> Finding:
    files = " and ".join(f"functions/profiles/{name}.toml" for name in profiles)
    name = model.removeprefix("models/")
    remedy = f"edit model in {files}, then {_release(context)}"
    if known is None:
        return bad(f"Gemini: model {name} is not known to this key", remedy)
    if _METHOD not in known.get("supportedGenerationMethods", []):
        return bad(f"Gemini: model {name} is not for the Live API: it has no {_METHOD}", remedy)
    return ok(
        f"Gemini: takes the key, and knows {name} as a Live model (this checkout's profile {', '.join(profiles)})"
    )


def _refusal(context: CheckContext, refused: Refused) -> Finding:
    project_id = refused.project or context.project.project_id
    match refused.reason:
        case "SERVICE_DISABLED":
            remedy = command(gcloud_commands.enable_services(project_id, [HOST]))
        case "API_KEY_SERVICE_BLOCKED":
            remedy = command(gcloud_commands.allow_key_for_gemini(project_id))
        case _:
            _, secret_project, _, secret = context.deployment.secret.split("/")
            remedy = store_key(gcloud_commands.add_key_version(secret_project, secret))
    return bad(f"Gemini: {refused.why}", remedy)


def _release(context: CheckContext) -> str:
    return release(context.project.project_id)
