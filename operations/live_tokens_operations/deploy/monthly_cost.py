"""What a deployment costs in a month before the first call, roughly, from the resources of its plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from live_tokens_operations.deploy.plan import Plan

_HOURS = 730

# US dollars. https://cloud.google.com/load-balancing/pricing: up to five forwarding rules share this price.
_FORWARDING_RULES_AN_HOUR = 0.025
# US dollars; from general knowledge, not looked up: https://cloud.google.com/armor/pricing
_ARMOR_POLICY, _ARMOR_RULE = 5.0, 1.0
# US dollars a second for an instance that waits, for a vCPU and for a GiB; from general knowledge, not looked up:
# https://cloud.google.com/run/pricing, Tier 1
_IDLE = 0.0000025


def monthly_costs(plan: Plan) -> dict[str, float]:
    """Return what runs all the time → US dollars a month."""
    costs: dict[str, float] = {}
    for kind, values in plan.resources:
        if kind == "google_compute_global_forwarding_rule":
            costs["load balancer"] = _FORWARDING_RULES_AN_HOUR * _HOURS
        elif kind == "google_compute_security_policy":
            armor = _ARMOR_POLICY + _ARMOR_RULE * len(values.get("rule") or ())
            costs["Cloud Armor"] = costs.get("Cloud Armor", 0) + armor
        elif kind == "google_cloudfunctions2_function" and (warm := _warm_instances(values)):
            costs["warm instances"] = costs.get("warm instances", 0) + warm  # of each region
    return costs


def _warm_instances(values: Mapping[str, Any]) -> float:
    config = (values.get("service_config") or [{}])[0]
    memory = str(config.get("available_memory") or "0")
    gib = float(memory.rstrip("GMi")) / (1024 if memory.endswith("Mi") else 1)
    each = (float(config.get("available_cpu") or 0) + gib) * _IDLE * 3600 * _HOURS
    return each * int(config.get("min_instance_count") or 0)
