"""A load balancer comes and goes in steps: no plan takes away the URL that apps call."""

from datetime import UTC, datetime
from typing import Any

import pytest

from live_tokens_operations.deploy.direct_url import direct_calls, require_open_url
from live_tokens_operations.deploy.errors import MisuseError, UnansweredError
from live_tokens_operations.google.look import Found, Look, Missing, Unseen
from operations.deploy.scripted import ScriptedGoogle
from support.google.log_filter import matches

OPEN, CLOSED = "ALLOW_ALL", "ALLOW_INTERNAL_AND_GCLB"
ACTIVE = Found({"managed": {"status": "ACTIVE"}})
QUIET = Found({})
RULE = {"ip_address": "203.0.113.7"}


def ingress(value: str | None) -> dict[str, Any] | None:
    return (value and {"name": "mint-live-token", "service_config": [{"ingress_settings": value}]}) or None


def plan(before: str | None, after: str | None, way_in: tuple[object, object] | None = (RULE, RULE)) -> dict[str, Any]:
    """Return a plan for the function's ingress, and the way through the load balancer before and after it."""
    changes = [("google_cloudfunctions2_function.mint_live_token", ingress(before), ingress(after))]
    if way_in is not None:
        changes.append(("google_compute_global_forwarding_rule.https[0]", *way_in))  # type: ignore[arg-type]
        certificate = {"name": "live-tokens-1", "managed": [{"domains": ["live.example.com"]}]}
        changes.append(('google_compute_managed_ssl_certificate.domain["live"]', certificate, certificate))
    return {
        "resource_changes": [
            {"address": address, "change": {"actions": ["no-op"], "before": old, "after": new}}
            for address, old, new in changes
        ]
    }


def require(planned: dict[str, Any], certificate: Look = ACTIVE, log: Look = QUIET) -> None:
    google = ScriptedGoogle({"compute.googleapis.com": certificate, "logging.googleapis.com": log})
    require_open_url(planned, google, "my-app-1a2b")


@pytest.mark.parametrize(
    "planned",
    [
        plan(None, CLOSED, (None, RULE)),
        plan(OPEN, OPEN, None),
        plan(OPEN, OPEN, (None, RULE)),
        plan(OPEN, CLOSED),
        plan(CLOSED, CLOSED),
        plan(CLOSED, OPEN),
        plan(OPEN, OPEN, (RULE, None)),
        {},
    ],
    ids=["first", "without one", "made", "closed", "as it was", "opened", "removed when open", "no resources"],
)
def test_one_step_at_a_time_is_no_outage(planned: dict[str, Any]) -> None:
    require(planned)


def test_a_load_balancer_is_not_made_and_made_the_only_way_in_at_once() -> None:
    with pytest.raises(MisuseError, match=r"closes the function's own URL in one step\. Nothing was changed\."):
        require(plan(OPEN, CLOSED, (None, RULE)))


@pytest.mark.parametrize("way_in", [(RULE, None), None])
def test_a_load_balancer_that_is_the_only_way_in_is_not_removed(way_in: tuple[object, object] | None) -> None:
    with pytest.raises(MisuseError, match=r"First set close_direct = false"):
        require(plan(CLOSED, OPEN, way_in))


def test_the_direct_url_stays_open_until_the_certificate_is_active() -> None:
    provisioning = {"status": "PROVISIONING", "domainStatus": {"live.example.com": "FAILED_NOT_VISIBLE"}}
    with pytest.raises(MisuseError, match=r"not active \(live\.example\.com: FAILED_NOT_VISIBLE\)"):
        require(plan(OPEN, CLOSED), Found({"managed": provisioning}))


def test_the_direct_url_stays_open_while_apps_call_it() -> None:
    url = "https://mint-live-token-x1y2z3-ew.a.run.app/"
    entry = {"timestamp": "2026-11-27T09:00:00Z", "httpRequest": {"requestUrl": url}}
    with pytest.raises(MisuseError, match=rf"last at 2026-11-27T09:00:00Z: {url}\. Nothing was changed\."):
        require(plan(OPEN, CLOSED), log=Found({"entries": [entry]}))


@pytest.mark.parametrize(
    "looks",
    [(Missing(), QUIET), (Unseen("needs role roles/compute.viewer", "grant it"), QUIET), (ACTIVE, Unseen("no"))],
)
def test_what_google_does_not_tell_closes_nothing(looks: tuple[Look, Look]) -> None:
    with pytest.raises(UnansweredError, match=r"could not be read, so close_direct may be an outage"):
        require(plan(OPEN, CLOSED), *looks)


@pytest.mark.parametrize(
    ("url", "agent", "direct"),
    [
        ("https://mint-live-token-x1y2z3-ew.a.run.app/", "okhttp/4.9", True),
        ("https://europe-west1-my-app-1a2b.cloudfunctions.net/mint-live-token", "okhttp/4.9", True),
        ("https://live.example.com/", "okhttp/4.9", False),
        ("https://candidate.live.example.com/", "okhttp/4.9", False),
        (
            "https://x.a.run.app/",
            "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)",
            False,
        ),
    ],
)
def test_a_direct_call_is_one_that_names_no_domain_and_is_no_uptime_check(
    url: str, agent: str, *, direct: bool
) -> None:
    entry = {
        "log_id": "run.googleapis.com/requests",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "mint-live-token"}},
        "httpRequest": {"requestUrl": url, "userAgent": agent},
        "timestamp": "2026-11-27T09:00:00Z",
    }
    domains = ["live.example.com", "candidate.live.example.com"]
    since = datetime(2026, 11, 27, tzinfo=UTC)
    assert matches(direct_calls("mint-live-token", domains, since), entry) is direct
