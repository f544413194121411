"""A load balancer comes and goes in steps: no plan takes away the URL that apps call."""

from datetime import UTC, datetime
from typing import Any

import pytest

from live_tokens_operations.defaults import USER_AGENT
from live_tokens_operations.deploy.accidents import Accident, Danger
from live_tokens_operations.deploy.direct_url import direct_calls, domain_calls, require_open_url
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


def plan(
    before: str | None,
    after: str | None,
    way_in: tuple[object, object] | None = (RULE, RULE),
    *,
    next_domain: str = "live.example.com",
) -> dict[str, Any]:
    """Return a plan for the function's ingress, and the way through the load balancer before and after it."""
    changes = [("google_cloudfunctions2_function.mint_live_token", ingress(before), ingress(after))]
    if way_in is not None:
        changes.append(("google_compute_global_forwarding_rule.https[0]", *way_in))  # type: ignore[arg-type]
        now, then = (
            {"name": "live-tokens-1", "managed": [{"domains": [domain]}]}
            for domain in ("live.example.com", next_domain)
        )
        live = (way_in[0] and now, way_in[1] and then)
        changes.append(('google_compute_managed_ssl_certificate.domain["live"]', *live))  # type: ignore[arg-type]
    return {
        "resource_changes": [
            {"address": address, "change": {"actions": ["no-op"], "before": old, "after": new}}
            for address, old, new in changes
        ]
    }


def require(planned: dict[str, Any], certificate: Look = ACTIVE, log: Look = QUIET) -> list[Danger]:
    google = ScriptedGoogle({"compute.googleapis.com": certificate, "logging.googleapis.com": log})
    return require_open_url(planned, google, "my-app-1a2b")


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
    assert require(planned) == []


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


def test_to_close_the_direct_url_while_apps_call_it_is_a_question_of_its_own() -> None:
    url = "https://mint-live-token-x1y2z3-ew.a.run.app/"
    entry = {"timestamp": "2026-11-27T09:00:00Z", "httpRequest": {"requestUrl": url}}
    (danger,) = require(plan(OPEN, CLOSED), log=Found({"entries": [entry]}))
    assert danger.accident is Accident.CALLS
    assert f"the function's own URL, last at 2026-11-27T09:00:00Z ({url})" in danger.text


@pytest.mark.parametrize(("before", "after"), [(CLOSED, CLOSED), (OPEN, CLOSED), (CLOSED, OPEN)])
def test_the_domain_is_not_changed_while_or_when_it_is_the_only_way_in(before: str, after: str) -> None:
    """The certificate of the new one takes up to an hour, and the one in use would go at once."""
    with pytest.raises(MisuseError, match=r"from live\.example\.com to new\.example\.com while apps have no other URL"):
        require(plan(before, after, next_domain="new.example.com"))


def test_to_change_the_domain_while_apps_call_it_is_a_question_of_its_own() -> None:
    entry = {"timestamp": "2026-11-27T09:00:00Z", "httpRequest": {"requestUrl": "https://live.example.com/"}}
    changed = plan(OPEN, OPEN, next_domain="new.example.com")
    (danger,) = require(changed, log=Found({"entries": [entry]}))
    assert danger.accident is Accident.CALLS
    assert "still call: live.example.com, last at 2026-11-27T09:00:00Z" in danger.text
    assert require(changed) == []


@pytest.mark.parametrize(
    "looks",
    [(Missing(), QUIET), (Unseen("needs role roles/compute.viewer", "grant it"), QUIET), (ACTIVE, Unseen("no"))],
)
def test_what_google_does_not_tell_closes_nothing(looks: tuple[Look, Look]) -> None:
    with pytest.raises(UnansweredError, match=r"could not be read, so this plan may be an outage"):
        require(plan(OPEN, CLOSED), *looks)


SINCE = datetime(2026, 11, 27, tzinfo=UTC)
DIRECT = ["https://mint-live-token-x1y2z3-ew.a.run.app/", "https://europe-west1-my-app-1a2b.cloudfunctions.net/f"]


def logged(url: str, agent: str = "okhttp/4.9") -> dict[str, Any]:
    """Return the entry of a call in the log of requests."""
    return {
        "log_id": "run.googleapis.com/requests",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "mint-live-token"}},
        "httpRequest": {"requestUrl": url, "userAgent": agent},
        "timestamp": "2026-11-27T09:00:00Z",
    }


@pytest.mark.parametrize(
    ("url", "direct"),
    [
        *((url, True) for url in DIRECT),
        ("https://live.example.com/", False),
        ("https://candidate.live.example.com/", False),
    ],
)
def test_a_direct_call_is_one_that_names_no_domain(url: str, *, direct: bool) -> None:
    domains = ["live.example.com", "candidate.live.example.com"]
    assert matches(direct_calls("mint-live-token", domains, SINCE), logged(url)) is direct
    assert matches(domain_calls("mint-live-token", "live.example.com", SINCE), logged(url)) is (
        url == "https://live.example.com/"
    )


@pytest.mark.parametrize(
    "agent",
    ["GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)", USER_AGENT],
)
def test_a_check_from_outside_and_our_own_programs_are_no_app(agent: str) -> None:
    assert not matches(direct_calls("mint-live-token", [], SINCE), logged(DIRECT[0], agent))
    at_domain = logged("https://live.example.com/", agent)
    assert not matches(domain_calls("mint-live-token", "live.example.com", SINCE), at_domain)
