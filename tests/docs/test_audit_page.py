"""The schema of the audit events is written down, and each reason produces an event that keeps to it."""

import io
import json
import re
from datetime import UTC, datetime, timedelta
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from live_tokens.audit_log import EVENT_VERSION, AuditLog
from live_tokens.errors import (
    DailyQuotaExceeded,
    HourlyQuotaExceeded,
    InternalFault,
    QuotaExceeded,
    TokenNotIssued,
    Unavailable,
)
from live_tokens.issuing import Attestation, Caller, Lease, LiveToken, Profile, QuotaState, Record
from live_tokens.release import Release
from live_tokens.request_id import RequestId
from support.reasons import reasons

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
ALWAYS = {"severity", "message", "time", "event", "eventVersion", "requestId", "resumes", "milliseconds"}
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
PROFILE = Profile(
    "default", "models/m", timedelta(60), timedelta(900), {"a": 1}, config_digest="36cf56d0c1e5", chosen={"b": "c"}
)
# What the errors that take more than a diagnosis are made with.
ARGUMENTS = {
    "period": "day",
    "open_sessions": ("session-1",),
    "message": "words",
    "due": NOW,
    "retry_after": timedelta(seconds=90),
    "diagnosis": "cause",
}


def fields() -> dict[str, str]:
    """Return field → when, as the page has them."""
    after = PAGE.split("<!-- audit-fields -->\n", 1)[1]
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", after, re.MULTILINE)
    return {name: when.strip() for name, when in rows}


def made(kind: type[TokenNotIssued]) -> TokenNotIssued:
    arguments: dict[str, Any] = {name: ARGUMENTS[name] for name in signature(kind).parameters}
    return kind(**arguments)


def events(record: Record, error: TokenNotIssued | None) -> list[dict[str, object]]:
    stream = io.StringIO()
    log, request_id = AuditLog(stream, "demo-app", Release("1.2.0", "4b1d", "36cf")), RequestId("0" * 32, "0" * 32)
    if error is None:
        log.succeeded(request_id, record)
    else:
        log.not_issued(request_id, record, error)
    return [event for event in map(json.loads, stream.getvalue().splitlines()) if "event" in event]


@pytest.mark.parametrize("kind", list(reasons()), ids=lambda kind: kind.reason)
def test_each_reason_produces_an_event_that_keeps_to_the_schema(kind: type[TokenNotIssued]) -> None:
    (event,) = events(Record(requested_profile="default"), made(kind))
    assert event["reason"] == kind.reason
    assert ALWAYS <= event.keys() <= fields().keys()
    failed = issubclass(kind, Unavailable | InternalFault)
    assert event["event"] == ("live_token.failed" if failed else "live_token.refused")
    assert event["severity"] == ("ERROR" if failed else "NOTICE")
    assert event["eventVersion"] == EVENT_VERSION


def test_an_event_with_all_there_is_has_every_field_of_the_page_but_those_of_refusals() -> None:
    token = LiveToken("auth_tokens/x", "wss://x", "v1beta", PROFILE, NOW, NOW, NOW)
    record = Record(
        requested_profile="default",
        caller=Caller("u", "password"),
        attestation=Attestation("valid", "1:2:web:3"),
        profile=PROFILE,
        quota=QuotaState(3, NOW, 60),
        lease=Lease("session-1", "first", NOW, 600, 600, NOW, NOW, NOW),
        secret_version="projects/p/secrets/s/versions/1",
        live_token=token,
    )
    (event,) = events(record, None)
    assert event.keys() == fields().keys() - {"reason", "diagnosis", "retryAfterSeconds", "stack"}


@pytest.mark.parametrize("kind", [HourlyQuotaExceeded, DailyQuotaExceeded])
def test_a_caller_who_has_had_enough_leaves_the_state_of_the_quota(kind: type[QuotaExceeded]) -> None:
    (event,) = events(Record(), kind(timedelta(seconds=90), NOW))
    assert event["quotaRemaining"] == 0
    assert event["retryAfterSeconds"] == 90


def test_an_unexpected_error_adds_where_it_happened() -> None:
    fault = InternalFault("KeyError")
    fault.__cause__ = KeyError("quotes a secret")
    (event,) = events(Record(), fault)
    assert event.keys() <= fields().keys()
    assert "stack" in event
    assert "quotes a secret" not in json.dumps(event)


def test_the_page_tells_the_version() -> None:
    assert f"`eventVersion` is {EVENT_VERSION}." in PAGE


def test_the_page_tells_which_fields_are_always_there() -> None:
    assert {name for name, when in fields().items() if when == "always"} == ALWAYS
