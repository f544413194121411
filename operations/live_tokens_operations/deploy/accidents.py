"""What a deployment can do that nobody may have meant. Each is a question of its own, which YES=1 does not answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from live_tokens_operations.deploy.plan import Change, Plan
from live_tokens_operations.deploy.public import WITHOUT_CHECK


class Accident(Enum):
    """The kinds, by the word that accepts them."""

    SETTINGS = "settings"
    DESTROY = "destroy"
    INGRESS = "ingress"
    APP_CHECK = "app-check"
    PUBLIC = "public"
    CALLS = "calls"


@dataclass(frozen=True, slots=True)
class Danger:
    """One accident that a plan would be.

    Attributes:
        text: what would happen, with a line for each part.
    """

    accident: Accident
    text: str


_FUNCTION = "google_cloudfunctions2_function"
# From closed to open.
_INGRESS = ("ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB", "ALLOW_ALL")
# From lax to strict.
_APP_CHECK = ("off", "monitor", "enforce")
_CLOSED = "false"
_EVERYBODY = ("allUsers", "allAuthenticatedUsers")
_INVOKER = ("google_cloud_run_v2_service_iam_", "google_cloud_run_service_iam_", "google_cloudfunctions2_function_iam_")


def dangers_of(plan: Plan) -> list[Danger]:
    """Return what a plan would do that needs an answer of its own.

    A new function cannot be opened or made less strict: the summary of its plan says what it is.
    """
    functions = [each for each in plan.changes if each.type == _FUNCTION and each.before and each.after]
    dangers = [*_destruction(plan)]
    for function in functions:
        dangers += [*_ingress(function), *_app_check(function)]
    dangers += _public(plan)
    return list(dict.fromkeys(dangers))  # what happens in each region is one question


def _destruction(plan: Plan) -> Iterator[Danger]:
    if lost := [each for each in plan.changes if each.destroys]:
        lines = (f"  - {each.address}{' (deleted and made again)' if each.replaces else ''}" for each in lost)
        yield Danger(Accident.DESTROY, "\n".join((f"It deletes {len(lost)} of the project's resources:", *lines)))


def _ingress(function: Change) -> Iterator[Danger]:
    before, after = (_service_config(each).get("ingress_settings", "") for each in (function.before, function.after))
    if before in _INGRESS and after in _INGRESS and _INGRESS.index(after) > _INGRESS.index(before):
        yield Danger(Accident.INGRESS, f"It opens the ingress of the function: {before} → {after}.")


def _app_check(function: Change) -> Iterator[Danger]:
    before, after = (
        _service_config(each).get("environment_variables") or {} for each in (function.before, function.after)
    )
    lines = []
    mode = before.get("APP_CHECK", "off"), after.get("APP_CHECK", "off")
    if all(each in _APP_CHECK for each in mode) and _APP_CHECK.index(mode[1]) < _APP_CHECK.index(mode[0]):
        lines.append(f"App Check goes from {mode[0]} to {mode[1]}.")
    if before.get("APP_CHECK_CONSUME") == "true" and after.get("APP_CHECK_CONSUME") != "true":
        lines.append("A token of App Check can be used again.")
    if apps := _apps(before):
        if not _apps(after):
            lines.append("App Check admits all apps of the project.")
        elif more := _apps(after) - apps:
            lines.append(f"App Check admits more apps: {', '.join(sorted(more))}.")
    if lines:
        yield Danger(Accident.APP_CHECK, "It lowers App Check. " + " ".join(lines))


def _apps(environment: Mapping[str, str]) -> frozenset[str]:
    return frozenset(filter(None, environment.get("APP_CHECK_ALLOWED_APP_IDS", "").split(",")))


def _public(plan: Plan) -> Iterator[Danger]:
    new = {_place(each.after) for each in plan.changes if each.type == _FUNCTION and not each.before}
    admits = []
    for change in plan.changes:
        members = {change.after.get("member"), *(change.after.get("members") or ())}
        granted = change.type.startswith(_INVOKER) and not change.before and members & {*_EVERYBODY}
        if granted and _place(change.after) not in new:
            admits.append(change.address)
    if admits:
        yield Danger(Accident.PUBLIC, f"It makes the function public: {', '.join(admits)}.")
    if plan.outputs.get("public") == (_CLOSED, WITHOUT_CHECK):
        yield Danger(Accident.PUBLIC, "It makes the function public: Cloud Run no longer checks who calls it.")


def _place(function_or_grant: Mapping[str, Any]) -> tuple[object, object]:
    return function_or_grant.get("location"), function_or_grant.get("name")


def _service_config(values: Mapping[str, Any]) -> Mapping[str, Any]:
    configs: list[Mapping[str, Any]] = values.get("service_config") or [{}]
    return configs[0]
