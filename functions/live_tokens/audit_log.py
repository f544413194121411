"""One event per request, as a JSON line in the form that Cloud Logging understands. Nothing in it is a credential.

Source of the field names: https://cloud.google.com/logging/docs/structured-logging
"""

from __future__ import annotations

import hashlib
import json
import threading
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TextIO

from live_tokens.errors import (
    AppCheckFault,
    DailyQuotaExceeded,
    HourlyQuotaExceeded,
    InternalFault,
    TokenNotIssued,
    Unavailable,
)
from live_tokens.issuing import Record
from live_tokens.release import Release
from live_tokens.request_id import RequestId
from live_tokens.timestamps import with_fraction

EVENT_VERSION = 1
STARTED = "live_tokens.started"
"""`event` of the one line at the start of an instance."""

_SOURCE = Path(__file__).parents[1]
"""Where main.py and this package are."""

Event = Literal["live_token.issued", "live_token.refused", "live_token.failed", "live_token.session_ended"]
Severity = Literal["DEBUG", "INFO", "NOTICE", "WARNING", "ERROR"]

# Our states of App Check → the values that Firebase's metrics know.
_FIREBASE_VERIFICATIONS = {"valid": "VALID", "missing": "MISSING", "invalid": "INVALID", "replayed": "INVALID"}


class AuditLog:
    """Writes audit events to a stream, a line each.

    Args:
        stream: where to; on Cloud Run, standard output.
        project_id: the project that traces are named in.
        release: of this code, which every event names; None in a checkout.
    """

    def __init__(self, stream: TextIO, project_id: str, release: Release | None = None) -> None:
        self._stream = stream
        self._project_id = project_id
        self._release = _release_facts(release)
        self._writing = threading.Lock()

    def succeeded(self, request_id: RequestId, record: Record) -> None:
        """Record that a live token was issued, or a session ended.

        At NOTICE if the caller's rules do not do what they seem to.
        """
        self._write_verification(request_id, record, None)
        facts = _facts(record)
        if record.ends_session is not None:
            self._write("live_token.session_ended", "INFO", "Session ended", request_id, facts)
            return
        severity: Severity = "NOTICE" if facts["diagnosis"] else "INFO"
        self._write("live_token.issued", severity, "Live token issued", request_id, facts)

    def not_issued(self, request_id: RequestId, record: Record, error: TokenNotIssued) -> None:
        """Record a refusal (caller's side) or a failure (service's side)."""
        self._write_verification(request_id, record, error)
        facts = _facts(record) | {"reason": error.reason}
        facts["diagnosis"] = error.diagnosis or facts["diagnosis"]
        if error.retry_after is not None:
            facts["retryAfterSeconds"] = round(error.retry_after.total_seconds(), 3)
        if isinstance(error, AppCheckFault):
            facts["appCheck"] = error.state
        if isinstance(error, HourlyQuotaExceeded | DailyQuotaExceeded):
            facts["quotaRemaining"] = 0
        if isinstance(error, InternalFault) and error.__cause__ is not None:
            facts["stack"] = _stack(error.__cause__)
        if isinstance(error, Unavailable | InternalFault):
            self._write("live_token.failed", "ERROR", f"Live token not issued: {error.reason}", request_id, facts)
        else:
            self._write("live_token.refused", "NOTICE", f"Live token refused: {error.reason}", request_id, facts)

    def started(self) -> None:
        """Say once which release this instance runs. A checkout leaves no line."""
        if self._release:
            message = "Started version {version}, commit {commit}, package sha256:{packageDigest}".format(
                **self._release
            )
            event = {"severity": "INFO", "message": message, "time": with_fraction(datetime.now(UTC))}
            self._write_text(json.dumps(event | {"event": STARTED, "eventVersion": EVENT_VERSION, **self._release}))

    def warn_of_profile(self, file: str, warning: str) -> None:
        """Say at the start that the sessions of a profile may not open."""
        event = {
            "severity": "WARNING",
            "message": f"Profile {file}: {warning}",
            "time": with_fraction(datetime.now(UTC)),
        }
        self._write_text(json.dumps(event))

    def _write_verification(self, request_id: RequestId, record: Record, error: TokenNotIssued | None) -> None:
        """Write the line that Firebase's App Check metrics of callable functions are made of.

        Source: https://firebase.google.com/docs/app-check/monitor-functions-metrics
        """
        app = error.state if isinstance(error, AppCheckFault) else record.attestation and record.attestation.state
        if app not in _FIREBASE_VERIFICATIONS or record.caller is None:
            return
        verifications = {"auth": "VALID", "app": _FIREBASE_VERIFICATIONS[app]}
        severity: Severity = "DEBUG"
        message = "Callable request verification passed"
        if verifications["app"] == "INVALID":
            severity, message = "WARNING", "Callable request verification failed: AppCheck token was rejected."
        labels = {"firebase-log-type": "callable-request-verification"}
        self._write_line(
            severity, message, request_id, {"verifications": verifications, "logging.googleapis.com/labels": labels}
        )

    def _write(
        self, event: Event, severity: Severity, message: str, request_id: RequestId, facts: Mapping[str, object]
    ) -> None:
        identified = {
            "event": event,
            "eventVersion": EVENT_VERSION,
            "requestId": request_id.value,
            **self._release,
        }
        known = {name: value for name, value in facts.items() if value is not None}
        self._write_line(severity, message, request_id, identified | known)

    def _write_line(
        self, severity: Severity, message: str, request_id: RequestId, fields: Mapping[str, object]
    ) -> None:
        event = {"severity": severity, "message": message, "time": with_fraction(datetime.now(UTC)), **fields}
        if request_id.trace:
            event["logging.googleapis.com/trace"] = f"projects/{self._project_id}/traces/{request_id.trace}"
        self._write_text(json.dumps(event))

    def _write_text(self, line: str) -> None:
        with self._writing:
            self._stream.write(f"{line}\n")
            self._stream.flush()


def _facts(record: Record) -> dict[str, object]:
    token, caller, profile = record.live_token, record.caller, record.profile
    return {
        "uid": caller and caller.uid,
        "signInProvider": caller and caller.sign_in_provider,
        "appCheck": record.attestation and record.attestation.state,
        "appId": record.attestation and record.attestation.app_id,
        "profile": record.requested_profile,
        "configDigest": profile and profile.config_digest,
        "model": profile and profile.model,
        "choices": (profile and dict(profile.chosen)) or None,
        "quotaRemaining": record.quota and record.quota.remaining,
        "quotaResetTime": record.quota and with_fraction(record.quota.reset_time),
        "minutesLeft": record.quota and record.quota.minutes_left,
        "sessionId": record.lease.session if record.lease else record.ends_session,
        "lease": record.lease and record.lease.kind,
        "leaseSeconds": _granted_seconds(record),
        "resumes": record.resumes,
        "secretVersion": record.secret_version,
        "tokenSha256": token and hashlib.sha256(token.token.encode()).hexdigest(),
        "newSessionExpireTime": token and with_fraction(token.new_session_expire_time),
        "expireTime": token and with_fraction(token.expire_time),
        "diagnosis": profile and profile.diagnosis,
        "milliseconds": {step: round(spent, 1) for step, spent in record.milliseconds.items()},
    }


def _release_facts(release: Release | None) -> dict[str, str]:
    if release is None:
        return {}
    return {"version": release.version, "commit": release.commit, "packageDigest": release.digest}


def _granted_seconds(record: Record) -> int | None:
    """Return how many seconds of talk the call was granted, or None if it was granted none.

    What a lease has taken from the minutes counts also after a failed mint: the retry takes nothing more.
    """
    if record.lease is not None:
        return record.lease.charged
    return record.live_token.profile.session // timedelta(seconds=1) if record.live_token else None


def _stack(error: BaseException) -> list[str]:
    """Return where in our code an unexpected error came from, innermost last; its text may quote anything.

    The frames of libraries are left out: they hide the one that says what was tried.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in frames if _is_ours(frame.filename)]


def _is_ours(file: str) -> bool:
    return _SOURCE in Path(file).parents and "site-packages" not in Path(file).parts
