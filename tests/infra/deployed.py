"""What is deployed after an apply, as far as observability goes."""

import json
import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from support.terraform_runner import Terraform

Resources = dict[str, dict[str, Any]]


def resources(terraform: Terraform) -> Resources:
    """Return all resources by address, with their attributes."""
    state = json.loads(terraform.run("show", "-json").stdout)
    return {resource["address"]: resource["values"] for resource in state["values"]["root_module"]["resources"]}


def alerts(deployed: Resources) -> Resources:
    """Return the alerts by the name of their playbook, whose address ends what they say."""
    policies = [v for address, v in deployed.items() if address.startswith("google_monitoring_alert_policy.")]
    return {PurePosixPath(policy["documentation"][0]["content"]).stem: policy for policy in policies}


def named_in_promql(metric: str) -> str:
    """Return how PromQL calls a metric from logs: https://cloud.google.com/monitoring/promql/promql-mapping."""
    return re.sub(r"[^\w:]", "_", f"logging.googleapis.com/user/{metric}".replace("/", ":", 1))


def log_query(alert: dict[str, Any]) -> str:
    """Return the query that an alert's link opens in Logs Explorer."""
    (link,) = [link["url"] for link in alert["documentation"][0]["links"] if link["display_name"] == "Log"]
    found = re.fullmatch(r"https://console\.cloud\.google\.com/logs/query;query=([^?]+)\?project=.+", link)
    assert found is not None
    return unquote(found[1])
