"""A plan in a few lines, and what it costs in a month."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.deploy.monthly_cost import monthly_costs
from live_tokens_operations.deploy.plan import Plan
from live_tokens_operations.deploy.summary import summary
from operations.deploy.test_accidents import EVERYBODY, FUNCTION, INVOKER, change, function


def lines_of(*changes: dict[str, Any], exist: dict[str, dict[str, Any]] | None = None) -> list[str]:
    """Return the lines of the summary of a plan."""
    return summary(plan(*changes, exist=exist), Path("plan.txt")).splitlines()


def plan(*changes: dict[str, Any], exist: dict[str, dict[str, Any]] | None = None) -> Plan:
    """Return a plan with these changes, after which resources of these types exist."""
    resources = [{"type": kind, "values": values, "mode": "managed"} for kind, values in (exist or {}).items()]
    shown = {"resource_changes": list(changes), "planned_values": {"root_module": {"resources": resources}}}
    return Plan.of(shown)


def test_what_a_new_function_admits_is_said() -> None:
    lines = lines_of(change(FUNCTION, None, function(APP_CHECK="monitor")), change(INVOKER, None, EVERYBODY))
    assert lines[:4] == [
        "Plan: 2 to create, 0 to update, 0 to delete.",
        "  ingress: ALLOW_ALL",
        "  App Check: monitor",
        f"  admits: allUsers ({INVOKER})",
    ]
    assert lines[4] == "It takes 3 to 7 minutes. This is an estimate, not measured."
    assert lines[-1] == "The whole plan: plan.txt"


def test_what_is_deleted_and_what_opens_and_closes_is_said() -> None:
    lines = lines_of(
        change(FUNCTION, function("ALLOW_INTERNAL_AND_GCLB", APP_CHECK="off"), function(APP_CHECK="enforce")),
        change(INVOKER, EVERYBODY, None),
        change("google_firestore_database.a", {"name": "a"}, {"name": "b"}, "delete", "create"),
    )
    assert lines[:6] == [
        "Plan: 1 to create, 1 to update, 2 to delete.",
        f"  deletes {INVOKER}",
        "  deletes google_firestore_database.a, and makes it again",
        "  ingress: ALLOW_INTERNAL_AND_GCLB → ALLOW_ALL",
        "  App Check: off → enforce",
        f"  admits no more: allUsers ({INVOKER})",
    ]


def test_what_runs_all_the_time_is_in_the_monthly_cost() -> None:
    exist: dict[str, dict[str, Any]] = {
        "google_compute_global_forwarding_rule": {},
        "google_compute_security_policy": {"rule": [{}, {}]},
        "google_cloudfunctions2_function": {
            "service_config": [{"available_cpu": "1", "available_memory": "512Mi", "min_instance_count": 2}]
        },
    }
    costs = monthly_costs(plan(exist=exist))
    assert costs == {
        "load balancer": pytest.approx(18.25),
        "Cloud Armor": pytest.approx(7),
        "warm instances": pytest.approx(2 * 1.5 * 0.0000025 * 3600 * 730),
    }
    assert any(
        "costs about 45 US dollars (load balancer 18, Cloud Armor 7, warm" in line for line in lines_of(exist=exist)
    )


def test_warm_instances_of_every_region_are_counted() -> None:
    config = {"available_cpu": "1", "available_memory": "512Mi", "min_instance_count": 1}
    function = ("google_cloudfunctions2_function", {"service_config": [config]})
    one = monthly_costs(replace(plan(), resources=(function,)))
    assert monthly_costs(replace(plan(), resources=(function, function))) == {
        "warm instances": pytest.approx(2 * one["warm instances"])
    }


def test_the_page_has_the_same_prices() -> None:
    config = {"available_cpu": "1", "available_memory": "512Mi", "min_instance_count": 1}
    exist: dict[str, dict[str, Any]] = {
        "google_compute_global_forwarding_rule": {},
        "google_compute_security_policy": {"rule": [{}, {}]},
        "google_cloudfunctions2_function": {"service_config": [config]},
    }
    page = (CHECKOUT / "infra/README.md").read_text(encoding="utf-8").partition("## What it costs")[2]
    said = [int(usd) for usd in re.findall(r"^\| .* \| (\d+)(?: more)? \|$", page, re.MULTILINE)]
    assert said == [round(usd) for usd in monthly_costs(plan(exist=exist)).values()]


def test_without_a_warm_instance_the_monthly_cost_is_next_to_nothing() -> None:
    config = {"available_cpu": "1", "available_memory": "1Gi", "min_instance_count": 0}
    assert monthly_costs(plan(exist={"google_cloudfunctions2_function": {"service_config": [config]}})) == {}
