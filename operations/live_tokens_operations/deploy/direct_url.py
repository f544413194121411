"""Whether a plan takes away a URL that apps still call: the function's own, or the domain of its load balancer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from live_tokens_operations.defaults import USER_AGENT
from live_tokens_operations.deploy.accidents import Accident, Danger
from live_tokens_operations.deploy.errors import MisuseError, UnansweredError
from live_tokens_operations.google.look import Found, Json, Look, Looks, Unseen

QUIET_FOR = timedelta(hours=24)
"""How long no app must have called a URL before it is closed."""

_FUNCTION = "google_cloudfunctions2_function.mint_live_token"
_WAY_IN = "google_compute_global_forwarding_rule.https[0]"
_CERTIFICATE = "google_compute_managed_ssl_certificate.domain["
_LIVE = f'{_CERTIFICATE}"live"]'
_OPEN, _CLOSED = "ALLOW_ALL", "ALLOW_INTERNAL_AND_GCLB"
_STAYS = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class _Change:
    """What a plan does with one resource."""

    actions: Sequence[str]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def require_open_url(plan: Json, api: Looks, project: str) -> list[Danger]:
    """Check that a plan leaves apps a URL that answers, and return where apps still call one that it takes away.

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
        return []
    service = str(function.before["name"])
    before, after = _ingress(function.before), _ingress(function.after)
    way_in, live = changes.get(_WAY_IN), changes.get(_LIVE)
    if before == _CLOSED and (way_in is None or way_in.after == {}):
        raise MisuseError(
            f"This plan removes the load balancer while apps can call its domain only. {_STAYS}\n"
            "First set close_direct = false in load_balancer and run this again. Then let apps call the function's own "
            "URL, and remove the load balancer."
        )
    if live is not None and live.after and _domains(live.before) != _domains(live.after) and live.before:
        return _change_of_domain(live, api, project, service, is_open=before == after == _OPEN)
    if before == _OPEN and after == _CLOSED:
        if way_in is None or not way_in.before:
            raise MisuseError(
                f"This plan makes the load balancer and closes the function's own URL in one step. {_STAYS}\n"
                "First run this with close_direct = false in load_balancer: its certificate takes up to an hour, and "
                "apps need the time to call the domain."
            )
        certificates = [
            change.before for address, change in changes.items() if address.startswith(_CERTIFICATE) and change.before
        ]
        for certificate in certificates:
            _require_active(api, project, str(certificate.get("name")))
        domains = [domain for each in certificates for domain in _domains(each)]
        calls = direct_calls(service, domains, datetime.now(UTC) - QUIET_FOR)
        return _still_called(api, project, calls, "the function's own URL", "Let them call the domain.")
    return []


def _change_of_domain(live: _Change, api: Looks, project: str, service: str, *, is_open: bool) -> list[Danger]:
    """Another domain gets another certificate, which takes up to an hour, and the one in use goes at once."""
    old, new = ", ".join(_domains(live.before)), ", ".join(_domains(live.after))
    if not is_open:
        raise MisuseError(
            f"This plan changes the domain of the load balancer from {old} to {new} while apps have no other URL. Its "
            f"certificate takes up to an hour. {_STAYS}\n"
            f"First set close_direct = false in load_balancer, with the domain {old}, and run this again. Let apps "
            "call the function's own URL, and only then change the domain."
        )
    calls = domain_calls(service, old, datetime.now(UTC) - QUIET_FOR)
    return _still_called(api, project, calls, old, "Let them call the function's own URL.")


def _domains(certificate: Mapping[str, Any]) -> list[str]:
    return [str(domain) for part in certificate.get("managed") or [] for domain in part["domains"]]


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


def _still_called(api: Looks, project: str, calls: str, url: str, remedy: str) -> list[Danger]:
    """Look for calls of apps in the log of requests.

    Cloud Run logs the URL with the host that the caller named. That it does so for a load balancer is not tried.

    Source: https://cloud.google.com/run/docs/logging#request_logs
    """
    search = {
        "resourceNames": [f"projects/{project}"],
        "filter": calls,
        "orderBy": "timestamp desc",
        "pageSize": 1,
    }
    address = "https://logging.googleapis.com/v2/entries:list"
    entries = _answered(api.post(address, "roles/logging.viewer", search), "The log of requests").get("entries", [])
    if not entries:
        return []
    return [
        Danger(
            Accident.CALLS,
            f"It closes a URL that apps still call: {url}, last at {entries[0].get('timestamp')} "
            f"({entries[0].get('httpRequest', {}).get('requestUrl')}). {remedy} "
            f"It is no question after {QUIET_FOR.total_seconds() / 3600:.0f} hours without such a call.",
        )
    ]


def direct_calls(service: str, domains: Sequence[str], since: datetime) -> str:
    """Return the filter of calls of apps to a service under its own URLs."""
    return " AND ".join(
        [*_calls_of_apps(service, since), *(f'NOT httpRequest.requestUrl:"https://{domain}/"' for domain in domains)]
    )


def domain_calls(service: str, domain: str, since: datetime) -> str:
    """Return the filter of calls of apps to a service under a domain."""
    return " AND ".join([*_calls_of_apps(service, since), f'httpRequest.requestUrl:"https://{domain}/"'])


def _calls_of_apps(service: str, since: datetime) -> list[str]:
    return [
        'resource.type="cloud_run_revision"',
        f'resource.labels.service_name="{service}"',
        'log_id("run.googleapis.com/requests")',
        'NOT httpRequest.userAgent:"GoogleStackdriverMonitoring-UptimeChecks"',
        f'NOT httpRequest.userAgent:"{USER_AGENT}"',
        f'timestamp>="{since:%Y-%m-%dT%H:%M:%SZ}"',
    ]


def _answered(look: Look, what: str) -> Json:
    if isinstance(look, Found):
        return look.body
    why = f"{look.why}\n{look.remedy}".rstrip() if isinstance(look, Unseen) else "it does not exist"
    raise UnansweredError(f"{what} could not be read, so this plan may be an outage. {_STAYS}\n{why}")
