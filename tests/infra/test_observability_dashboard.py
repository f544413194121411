"""The dashboard is valid, shows what it promises, and no tile hides another."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.deployed import Resources, alerts, named_in_promql, resources


@pytest.fixture(scope="module", params=["with_defaults", "with_every_option"])
def deployed(request: pytest.FixtureRequest) -> Resources:
    """All resources after an apply."""
    return resources(request.getfixturevalue(request.param))


@pytest.fixture
def layout(deployed: Resources) -> dict[str, Any]:
    dashboard = json.loads(deployed["google_monitoring_dashboard.live_tokens"]["dashboard_json"])
    found: dict[str, Any] = dashboard["mosaicLayout"]
    return found


def cells(tile: dict[str, Any]) -> set[tuple[int, int]]:
    left, top = tile.get("xPos", 0), tile.get("yPos", 0)
    return set(itertools.product(range(left, left + tile["width"]), range(top, top + tile["height"])))


def queries(layout: dict[str, Any], key: str) -> list[str]:
    return re.findall(rf'"{key}": ("(?:[^"\\]|\\.)*")', json.dumps(layout))


def test_tiles_fill_the_columns_and_do_not_overlap(layout: dict[str, Any]) -> None:
    tiles = [cells(tile) for tile in layout["tiles"]]
    rows = max(row for tile in tiles for _, row in tile) + 1
    assert sum(map(len, tiles)) == layout["columns"] * rows
    assert set().union(*tiles) == set(itertools.product(range(layout["columns"]), range(rows)))


def test_each_tile_says_what_it_shows(layout: dict[str, Any]) -> None:
    titles = [tile["widget"]["title"] for tile in layout["tiles"]]
    assert len(set(titles)) == len(titles)
    for subject in [
        "issued",
        "worst case",
        "Minutes granted",
        "Sessions at once",
        "Leases",
        "Refused",
        "Failed",
        "50th",
        "95th",
        "Instances",
        "Error budget",
        "Audit",
    ]:
        assert any(subject in title for title in titles), subject


def test_the_dashboard_looks_at_metrics_that_exist(deployed: Resources, layout: dict[str, Any]) -> None:
    made = {v["name"] for address, v in deployed.items() if address.startswith("google_logging_metric.")}
    shown = set(re.findall(r"logging\.googleapis\.com/user/([\w/-]+)", json.dumps(layout)))
    by_sum = {name for name in made if f"{named_in_promql(name)}_sum" in json.dumps(layout)}
    assert shown | by_sum == {name for name in made if not name.endswith("/due")}


def test_minutes_sessions_and_spending_are_reckoned_from_the_seconds_granted(
    deployed: Resources, layout: dict[str, Any]
) -> None:
    name = named_in_promql(deployed["google_logging_metric.granted_seconds"]["name"])
    granted = f'{name}_sum{{monitored_resource="cloud_run_revision"}}'
    assert list(map(json.loads, queries(layout, "prometheusQuery"))) == [
        f"sum(increase({granted}[1h])) / 60 * 0.326",
        f"sum by (profile) (increase({granted}[1h])) / 60",
        f"sum by (profile) (rate({granted}[1h]))",
    ]


def test_the_spending_of_the_dashboard_is_that_of_its_alert(deployed: Resources, layout: dict[str, Any]) -> None:
    spending = json.loads(queries(layout, "prometheusQuery")[0])
    (condition,) = alerts(deployed)["spend"]["conditions"]
    (promql,) = condition["condition_prometheus_query_language"]
    assert promql["query"] == f"{spending} > 250"


def test_the_error_budgets_are_those_of_the_objectives(deployed: Resources, layout: dict[str, Any]) -> None:
    shown = set(re.findall(r'select_slo_budget_fraction\(\\"([^\\"]+)\\"\)', "".join(queries(layout, "filter"))))
    assert shown == {
        deployed["google_monitoring_slo.availability"]["name"],
        deployed["google_monitoring_slo.latency"]["name"],
    }


def aggregations(part: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every filter of a part of the layout with its aggregation."""
    match part:
        case {"filter": str(filter_), "aggregation": dict(aggregation)}:
            yield filter_, aggregation
        case dict():
            for value in part.values():
                yield from aggregations(value)
        case list():
            for value in part:
                yield from aggregations(value)


def test_every_alignment_is_one_that_cloud_monitoring_knows_for_its_metric(layout: dict[str, Any]) -> None:
    found = list(aggregations(layout))
    assert len(found) == json.dumps(layout).count('"aggregation": ') > 20
    for filter_, aggregation in found:
        if "/milliseconds/" in filter_:
            assert aggregation["crossSeriesReducer"] in ("REDUCE_PERCENTILE_50", "REDUCE_PERCENTILE_95")
        elif "logging.googleapis.com" in filter_:
            assert (aggregation["perSeriesAligner"], aggregation["crossSeriesReducer"]) == ("ALIGN_DELTA", "REDUCE_SUM")
        elif "instance_count" in filter_:
            assert aggregation["perSeriesAligner"] == "ALIGN_MAX"
        else:
            assert aggregation["perSeriesAligner"] == "ALIGN_NEXT_OLDER"
