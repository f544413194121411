"""The metrics, alerts and sinks of `infra/` find what the function really writes, and nothing else."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from infra.deployed import Resources, alerts, log_query, named_in_promql, resources
from live_tokens.audit_log import AuditLog
from live_tokens.errors import GeminiUnavailable, HourlyQuotaExceeded, InternalFault, TokenNotIssued, Unavailable
from live_tokens.issuing import Attestation, Caller, Lease, LiveToken, Profile, QuotaState, Record, Step
from live_tokens.request_id import RequestId
from support.google.log_filter import SPECIAL_FIELDS, entry_of_line, matches, value_at
from support.reasons import reasons
from support.terraform_runner import PROJECT, Terraform

ROOT = Path(__file__).parents[2]
AUDIT_PAGE = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
PAGES = {
    path.name: path.read_text(encoding="utf-8")
    for path in [ROOT / "docs" / "operations.md", *sorted((ROOT / "docs" / "playbooks").glob("*.md"))]
}
SOURCES = {
    path.name: path.read_text(encoding="utf-8")
    for path in [*sorted((ROOT / "infra").glob("*.tf")), ROOT / "infra" / "dashboard.json.tftpl"]
}
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
SERVICE = "mint-live-token"
STEPS: tuple[Step, ...] = ("readBody", "verify", "attest", "findProfile", "spend", "readKey", "mint", "total")
PROFILE = Profile(
    "default", "models/m", timedelta(seconds=60), timedelta(seconds=900), {"a": 1}, config_digest="36cf56d0c1e5"
)
ISSUED = Record(
    requested_profile="default",
    caller=Caller("u", "password"),
    attestation=Attestation("valid", "1:2:web:3"),
    profile=PROFILE,
    quota=QuotaState(3, NOW),
    secret_version="projects/p/secrets/s/versions/1",
    live_token=LiveToken("auth_tokens/x", "wss://x", "v1beta", PROFILE, NOW, NOW, NOW),
    milliseconds=dict.fromkeys(STEPS, 3500.5),
)
RENEWAL = Lease("session-1", "renewal", NOW, 600, 600, NOW, None, None)
RENEWED = replace(ISSUED, lease=RENEWAL)
ENDED = Record(caller=Caller("u", "password"), ends_session="session-1")
# What the errors that take more than a diagnosis are made with.
ARGUMENTS = {
    "period": "day",
    "open_sessions": ("session-1",),
    "message": "words",
    "retry_after": timedelta(seconds=90),
    "due": NOW,
    "diagnosis": "cause",
}
ALL_REASONS = list(reasons())
FAILURES = {kind.reason for kind in ALL_REASONS if issubclass(kind, Unavailable | InternalFault)}


@pytest.fixture(scope="module")
def deployed(with_defaults: Terraform) -> Resources:
    """All resources after an apply with the defaults."""
    return resources(with_defaults)


def entries(record: Record, error: TokenNotIssued | None) -> list[dict[str, Any]]:
    stream = io.StringIO()
    log, request_id = AuditLog(stream, "demo-app"), RequestId("0" * 32, "0" * 32)
    if error is None:
        log.succeeded(request_id, record)
    else:
        log.not_issued(request_id, record, error)
    return [entry_of_line(line, SERVICE) for line in stream.getvalue().splitlines()]


def made(kind: type[TokenNotIssued]) -> TokenNotIssued:
    arguments: dict[str, Any] = {name: ARGUMENTS[name] for name in signature(kind).parameters}
    return kind(**arguments)


def counters(deployed: Resources) -> Resources:
    """Return the counters by their short name."""
    found = {re.fullmatch(r'google_logging_metric\.counter\["(\w+)"\]', address): v for address, v in deployed.items()}
    return {match[1]: values for match, values in found.items() if match}


def matching(deployed: Resources, entry: dict[str, Any]) -> set[str]:
    return {name for name, metric in counters(deployed).items() if matches(metric["filter"], entry)}


def counted(deployed: Resources, record: Record, error: TokenNotIssued | None) -> list[str]:
    """Return which counters count a call, once for each time they do."""
    return sorted(name for entry in entries(record, error) for name in matching(deployed, entry))


def named_reasons(text: str) -> set[str]:
    """Return the reasons that filters in a text name."""
    lists = re.findall(r"reason=(?:one_of)?\(([^)]*)\)", text)
    return {reason for values in lists for reason in re.findall(r'"(\w+)"', values)}


def audit_fields() -> set[str]:
    after = AUDIT_PAGE.split("<!-- audit-fields -->\n", 1)[1]
    return {name for name, _ in re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", after, re.MULTILINE)}


def documented_steps() -> set[str]:
    (meaning,) = re.findall(r"^\| `milliseconds` \|[^|]*\|([^|]*)\|", AUDIT_PAGE, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", meaning))


def condition_filters(alert: dict[str, Any]) -> str:
    return "\n".join(filter_ for condition in alert["conditions"] for filter_ in _filters(condition))


def _filters(condition: dict[str, Any]) -> Iterator[str]:
    for threshold in condition["condition_threshold"]:
        yield from filter(None, (threshold["filter"], threshold["denominator_filter"]))
    for matched in condition["condition_matched_log"]:
        yield matched["filter"]


@pytest.mark.parametrize("kind", ALL_REASONS, ids=lambda kind: kind.reason)
def test_a_call_without_a_token_is_counted_once_as_refused_or_as_failed(
    deployed: Resources, kind: type[TokenNotIssued]
) -> None:
    expected = ["due", "failed"] if kind.reason in FAILURES else ["refused"]
    assert counted(deployed, Record(caller=Caller("u", "password")), made(kind)) == expected


def test_an_issued_token_is_counted_once(deployed: Resources) -> None:
    assert counted(deployed, ISSUED, None) == ["due", "issued"]


def test_an_ended_session_is_counted_once_and_is_no_call_for_a_token(deployed: Resources) -> None:
    assert counted(deployed, ENDED, None) == ["ended"]


@pytest.mark.parametrize(
    ("record", "error", "seconds"),
    [
        (ISSUED, None, 900),
        (RENEWED, None, 600),
        (replace(ISSUED, lease=replace(RENEWAL, kind="reconnect", charged=0)), None, None),
        (replace(RENEWED, live_token=None), GeminiUnavailable(), 600),
        (Record(), GeminiUnavailable(), None),
        (ENDED, None, None),
    ],
    ids=["whole session", "renewal", "reconnect", "failed mint of a lease", "failure before", "ended"],
)
def test_the_seconds_that_a_call_was_granted_are_measured(
    deployed: Resources, record: Record, error: TokenNotIssued | None, seconds: int | None
) -> None:
    metric = deployed["google_logging_metric.granted_seconds"]
    path = metric["value_extractor"].removeprefix("EXTRACT(").removesuffix(")")
    found = [value_at(path, entry) for entry in entries(record, error) if matches(metric["filter"], entry)]
    assert found == ([] if seconds is None else [seconds])


def test_each_label_is_filled_from_the_event(deployed: Resources) -> None:
    samples: list[tuple[Record, TokenNotIssued | None]] = [
        (RENEWED, None),
        (Record(), HourlyQuotaExceeded(timedelta(1), NOW)),
        (Record(), InternalFault()),
    ]
    labels: dict[str, str] = {}
    for record, error in samples:
        for entry in entries(record, error):
            for name in matching(deployed, entry):
                extractors = counters(deployed)[name]["label_extractors"] or {}
                labels |= {f"{name}.{label}": value_at(path[8:-1], entry) for label, path in extractors.items()}
    assert labels == {
        "issued.profile": "default",
        "issued.model": "models/m",
        "issued.lease": "renewal",
        "refused.reason": "HOURLY_QUOTA_EXCEEDED",
        "failed.reason": "INTERNAL",
    }


def test_the_metric_of_a_step_takes_its_milliseconds_from_the_event(deployed: Resources) -> None:
    taken = {}
    (entry,) = [entry for entry in entries(ISSUED, None) if "event" in entry["jsonPayload"]]
    for address, metric in deployed.items():
        if address.startswith("google_logging_metric.milliseconds"):
            assert matches(metric["filter"], entry)
            assert value_at(metric["label_extractors"]["event"][8:-1], entry) == "live_token.issued"
            path = metric["value_extractor"].removeprefix("EXTRACT(").removesuffix(")")
            taken[path.rsplit(".", 1)[1]] = value_at(path, entry)
    assert taken == dict.fromkeys(STEPS, 3500.5)


def test_the_steps_are_those_of_the_audit_page_and_of_the_code() -> None:
    code = [path.read_text(encoding="utf-8") for path in (ROOT / "functions").rglob("*.py")]
    assert set(re.findall(r'\.step\("(\w+)"\)', "\n".join(code))) == set(STEPS) == documented_steps()


def test_the_log_of_another_service_is_not_counted(deployed: Resources) -> None:
    for entry in entries(ISSUED, None):
        entry["resource"]["labels"]["service_name"] = "another"
        assert matching(deployed, entry) == set()


def test_the_line_for_firebases_own_metrics_is_neither_counted_nor_kept(deployed: Resources) -> None:
    (verification,) = [entry for entry in entries(ISSUED, None) if "verifications" in entry["jsonPayload"]]
    assert matching(deployed, verification) == set()
    assert not matches(deployed["google_logging_project_sink.log_bucket[0]"]["filter"], verification)


def test_every_audit_event_is_kept_also_of_a_later_version(deployed: Resources) -> None:
    kept = deployed["google_logging_project_sink.log_bucket[0]"]["filter"]
    for error in [None, *map(made, ALL_REASONS)]:
        (event,) = [entry for entry in entries(ISSUED, error) if "event" in entry["jsonPayload"]]
        event["jsonPayload"]["eventVersion"] += 1
        assert matches(kept, event)


@pytest.mark.parametrize("text", [*SOURCES.values(), *PAGES.values()], ids=[*SOURCES, *PAGES])
def test_each_field_that_is_named_is_a_field_of_the_audit_page(text: str) -> None:
    fields = (audit_fields() - SPECIAL_FIELDS) | {f"milliseconds.{step}" for step in documented_steps()}
    patterns = {"${label}", "milliseconds.${each.key}"}  # their values are tested above, on real events
    named = set(re.findall(r"jsonPayload\.((?:[\w.]|\$\{[\w.]+\})*\w\}?)", text))
    assert sorted(named - fields - patterns) == []


def test_each_reason_that_is_named_exists(deployed: Resources) -> None:
    texts = [*PAGES.values(), json.dumps(deployed).replace('\\\\\\"', '"').replace('\\"', '"')]
    named = set().union(*map(named_reasons, texts))
    assert {"INTERNAL", "HOURLY_QUOTA_EXCEEDED"} <= named <= {kind.reason for kind in ALL_REASONS}


def test_each_failure_has_one_alert_of_its_cause(deployed: Resources) -> None:
    covered = sorted(
        reason for alert in alerts(deployed).values() for reason in named_reasons(condition_filters(alert))
    )
    assert [reason for reason in covered if reason in FAILURES] == sorted(FAILURES)


def test_an_alert_and_its_query_are_about_the_same_reasons(deployed: Resources) -> None:
    assert {name: named_reasons(condition_filters(alert)) for name, alert in alerts(deployed).items()} == {
        name: named_reasons(log_query(alert)) for name, alert in alerts(deployed).items()
    }


def test_what_is_measured_is_what_alerts_and_objectives_look_at(deployed: Resources) -> None:
    measured = {
        f"logging.googleapis.com/user/{values['name']}"
        for address, values in deployed.items()
        if address.startswith("google_logging_metric.")
    }
    monitoring = {a: v for a, v in deployed.items() if a.startswith("google_monitoring_")}
    text = json.dumps(monitoring)
    used = set(re.findall(r"logging\.googleapis\.com/user/[\w/-]+", text))
    used |= {name for name in measured if f"{named_in_promql(name.split('/user/')[1])}_sum" in text}
    assert used == measured


def test_the_query_of_an_alert_finds_the_events_that_open_it(deployed: Resources) -> None:
    found = {}
    for name, alert in alerts(deployed).items():
        events: list[tuple[str | None, dict[str, Any]]] = [(None, entry) for entry in entries(ISSUED, None)]
        events += [(kind.reason, entry) for kind in ALL_REASONS for entry in entries(Record(), made(kind))]
        found[name] = {reason for reason, entry in events if matches(log_query(alert), entry)}
    failures = {name: reasons_ for name, reasons_ in found.items() if reasons_ == FAILURES}
    assert set(failures) == {"failed-requests", "error-budget-burns-fast", "error-budget-burns-slowly"}
    assert {name: value for name, value in found.items() if name not in failures} == {
        "slow-tokens": {None},
        "spend": {None},
        "quota-refusals": {
            *("HOURLY_QUOTA_EXCEEDED", "DAILY_QUOTA_EXCEEDED", "MINUTES_EXCEEDED", "TOO_MANY_SESSIONS"),
        },
        "api-key-rejected": {"API_KEY_REJECTED", "API_KEY_UNAVAILABLE"},
        "gemini-unavailable": {"GEMINI_UNAVAILABLE", "GEMINI_RATE_LIMITED"},
        "quota-store-unavailable": {"QUOTA_UNAVAILABLE"},
        "sign-in-unavailable": {"IDENTITY_UNAVAILABLE", "APP_CHECK_UNAVAILABLE"},
        "internal-errors": {"INTERNAL"},
        "invalid-credentials": {"ID_TOKEN_INVALID", "APP_CHECK_INVALID", "APP_CHECK_REPLAYED"},
        "unreachable": set(),
        "unanswered-requests": set(),
        "instances-at-limit": set(),
        "secret-read-by-others": set(),
    }


def secret_read(secret: str, who: dict[str, str]) -> dict[str, Any]:
    """An entry as Secret Manager's audit log has it: https://cloud.google.com/secret-manager/docs/audit-logging."""
    return {
        "log_id": "cloudaudit.googleapis.com/data_access",
        "resource": {"type": "audited_resource", "labels": {"service": "secretmanager.googleapis.com"}},
        "protoPayload": {
            "serviceName": "secretmanager.googleapis.com",
            "methodName": "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion",
            "resourceName": f"projects/123456789012/secrets/{secret}/versions/1",
            "authenticationInfo": who,
        },
    }


def test_a_read_of_the_key_by_anybody_but_the_function_opens_an_alert(deployed: Resources) -> None:
    (condition,) = deployed["google_monitoring_alert_policy.secret_read"]["conditions"]
    watched = condition["condition_matched_log"][0]["filter"]
    runtime = deployed["google_service_account.runtime"]["email"]
    assert runtime.endswith(f"@{PROJECT}.iam.gserviceaccount.com")
    assert matches(watched, secret_read("gemini-api-key", {"principalEmail": "someone@example.com"}))
    assert matches(watched, secret_read("gemini-api-key", {"principalSubject": "principal://iam.googleapis.com/x"}))
    assert not matches(watched, secret_read("gemini-api-key", {"principalEmail": runtime}))
    assert not matches(watched, secret_read("gemini-api-key-2", {"principalEmail": "someone@example.com"}))


@pytest.mark.parametrize(
    ("status", "text", "by_cloud_run"),
    [
        (429, "The request was aborted because there was no available instance.", True),
        (500, "The request was aborted because there was no available instance.", True),
        (503, "The request failed because either the HTTP response was malformed or connection to …", True),
        (504, "The request has been terminated because it has reached the maximum request timeout.", True),
        (403, "The request was not authenticated.", False),
        (503, None, False),
        (429, None, False),
    ],
)
def test_what_cloud_run_answered_by_itself_is_told_from_what_the_function_answered(
    deployed: Resources, status: int, text: str | None, by_cloud_run: bool
) -> None:
    request = {
        "log_id": "run.googleapis.com/requests",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": SERVICE}},
        "httpRequest": {"status": status},
        "textPayload": text,
    }
    assert matching(deployed, request) == ({"unanswered"} if by_cloud_run else set())
