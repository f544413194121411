"""Findings about the last hour, by the audit events."""

from datetime import UTC, datetime, timedelta

from operations.doctor.result import Doctor
from operations.doctor.sample_project import FUNCTION, Sample


def _event(
    reason: str, minutes_ago: float = 5, event: str = "live_token.failed", service: str = FUNCTION
) -> dict[str, object]:
    """An audit event as Cloud Logging keeps it: docs/audit.md."""
    time = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return {
        "timestamp": f"{time:%Y-%m-%dT%H:%M:%S.%fZ}",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": service}},
        "jsonPayload": {"event": event, "reason": reason, "requestId": "0a1b", "uid": "some-user"},
    }


def test_calls_that_failed_are_counted_by_reason_and_those_for_want_of_quota_named(
    sample: Sample, doctor: Doctor
) -> None:
    sample.log += [*[_event("GEMINI_RATE_LIMITED")] * 3, *[_event("QUOTA_UNAVAILABLE")] * 2]

    result = doctor()

    limited = "warn Last hour: calls that failed because Gemini's quota was used up (GEMINI_RATE_LIMITED): 3"
    assert result.problems == (
        f"{limited}  → https://ai.google.dev/gemini-api/docs/rate-limits says how to raise it",
        "warn Last hour: calls that failed with QUOTA_UNAVAILABLE: 2  → see docs/contract.md#QUOTA_UNAVAILABLE",
    )
    assert result.exit_code == 0


def test_what_was_the_callers_doing_or_anothers_or_long_ago_is_not_counted(sample: Sample, doctor: Doctor) -> None:
    sample.log += [
        _event("ID_TOKEN_EXPIRED", event="live_token.refused"),
        _event("GEMINI_RATE_LIMITED", service="another-function"),
        _event("GEMINI_RATE_LIMITED", minutes_ago=61),
    ]

    assert doctor().problems == ()


def test_more_failures_than_one_page_holds_are_not_counted_to_the_end(sample: Sample, doctor: Doctor) -> None:
    sample.log += [_event("GEMINI_UNAVAILABLE")] * 101

    (problem,) = doctor().problems

    assert "GEMINI_UNAVAILABLE: 100 or more" in problem


def test_exactly_as_many_failures_as_one_page_holds_are_counted(sample: Sample, doctor: Doctor) -> None:
    sample.log += [_event("GEMINI_UNAVAILABLE")] * 100

    (problem,) = doctor().problems

    assert "GEMINI_UNAVAILABLE: 100  →" in problem


def test_an_empty_page_is_not_the_end_of_the_search(sample: Sample, doctor: Doctor) -> None:
    sample.log += [_event("GEMINI_RATE_LIMITED")] * 2
    sample.log.empty_pages = 1

    (problem,) = doctor().problems

    assert "(GEMINI_RATE_LIMITED): 2  →" in problem


def test_a_search_that_comes_to_no_end_finds_nothing_to_be_well(sample: Sample, doctor: Doctor) -> None:
    sample.log.empty_pages = 1_000

    result = doctor()

    assert result.problems == ("?    Last hour: not checked: Cloud Logging was not done searching after 10 answers",)
    assert result.exit_code == 3
    assert not any("no failures" in line for line in result.findings)
