"""Watch: somebody calls from outside all the time, and somebody is told when an alert opens."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from live_tokens_operations.checks.deployment import CheckContext, ingress_of
from live_tokens_operations.checks.finding import Finding, ok, skipped, unanswered, warn
from live_tokens_operations.google.look import Found, Json, Look, Unseen, all_pages
from live_tokens_operations.remedies import deploy, set_and_deploy

_REFUSAL = "ID_TOKEN_MISSING"
# How infra/alerts.tf names them.
_OURS = "Live tokens: "


def check(context: CheckContext) -> Iterator[Finding]:
    yield _from_outside(context)
    yield _recipients(context)


def _from_outside(context: CheckContext) -> Finding:
    """Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.uptimeCheckConfigs."""
    function, url = context.deployment.function, context.project.url
    direct = urlsplit(function.body.get("url", "")).hostname if isinstance(function, Found) else None
    host = urlsplit(url).hostname if url else direct
    if host is None:
        return skipped("Watch", "the URL of the function is not known")
    look = _listed(context, "uptimeCheckConfigs")
    if not isinstance(look, Found):
        return _open(look, "Watch from outside")
    watched = sorted(_host(each) for each in look.body["uptimeCheckConfigs"] if _expects_refusal(each))
    is_closed = url is None and ingress_of(function) not in (None, "ALLOW_ALL")
    # Apps call a domain then, which the function does not name.
    answering = [each for each in watched if (each != direct if is_closed else each == host)]
    if answering:
        return ok(f"Watch: an uptime check calls {', '.join(answering)} and expects {_REFUSAL}")
    where = f"another host than {host}, which is closed," if is_closed else host
    text = f"Watch: no uptime check calls {where} and expects {_REFUSAL}: nobody notices when no app gets an answer"
    return warn(text, deploy(context.project.project_id, context.project.home))


def _expects_refusal(check: Json) -> bool:
    return any(_REFUSAL in str(each.get("content", "")) for each in check.get("contentMatchers", []))


def _host(check: Json) -> str:
    return str(check.get("monitoredResource", {}).get("labels", {}).get("host", ""))


def _recipients(context: CheckContext) -> Finding:
    """Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies."""
    look = _listed(context, "alertPolicies")
    if not isinstance(look, Found):
        return _open(look, "Watch by alerts")
    place = context.project.project_id, context.project.home
    ours: list[Json] = [each for each in look.body["alertPolicies"] if str(each.get("displayName")).startswith(_OURS)]
    if not ours:
        return warn("Watch: this deployment has no alerts", deploy(*place))
    if silent := [each for each in ours if not each.get("notificationChannels")]:
        text = f"Watch: {len(silent)} of {len(ours)} alerts notify nobody"
        return warn(text, set_and_deploy("alert_emails", *place))
    if off := [str(each["displayName"]).removeprefix(_OURS) for each in ours if each.get("enabled") is False]:
        return warn(f"Watch: alerts are off: {', '.join(off)}", deploy(*place))
    return ok(f"Watch: all {len(ours)} alerts notify somebody")


def _listed(context: CheckContext, field: str) -> Look:
    url = f"https://monitoring.googleapis.com/v3/projects/{context.project.project_id}/{field}"
    return all_pages(context.api, url, "roles/monitoring.viewer", field, {"pageSize": "100"})


def _open(look: Look, at: str) -> Finding:
    return unanswered(at, look) if isinstance(look, Unseen) else skipped(at, "there is no such project")
