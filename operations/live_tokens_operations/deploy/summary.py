"""A plan in a few lines, which the operator reads before the question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from live_tokens_operations.deploy.monthly_cost import monthly_costs
from live_tokens_operations.deploy.plan import Change, Plan
from live_tokens_operations.deploy.public import WITHOUT_CHECK

_FUNCTION = "google_cloudfunctions2_function"
# Type of a resource → minutes for a change of it: estimates, not measured. Whatever is not here takes one in all.
_MINUTES = {
    _FUNCTION: (2, 6),  # builds an image
    "google_firestore_database": (1, 3),
    "google_project_service": (1, 2),
    "time_sleep": (1, 2),  # until APIs and grants are effective
    "google_compute_global_forwarding_rule": (1, 3),
}


def summary(plan: Plan, file: Path) -> str:
    """Return the summary of a plan.

    Args:
        file: with the whole plan.
    """
    lines = [
        f"Plan: {plan.count('create')} to create, {plan.count('update')} to update, {plan.count('delete')} to delete.",
        *_deletions(plan),
        *_openings(plan),
        _minutes(plan),
        _cost(plan),
        f"The whole plan: {file}",
    ]
    return "\n".join(lines)


def _deletions(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        if change.destroys:
            yield f"  deletes {change.address}{', and makes it again' if change.replaces else ''}"


def _openings(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        if change.type == _FUNCTION and change.after:
            yield from _of_function(change)
        member = (change.after or change.before).get("member")
        if member in ("allUsers", "allAuthenticatedUsers"):
            yield f"  {'admits' if change.after else 'admits no more'}: {member} ({change.address})"
    before, after = plan.outputs.get("public", (None, None))
    if WITHOUT_CHECK in (before, after):
        yield f"  Cloud Run {'checks no caller' if after == WITHOUT_CHECK else 'checks callers again'}"


def _of_function(change: Change) -> Iterator[str]:
    before, after = _exposure(change.before), _exposure(change.after)
    for name, value in after.items():
        if before.get(name) != value:
            yield f"  {name}: {f'{before[name]} → ' if name in before else ''}{value}"


def _exposure(values: Mapping[str, Any]) -> dict[str, str]:
    if not values:
        return {}
    config = (values.get("service_config") or [{}])[0]
    return {
        "ingress": str(config.get("ingress_settings")),
        "App Check": str((config.get("environment_variables") or {}).get("APP_CHECK", "off")),
    }


def _minutes(plan: Plan) -> str:
    kinds = {change.type for change in plan.changes}
    low = 1 + sum(_MINUTES[kind][0] for kind in kinds if kind in _MINUTES)
    high = 1 + sum(_MINUTES[kind][1] for kind in kinds if kind in _MINUTES)
    return (
        f"It takes {'about a minute' if high == 1 else f'{low} to {high} minutes'}. This is an estimate, not measured."
    )


def _cost(plan: Plan) -> str:
    costs = monthly_costs(plan)
    parts = "".join(f" {what} {usd:.0f}," for what, usd in costs.items()).rstrip(",")
    fixed = f"about {sum(costs.values()):.0f} US dollars ({parts.strip()})" if costs else "nearly nothing"
    return f"A month without a call then costs {fixed}, beside images, logs and alerts. Calls and Gemini come on top."
