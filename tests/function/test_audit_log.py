"""`audit_log`: one line of JSON per request, with everything an operator asks for and nothing to steal."""

import hashlib
import io
import json
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

import pytest

from function.every_error import ERROR_CLASSES, make_error
from function.made_up import (
    APP_ID,
    ATTESTATION,
    CALLER,
    CREDENTIALS,
    ISSUED_AT,
    KEY,
    LIVE_TOKEN,
    OFF,
    PROFILE,
    PROJECT,
    QUOTA_STATE,
)
from live_tokens import timestamps
from live_tokens.audit_log import AuditLog
from live_tokens.errors import (
    AppCheckFault,
    AppCheckState,
    GeminiUnavailable,
    HourlyQuotaExceeded,
    IdTokenMissing,
    InternalFault,
    MalformedRequest,
    TokenNotIssued,
    Unavailable,
)
from live_tokens.issuing import Attestation, Lease, QuotaState, Record
from live_tokens.release import Release
from live_tokens.request_id import RequestId
from live_tokens.timestamps import with_fraction

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACED = RequestId(value=TRACE, trace=TRACE)
UNTRACED = RequestId(value="random", trace=None)


def full_record() -> Record:
    return Record(
        requested_profile="default",
        resumes=True,
        caller=CALLER,
        attestation=OFF,
        profile=PROFILE,
        quota=QUOTA_STATE,
        secret_version=KEY.version,
        live_token=LIVE_TOKEN,
        milliseconds={"verify": 1.04, "total": 12.36},
    )


def read(line: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(line)
    assert datetime.fromisoformat(event.pop("time")).utcoffset() == datetime.now(UTC).utcoffset()
    return event


class Written:
    """A stream as standard output is one, and the events in it."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self.stream = io.TextIOWrapper(self._bytes, encoding="utf-8")
        self.log = AuditLog(self.stream, PROJECT)

    def event(self) -> dict[str, Any]:
        lines = self.text().splitlines(keepends=True)
        assert len(lines) == 1
        assert lines[0].endswith("\n")
        return read(lines[0])

    def events(self) -> list[dict[str, Any]]:
        return [read(line) for line in self.text().splitlines()]

    def text(self) -> str:
        """What has left the buffer."""
        return self._bytes.getvalue().decode()


@pytest.fixture
def written() -> Written:
    return Written()


def test_an_issued_token_leaves_everything_but_the_token(written: Written) -> None:
    written.log.succeeded(TRACED, full_record())
    assert written.event() == {
        "severity": "INFO",
        "message": "Live token issued",
        "event": "live_token.issued",
        "eventVersion": 1,
        "requestId": TRACE,
        "logging.googleapis.com/trace": f"projects/{PROJECT}/traces/{TRACE}",
        "uid": "user-1",
        "signInProvider": "password",
        "appCheck": "off",
        "profile": "default",
        "configDigest": "0123456789ab",
        "quotaRemaining": 19,
        "quotaResetTime": "2026-11-22T15:03:00Z",
        "model": "models/gemini-3.8-live",
        "leaseSeconds": 900,
        "resumes": True,
        "secretVersion": "projects/p/secrets/s/versions/1",
        "tokenSha256": hashlib.sha256(b"auth_tokens/made-up").hexdigest(),
        "newSessionExpireTime": "2026-11-22T15:01:00Z",
        "expireTime": "2026-11-22T15:15:00Z",
        "milliseconds": {"verify": 1.0, "total": 12.4},
    }


def lease(charged: int) -> Lease:
    return Lease("session-1", "first" if charged else "reconnect", ISSUED_AT, 600, charged, ISSUED_AT, None, None)


@pytest.mark.parametrize(
    ("granted", "seconds"), [(None, 900), (lease(600), 600), (lease(0), 0)], ids=["whole session", "lease", "reconnect"]
)
def test_an_issued_token_leaves_the_seconds_of_talk_that_it_granted(
    written: Written, granted: Lease | None, seconds: int
) -> None:
    written.log.succeeded(UNTRACED, replace(full_record(), lease=granted))
    assert written.event()["leaseSeconds"] == seconds


def test_a_failed_mint_leaves_the_seconds_that_its_lease_has_taken_and_none_without_a_lease(written: Written) -> None:
    for granted in (lease(600), None):
        record = replace(full_record(), lease=granted, live_token=None)
        written.log.not_issued(UNTRACED, record, GeminiUnavailable())
    assert [event.get("leaseSeconds") for event in written.events()] == [600, None]


def test_a_refusal_leaves_what_was_known_and_no_empty_fields(written: Written) -> None:
    written.log.not_issued(UNTRACED, Record(requested_profile="no-such"), MalformedRequest("Words for the caller."))
    assert written.event() == {
        "severity": "NOTICE",
        "message": "Live token refused: MALFORMED_REQUEST",
        "event": "live_token.refused",
        "eventVersion": 1,
        "requestId": "random",
        "profile": "no-such",
        "resumes": False,
        "reason": "MALFORMED_REQUEST",
        "milliseconds": {},
    }


@pytest.mark.parametrize("kind", ERROR_CLASSES)
def test_who_is_at_fault_decides_between_refused_and_failed(written: Written, kind: type[TokenNotIssued]) -> None:
    ours = issubclass(kind, Unavailable | InternalFault)
    error = make_error(kind)
    written.log.not_issued(UNTRACED, Record(), error)
    event = written.event()
    assert event["event"] == ("live_token.failed" if ours else "live_token.refused")
    assert event["severity"] == ("ERROR" if ours else "NOTICE")
    assert event["message"].endswith(f": {kind.reason}")
    assert event["reason"] == kind.reason
    assert event.get("diagnosis") == error.diagnosis
    assert event.get("retryAfterSeconds") == (89.0 if error.retry_after else None)
    assert event.get("appCheck") == (error.state if isinstance(error, AppCheckFault) else None)
    assert error.message not in json.dumps(event)


def test_what_was_chosen_is_recorded_once_it_is_known_to_be_on_offer(written: Written) -> None:
    chosen = replace(PROFILE, chosen={"voice": "Puck"})
    written.log.succeeded(TRACED, replace(full_record(), profile=chosen))
    written.log.not_issued(
        TRACED, replace(full_record(), profile=chosen), HourlyQuotaExceeded(timedelta(minutes=3), ISSUED_AT)
    )
    written.log.not_issued(TRACED, replace(full_record(), profile=None), MalformedRequest("x", "not on offer"))
    assert [event.get("choices") for event in written.events()] == [{"voice": "Puck"}, {"voice": "Puck"}, None]
    assert written.events()[-1]["diagnosis"] == "not on offer"


def test_a_token_for_a_caller_whose_rules_do_not_do_what_they_seem_to_is_a_notice(written: Written) -> None:
    """A payer with the quota of a guest never complains of a refusal."""
    record = replace(full_record(), profile=replace(PROFILE, diagnosis="the claim `plan` is an object"))
    written.log.succeeded(TRACED, record)
    event = written.event()
    assert (event["event"], event["severity"]) == ("live_token.issued", "NOTICE")
    assert event["diagnosis"] == "the claim `plan` is an object"


def test_a_refusal_without_a_cause_of_its_own_tells_what_is_known_of_the_callers_rules(written: Written) -> None:
    profile = replace(PROFILE, diagnosis="the claim `plan` is an object")
    written.log.not_issued(TRACED, Record(profile=profile), HourlyQuotaExceeded(timedelta(minutes=3), ISSUED_AT))
    assert written.event()["diagnosis"] == "the claim `plan` is an object"


def test_the_cause_of_a_failure_comes_before_what_is_known_of_the_callers_rules(written: Written) -> None:
    profile = replace(PROFILE, diagnosis="the claim `plan` is an object")
    written.log.not_issued(TRACED, Record(profile=profile), GeminiUnavailable("ServerError 503"))
    assert written.event()["diagnosis"] == "ServerError 503"


def test_the_last_one_of_a_quota_is_an_event_with_a_zero(written: Written) -> None:
    written.log.succeeded(TRACED, replace(full_record(), quota=QuotaState(0, ISSUED_AT)))
    assert written.event()["quotaRemaining"] == 0


def test_a_refusal_by_a_quota_says_for_how_long_to_the_millisecond(written: Written) -> None:
    written.log.not_issued(
        UNTRACED, Record(), HourlyQuotaExceeded(timedelta(seconds=2, microseconds=345_678), ISSUED_AT)
    )
    assert written.event()["retryAfterSeconds"] == 2.346


def test_a_quota_that_resets_between_two_seconds_is_logged_to_the_microsecond(written: Written) -> None:
    reset_time = ISSUED_AT + timedelta(microseconds=5)
    written.log.succeeded(TRACED, replace(full_record(), quota=QuotaState(1, reset_time)))
    assert written.event()["quotaResetTime"] == "2026-11-22T15:00:00.000005Z"


@pytest.mark.parametrize("error", [make_error(kind) for kind in ERROR_CLASSES], ids=lambda error: type(error).__name__)
def test_no_credential_and_no_null_is_written(written: Written, error: TokenNotIssued) -> None:
    written.log.not_issued(TRACED, full_record(), error)
    written.log.not_issued(UNTRACED, Record(), error)
    written.log.succeeded(TRACED, full_record())
    assert [credential for credential in CREDENTIALS if credential in written.text()] == []
    assert "null" not in written.text()


class Unwritable:
    """A time whose library fails, with words of a caller."""

    def isoformat(self) -> str:
        raise ZeroDivisionError("secret words")


def unexpected() -> InternalFault:
    fault = InternalFault("ZeroDivisionError")
    try:
        with_fraction(cast("datetime", Unwritable()))
    except ZeroDivisionError as error:
        fault.__cause__ = error
    return fault


def test_an_unexpected_error_leaves_where_in_our_code_it_came_from_and_none_of_its_words(written: Written) -> None:
    written.log.not_issued(UNTRACED, Record(), unexpected())
    assert "secret words" not in written.text()
    event = written.event()
    assert event["diagnosis"] == "ZeroDivisionError"
    assert re.fullmatch(rf"with_fraction \({re.escape(timestamps.__file__)}:[0-9]+\)", "".join(event["stack"]))


def test_an_expected_failure_leaves_no_stack(written: Written) -> None:
    written.log.not_issued(UNTRACED, Record(), InternalFault("ClientError 400"))
    assert "stack" not in written.event()


def test_an_event_is_flushed_at_once(written: Written) -> None:
    written.log.succeeded(TRACED, full_record())
    assert written.text().endswith("\n")


@pytest.mark.parametrize("name", ["two\nlines", "üñí", "\u2028", '"', "\ud800", "😀"])
def test_whatever_name_is_asked_for_is_one_line(written: Written, name: str) -> None:
    """`\\ud800` is half a character: JSON can carry it, UTF-8 cannot."""
    written.log.not_issued(UNTRACED, Record(requested_profile=name), IdTokenMissing())
    assert written.text().count("\n") == 1
    assert json.loads(written.text())["profile"] == name


class SlowStream(io.StringIO):
    """A stream that writes character by character: whoever else writes meanwhile is seen."""

    def __init__(self) -> None:
        super().__init__()
        self.characters: list[str] = []

    def write(self, text: str) -> int:
        for character in text:
            self.characters.append(character)
        return len(text)


@pytest.fixture
def restless_threads() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless_threads")
def test_twenty_threads_write_whole_lines() -> None:
    stream = SlowStream()
    log = AuditLog(stream, PROJECT)
    start = threading.Barrier(20)

    def write(number: int) -> None:
        start.wait()
        for _ in range(5):
            log.succeeded(TRACED, Record(caller=replace(CALLER, uid=f"user-{number}")))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    uids = sorted(json.loads(line)["uid"] for line in "".join(stream.characters).splitlines())
    assert uids == sorted(f"user-{number}" for number in range(20) for _ in range(5))


def test_times_are_written_in_utc(written: Written) -> None:
    assert ISSUED_AT.tzinfo is UTC
    written.log.succeeded(TRACED, full_record())
    assert json.loads(written.text())["time"].endswith("Z")


# --- the line for Firebase's metrics of App Check


def verification(severity: str, message: str, app: str) -> dict[str, Any]:
    return {
        "severity": severity,
        "message": message,
        "verifications": {"auth": "VALID", "app": app},
        "logging.googleapis.com/labels": {"firebase-log-type": "callable-request-verification"},
        "logging.googleapis.com/trace": f"projects/{PROJECT}/traces/{TRACE}",
    }


PASSED = "Callable request verification passed"
REJECTED = "Callable request verification failed: AppCheck token was rejected."
LINES: dict[str, dict[str, Any] | None] = {
    "valid": verification("DEBUG", PASSED, "VALID"),
    "missing": verification("DEBUG", PASSED, "MISSING"),
    "invalid": verification("WARNING", REJECTED, "INVALID"),
    "replayed": verification("WARNING", REJECTED, "INVALID"),
    "off": None,
    "unavailable": None,
}


@pytest.mark.parametrize(("state", "line"), LINES.items())
@pytest.mark.parametrize("issued", [True, False])
def test_what_app_check_found_is_a_line_before_the_event(
    written: Written, state: Literal["off", "valid"] | AppCheckState, line: dict[str, Any] | None, issued: bool
) -> None:
    record = replace(full_record(), attestation=Attestation(state, APP_ID if state == "valid" else None))
    if issued:
        written.log.succeeded(TRACED, record)
    else:
        written.log.not_issued(TRACED, record, HourlyQuotaExceeded(timedelta(minutes=3), ISSUED_AT))
    *before, event = written.events()
    assert before == ([line] if line else [])
    assert event["appCheck"] == state
    assert event.get("appId") == (APP_ID if state == "valid" else None)


@pytest.mark.parametrize("kind", [kind for kind in ERROR_CLASSES if issubclass(kind, AppCheckFault)])
def test_what_app_check_refuses_is_a_line_and_an_event_too(written: Written, kind: type[TokenNotIssued]) -> None:
    error = make_error(kind)
    assert isinstance(error, AppCheckFault)
    written.log.not_issued(TRACED, Record("default", caller=CALLER), error)
    *before, event = written.events()
    assert before == ([line] if (line := LINES[error.state]) else [])
    assert (event["appCheck"], event["reason"]) == (error.state, kind.reason)


def test_before_app_check_was_asked_there_is_no_line(written: Written) -> None:
    written.log.not_issued(TRACED, Record("default"), IdTokenMissing())
    written.log.not_issued(TRACED, Record("default", caller=CALLER), InternalFault())
    assert [event["event"] for event in written.events()] == ["live_token.refused", "live_token.failed"]


def test_a_line_without_a_trace_names_none(written: Written) -> None:
    written.log.succeeded(UNTRACED, replace(full_record(), attestation=ATTESTATION))
    line, event = written.events()
    assert line["verifications"] == {"auth": "VALID", "app": "VALID"}
    assert [name for name in (*line, *event) if name.endswith("/trace")] == []


# --- the request id


@pytest.mark.parametrize(
    ("traceparent", "cloud_trace"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", None),
        (None, f"{TRACE}/12345;o=1"),
        (None, f"{TRACE}/12345"),
        (None, TRACE),
        (None, TRACE.upper()),
        ("nonsense", f"{TRACE};o=0"),
        (f"00-{TRACE}-b7ad6b7169203331-01", f"{'1' * 32}/1;o=1"),
    ],
)
def test_the_trace_of_the_platform_is_the_request_id(traceparent: str | None, cloud_trace: str | None) -> None:
    assert RequestId.from_trace(traceparent, cloud_trace) == TRACED


@pytest.mark.parametrize(
    "header", [None, "", "x", TRACE[:-1], f"{TRACE}0", f"{TRACE}\n", f"{TRACE}/x", f" {TRACE}", f"00-{TRACE}-b7-01"]
)
def test_without_a_trace_the_request_id_is_random(header: str | None) -> None:
    first, second = RequestId.from_trace(header, header), RequestId.from_trace(header, header)
    assert first.trace is None
    assert first.value != second.value
    assert len(first.value) == 32
    assert set(first.value) <= set("0123456789abcdef")


def test_a_warning_about_a_profile_is_one_line_that_no_metric_counts(written: Written) -> None:
    written.log.warn_of_profile("tutor.toml", "config.tools[0].url_context: not supported\non this model.")
    assert written.text().count("\n") == 1
    event = json.loads(written.text())
    assert event["severity"] == "WARNING"
    assert event["message"].startswith("Profile tutor.toml: config.tools[0].url_context: not supported")
    assert "event" not in event


def test_an_instance_says_once_which_release_it_is_and_every_event_names_it() -> None:
    stream = io.StringIO()
    log = AuditLog(stream, PROJECT, Release("1.2.0", "4b1d", "36cf"))
    log.started()
    log.succeeded(TRACED, full_record())
    log.not_issued(TRACED, Record(), IdTokenMissing())
    started, *events = [read(line) for line in stream.getvalue().splitlines()]
    release = {"version": "1.2.0", "commit": "4b1d", "packageDigest": "36cf"}
    assert started == {
        "severity": "INFO",
        "message": "Started version 1.2.0, commit 4b1d, package sha256:36cf",
        "event": "live_tokens.started",
        "eventVersion": 1,
        **release,
    }
    assert [{name: event[name] for name in release} for event in events] == [release, release]


def test_a_checkout_says_nothing_about_a_release(written: Written) -> None:
    written.log.started()
    assert written.text() == ""
