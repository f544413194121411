"""Each alert carries its playbook: what it means, the query that shows what happened, what to do and when it ends."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from infra.deployed import Resources, alerts, log_query, resources
from live_tokens.gemini_lock import find_config_faults
from live_tokens.model_prices import prices_of
from live_tokens.worst_bill import HONEST, worst_bill
from support.documents import table
from support.loaded_profiles import load_profiles
from support.terraform_runner import PROJECT, Terraform

ROOT = Path(__file__).parents[2]
PLAYBOOKS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "playbooks").glob("*.md"))}
PARTS = ["Meaning", "User impact", "Look here", "Do this", "Ends when"]
RELATIVE_LINK = re.compile(r"\]\((?!https?:)")


@pytest.fixture(scope="module")
def by_playbook(with_defaults: Terraform) -> Resources:
    """The alerts after an apply with the defaults, by the name of their playbook."""
    return alerts(resources(with_defaults))


def title(playbook: str) -> str:
    (heading,) = re.findall(r"^# (.+)$", playbook, re.MULTILINE)
    return str(heading)


def parts(playbook: str) -> list[str]:
    return re.findall(r"^- \*\*([^*]+):\*\* \S", playbook, re.MULTILINE)


def query(playbook: str) -> str:
    (block,) = re.findall(r"^```text\n(.*?)\n```$", playbook, re.MULTILINE | re.DOTALL)
    return " AND ".join(block.splitlines())


def test_each_alert_leads_to_a_playbook_and_each_playbook_has_its_alert(by_playbook: Resources) -> None:
    assert sorted(by_playbook) == sorted(PLAYBOOKS)


def test_a_playbook_has_the_title_of_its_alert(by_playbook: Resources) -> None:
    assert {name: f"Live tokens: {title(text)}" for name, text in PLAYBOOKS.items()} == {
        name: alert["display_name"] for name, alert in by_playbook.items()
    }


def test_the_operations_page_lists_each_alert_with_its_severity_and_playbook(by_playbook: Resources) -> None:
    rows = table("docs/operations.md", "alerts")
    assert sorted(rows) == sorted(
        [title(PLAYBOOKS[name]), alert["severity"], f"[{name}](playbooks/{name}.md)"]
        for name, alert in by_playbook.items()
    )


def test_a_playbook_has_the_query_of_its_alert(by_playbook: Resources) -> None:
    told = {name: query(text).replace("my-app-1a2b", PROJECT) for name, text in PLAYBOOKS.items()}
    assert told == {name: log_query(alert) for name, alert in by_playbook.items()}


def test_an_alert_carries_its_playbook_with_the_names_of_the_deployment(with_every_option: Terraform) -> None:
    deployed = alerts(resources(with_every_option))
    assert len(deployed) == len(PLAYBOOKS)
    for name, alert in deployed.items():
        content = alert["documentation"][0]["content"]
        assert title(content) == title(PLAYBOOKS[name])
        assert parts(content) == PARTS
        assert query(content) == log_query(alert)
        assert "my-app-1a2b" not in content
        assert "REGION" not in content
        assert not RELATIVE_LINK.search(content)
        # What Cloud Monitoring takes, and what it would expand.
        assert len(content.encode()) <= 8192
        assert "${" not in content


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_a_playbook_is_short_and_says_what_it_means_what_to_do_and_when_it_ends(name: str) -> None:
    assert parts(PLAYBOOKS[name]) == PARTS
    assert len(PLAYBOOKS[name].strip().splitlines()) <= 20


def test_no_link_of_an_alert_is_longer_than_cloud_monitoring_takes(by_playbook: Resources) -> None:
    urls = [link["url"] for alert in by_playbook.values() for link in alert["documentation"][0]["links"]]
    assert len(urls) == len(by_playbook)
    assert [url for url in urls if len(url) > 2083] == []


def test_the_defaults_that_playbooks_tell_are_those_of_the_alerts(by_playbook: Resources) -> None:
    said = {name: " ".join(text.split()) for name, text in PLAYBOOKS.items()}
    values = {
        name: [threshold["threshold_value"] for c in alert["conditions"] for threshold in c["condition_threshold"]]
        for name, alert in by_playbook.items()
    }
    assert values["failed-requests"] == [0.05, 5]
    assert "more than 5 % of the eligible calls failed, and more than five calls failed" in said["failed-requests"]
    assert values["slow-tokens"] == [3000, 20]
    assert "more than three seconds in the function, with more than 20 tokens issued" in said["slow-tokens"]
    assert values["quota-refusals"] == [100]
    assert "Within an hour, more than 100 calls" in said["quota-refusals"]
    assert values["gemini-unavailable"] == values["unanswered-requests"] == [5]
    assert "more than five calls" in said["gemini-unavailable"]
    assert "more than five calls" in said["unanswered-requests"]
    assert values["invalid-credentials"] == [300]
    assert "more than 300 calls" in said["invalid-credentials"]
    assert values["error-budget-burns-fast"] == [14.4, 14.4, 5]
    assert "14.4 times" in said["error-budget-burns-fast"]
    assert values["error-budget-burns-slowly"] == [6, 6, 5]
    assert "six times" in said["error-budget-burns-slowly"]
    assert "more than five calls failed in the six hours" in said["error-budget-burns-slowly"]
    assert values["unreachable"] == [1]
    assert "From two places of the world or more" in said["unreachable"]
    assert values["instances-at-limit"] == [9]
    assert "more than 90 %" in said["instances-at-limit"]
    (spend,) = by_playbook["spend"]["conditions"]
    assert spend["condition_prometheus_query_language"][0]["query"].endswith(" / 60 * 0.326 > 250")
    assert "exceed 250 dollars" in said["spend"]


def test_the_worst_case_of_a_minute_is_that_of_an_honest_app_with_the_default_profile() -> None:
    variables = (ROOT / "infra" / "variables_observability.tf").read_text(encoding="utf-8")
    default = re.search(r'variable "worst_case_usd_per_minute".*?default\s+= ([\d.]+)', variables, re.DOTALL)
    assert default is not None
    profile = load_profiles(ROOT / "functions" / "profiles", find_config_faults).files["default"].profile
    prices = prices_of(profile.model)
    assert prices is not None
    assert Decimal(default[1]) == worst_bill(profile, HONEST, prices).minute
