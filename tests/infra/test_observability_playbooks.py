"""Whoever is told of an alert finds its playbook, and in it the query that shows what happened."""

import re
from pathlib import Path

import pytest

from infra.deployed import Resources, alerts, log_query, resources
from support.terraform_runner import PROJECT, Terraform

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "operations.md"
TEXT = PAGE.read_text(encoding="utf-8")
PLAYBOOKS = dict(re.findall(r"^### ([^\n]+)\n(.*?)(?=^### |\Z)", TEXT, re.MULTILINE | re.DOTALL))
MARKDOWN_LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


@pytest.fixture(scope="module")
def by_playbook(with_defaults: Terraform) -> Resources:
    """The alerts after an apply with the defaults, by the anchor of their playbook."""
    return alerts(resources(with_defaults))


def anchor(heading: str) -> str:
    """Return the anchor that a heading of letters, digits, spaces and commas has in Markdown as GitHub shows it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)}


def query(playbook: str) -> str:
    (block,) = re.findall(r"^```text\n(.*?)\n```$", playbook, re.MULTILINE | re.DOTALL)
    return " AND ".join(block.splitlines())


def test_each_alert_leads_to_a_playbook_and_each_playbook_has_its_alert(by_playbook: Resources) -> None:
    assert sorted(by_playbook) == sorted(map(anchor, PLAYBOOKS))


def test_a_playbook_has_the_query_of_its_alert(by_playbook: Resources) -> None:
    told = {anchor(heading): query(text).replace("my-app-1a2b", PROJECT) for heading, text in PLAYBOOKS.items()}
    assert told == {name: log_query(alert) for name, alert in by_playbook.items()}


def test_an_alert_carries_its_playbook_with_the_names_of_the_deployment(with_every_option: Terraform) -> None:
    deployed = alerts(resources(with_every_option))
    assert len(deployed) == len(PLAYBOOKS)
    for alert in deployed.values():
        content = alert["documentation"][0]["content"]
        assert re.findall(r"^\*\*([^*]+):\*\* \S", content, re.MULTILINE) == ["Means", "The user sees", "First", "Over"]
        assert query(content) == log_query(alert)
        assert "my-app-1a2b" not in content
        assert "REGION" not in content
        assert not MARKDOWN_LINK.search(content)
        # What Cloud Monitoring takes, and what it would expand.
        assert len(content.encode()) <= 8192
        assert "${" not in content


@pytest.mark.parametrize("heading", PLAYBOOKS)
def test_a_playbook_is_short_and_says_what_it_means_what_to_do_and_when_it_is_over(heading: str) -> None:
    told = re.findall(r"^\*\*([^*]+)(?::\*\*) \S", PLAYBOOKS[heading], re.MULTILINE)
    assert told == ["Means", "The user sees", "First", "Over"]
    assert len(PLAYBOOKS[heading].strip().splitlines()) <= 22


def test_no_link_of_an_alert_is_longer_than_cloud_monitoring_takes(by_playbook: Resources) -> None:
    urls = [link["url"] for alert in by_playbook.values() for link in alert["documentation"][0]["links"]]
    assert len(urls) == len(by_playbook)
    assert [url for url in urls if len(url) > 2083] == []


def test_links_of_the_page_lead_to_a_heading() -> None:
    links = MARKDOWN_LINK.findall(TEXT)
    assert links
    for target, section in links:
        page = (PAGE.parent / target) if target else PAGE
        assert page.is_file(), target
        assert not section or section in anchors(page), f"{target}#{section}"


def test_the_defaults_that_the_page_tells_are_those_of_the_alerts(by_playbook: Resources) -> None:
    said = {heading: " ".join(text.split()) for heading, text in PLAYBOOKS.items()}
    values = {
        name: [threshold["threshold_value"] for c in alert["conditions"] for threshold in c["condition_threshold"]]
        for name, alert in by_playbook.items()
    }
    assert values["failed-requests"] == [0.05, 5]
    assert "more than 5 % of the calls that were due a token, and more than five" in said["Failed requests"]
    assert values["slow-tokens"] == [3000, 20]
    assert "more than three seconds in the function, with more than 20" in said["Slow tokens"]
    assert values["quota-refusals"] == [100]
    assert "more than 100 calls in an hour" in said["Quota refusals"]
    assert values["gemini-limits"] == values["unanswered-requests"] == [5]
    assert "more than five calls" in said["Gemini limits"]
    assert "more than five calls" in said["Unanswered requests"]
    assert values["invalid-credentials"] == [300]
    assert "more than 300 calls" in said["Invalid credentials"]
    assert values["error-budget-burns-fast"] == [14.4, 14.4, 5]
    assert "14.4 times" in said["Error budget burns fast"]
    assert values["error-budget-burns-slowly"] == [6, 6, 5]
    assert "six times" in said["Error budget burns slowly"]
    assert values["instances-at-limit"] == [9]
    assert "more than 90 %" in said["Instances at limit"]
    assert values["spend"] == [round(250 / 4.85, 3)]
    assert "more than 250 dollars" in said["Spend"]


def test_the_worst_case_of_a_token_is_a_figure_of_the_threat_model() -> None:
    variables = (ROOT / "infra" / "variables_observability.tf").read_text(encoding="utf-8")
    default = re.search(r'variable "worst_case_usd_per_token".*?default\s+= ([\d.]+)', variables, re.DOTALL)
    threats = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    row = re.search(r"^\| four turns a minute on a full context \| \$[\d.]+ \| \$([\d.]+) \|", threats, re.MULTILINE)
    assert default is not None
    assert row is not None
    assert default[1] == row[1]
