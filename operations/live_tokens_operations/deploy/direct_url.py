"""Whether a plan takes away a URL that apps still call: the function's own, or the domain of its load balancer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from live_tokens_operations.deploy.errors import MisuseError, UnansweredError
from live_tokens_operations.google.look import Found, Json, Look, Looks, Unseen

QUIET_FOR = timedelta(hours=24)
"""How long no app must have called the function's own URL before it is closed."""

_FUNCTION = "google_cloudfunctions2_function.mint_live_token"
_WAY_IN = "google_compute_global_forwarding_rule.https[0]"
_CERTIFICATE = "google_compute_managed_ssl_certificate.domain["
_OPEN, _CLOSED = "ALLOW_ALL", "ALLOW_INTERNAL_AND_GCLB"
_STAYS = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class _Change:
    """What a plan does with one resource."""

    actions: Sequence[str]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def require_open_url(plan: Json, api: Looks, project: str) -> None:
    """Check that a plan leaves apps a URL that answers.

    Args:
        plan: as `terraform show -json` prints it.

    Raises:
        MisuseError: apps would lose the URL that they call.
        UnansweredError: Google did not say whether they would.
    """
    changes = {
        each["address"]: _Change(
            each["change"]["actions"], each["change"]["before"] or {}, each["change"]["after"] or {}
        )
        for each in plan.get("resource_changes", [])
    }
    function = changes.get(_FUNCTION)
    if function is None or not function.before:
        return
    before, after = _ingress(function.before), _ingress(function.after)
    way_in = changes.get(_WAY_IN)
    if before == _CLOSED and (way_in is None or way_in.after == {}):
        raise MisuseError(
            f"This plan removes the load balancer while apps can call its domain only. {_STAYS}\n"
            "First set close_direct = false in load_balancer and run this again. Then let apps call the function's own "
            "URL, and remove the load balancer."
        )
    if before == _OPEN and after == _CLOSED:
        if way_in is None or not way_in.before:
            raise MisuseError(
                f"This plan makes the load balancer and closes the function's own URL in one step. {_STAYS}\n"
                "First run this with close_direct = false in load_balancer: its certificate takes up to an hour, and "
                "apps need the time to call the domain."
            )
        certificates = [change.before for address, change in changes.items() if address.startswith(_CERTIFICATE)]
        domains = [
            str(domain) for each in certificates for part in each.get("managed", []) for domain in part["domains"]
        ]
        for certificate in certificates:
            _require_active(api, project, str(certificate.get("name")))
        _require_quiet(api, project, str(function.before["name"]), domains)


def _ingress(values: Mapping[str, Any]) -> str:
    configs = values.get("service_config") or [{}]
    return str(configs[0].get("ingress_settings", ""))


def _require_active(api: Looks, project: str, name: str) -> None:
    """Source: https://cloud.google.com/compute/docs/reference/rest/v1/sslCertificates/get."""
    url = f"https://compute.googleapis.com/compute/v1/projects/{project}/global/sslCertificates/{name}"
    managed: Json = _answered(api.get(url, "roles/compute.viewer"), f"The certificate {name}").get("managed", {})
    if managed.get("status") == "ACTIVE":
        return
    states = ", ".join(f"{domain}: {state}" for domain, state in managed.get("domainStatus", {}).items())
    raise MisuseError(
        f"The certificate of the load balancer is not active ({states or managed.get('status', 'no status')}), and "
        f"close_direct would leave apps without a URL. {_STAYS}\n"
        "Point the domain to the address of the load balancer, wait up to an hour, and run this again."
    )


def _require_quiet(api: Looks, project: str, service: str, domains: Sequence[str]) -> None:
    """Look for calls that did not go through the load balancer, in the log of requests.

    Cloud Run logs the URL with the host that the caller named. That it does so for a load balancer is not tried.

    Source: https://cloud.google.com/run/docs/logging#request_logs
    """
    search = {
        "resourceNames": [f"projects/{project}"],
        "filter": direct_calls(service, domains, datetime.now(UTC) - QUIET_FOR),
        "orderBy": "timestamp desc",
        "pageSize": 1,
    }
    url = "https://logging.googleapis.com/v2/entries:list"
    entries = _answered(api.post(url, "roles/logging.viewer", search), "The log of requests").get("entries", [])
    if entries:
        raise MisuseError(
            f"Apps still call the function's own URL, last at {entries[0].get('timestamp')}: "
            f"{entries[0].get('httpRequest', {}).get('requestUrl')}. {_STAYS}\n"
            f"Let them call the domain. close_direct is accepted after {QUIET_FOR.total_seconds() / 3600:.0f} hours "
            "without such a call. To close it in spite of them: "
            f"terraform -chdir=infra apply -var-file=projects/{project}.tfvars"
        )


def direct_calls(service: str, domains: Sequence[str], since: datetime) -> str:
    """Return the filter of calls to a service under its own URLs. Uptime checks are not among them."""
    return " AND ".join(
        [
            'resource.type="cloud_run_revision"',
            f'resource.labels.service_name="{service}"',
            'log_id("run.googleapis.com/requests")',
            'NOT httpRequest.userAgent:"GoogleStackdriverMonitoring-UptimeChecks"',
            *(f'NOT httpRequest.requestUrl:"https://{domain}/"' for domain in domains),
            f'timestamp>="{since:%Y-%m-%dT%H:%M:%SZ}"',
        ]
    )


def _answered(look: Look, what: str) -> Json:
    if isinstance(look, Found):
        return look.body
    why = f"{look.why}\n{look.remedy}".rstrip() if isinstance(look, Unseen) else "it does not exist"
    raise UnansweredError(f"{what} could not be read, so close_direct may be an outage. {_STAYS}\n{why}")
