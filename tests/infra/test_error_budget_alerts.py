"""The alerts on the error budget open for a small service too, and not for every failure of one."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from infra.deployed import Resources, alerts, resources
from support.terraform_runner import Terraform

CALLS_PER_HOUR = 40
HOURS = 24
GOAL = 0.99


@pytest.fixture(scope="module")
def by_playbook(with_defaults: Terraform) -> Resources:
    """The alerts after an apply with the defaults, by the name of their playbook."""
    return alerts(resources(with_defaults))


def opens(alert: dict[str, Any], fails: Callable[[int], bool]) -> bool:
    """Return whether all conditions hold at once, in any minute of a day of evenly spread calls.

    Args:
        fails: whether the call with this number fails.
    """
    calls = [(number * 3600 / CALLS_PER_HOUR, fails(number)) for number in range(CALLS_PER_HOUR * HOURS)]
    return any(
        all(_holds(condition["condition_threshold"][0], calls, minute * 60) for condition in alert["conditions"])
        for minute in range(6 * 60, HOURS * 60)
    )


def _holds(threshold: dict[str, Any], calls: list[tuple[float, bool]], now: float) -> bool:
    burn = re.search(r'select_slo_burn_rate\(".*", "(\d+)s"\)', threshold["filter"])
    window = float(burn[1] if burn else threshold["aggregations"][0]["alignment_period"].removesuffix("s"))
    failed = [failed for at, failed in calls if now - window < at <= now]
    value = sum(failed) / len(failed) / (1 - GOAL) if burn and failed else sum(failed)
    return bool(value > threshold["threshold_value"])


@pytest.mark.parametrize("one_in", [10, 12])
def test_a_small_constant_share_of_failures_opens_the_slow_alert_at_forty_calls_an_hour(
    by_playbook: Resources, one_in: int
) -> None:
    assert opens(by_playbook["error-budget-burns-slowly"], lambda number: number % one_in == 0)


@pytest.mark.parametrize("one_in", [100, 40])
def test_what_the_budget_lasts_for_opens_no_alert(by_playbook: Resources, one_in: int) -> None:
    for name in ("error-budget-burns-slowly", "error-budget-burns-fast"):
        assert not opens(by_playbook[name], lambda number: number % one_in == 0)


def test_one_bad_minute_opens_no_alert_that_asks_for_lasting_failures(by_playbook: Resources) -> None:
    assert not opens(by_playbook["error-budget-burns-slowly"], lambda number: number in (400, 401, 402, 403))


def test_an_outage_opens_the_fast_alert_at_forty_calls_an_hour(by_playbook: Resources) -> None:
    assert opens(by_playbook["error-budget-burns-fast"], lambda number: number > CALLS_PER_HOUR * 12)
