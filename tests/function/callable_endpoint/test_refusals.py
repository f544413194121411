"""Each error has its row on the wire, and its event in the log; no words of others are in either."""

import io
import json
from datetime import timedelta

import pytest
from werkzeug.datastructures import Headers

from function.callable_endpoint.service import APP, NO_DATA, SIGNED_IN, TRACE, Service, app, error_in, reason_in
from function.every_error import ERROR_CLASSES, make_error
from function.fake_ports import FakePorts
from function.made_up import APP_CHECK_TOKEN, CREDENTIALS, HANDLE, ISSUED_AT, PROJECT
from live_tokens.audit_log import AuditLog
from live_tokens.callable_endpoint import ERROR_TABLE, CallableEndpoint
from live_tokens.errors import (
    ApiKeyRejected,
    ApiKeyUnavailable,
    AppCheckFault,
    AppCheckInvalid,
    AppCheckMissing,
    AppCheckReplayed,
    AppCheckUnavailable,
    BodyTooSlow,
    DailyQuotaExceeded,
    GeminiRateLimited,
    GeminiUnavailable,
    HourlyQuotaExceeded,
    IdentityUnavailable,
    IdTokenExpired,
    IdTokenInvalid,
    IdTokenMissing,
    IdTokenRevoked,
    InternalFault,
    InvalidResumptionHandle,
    MalformedRequest,
    MethodNotAllowed,
    MinutesExceeded,
    ProfileNotAllowed,
    QuotaUnavailable,
    ServicePaused,
    SessionEnded,
    TokenNotIssued,
    TooManySessions,
    UnknownProfile,
    UserBlocked,
    UserDisabled,
    UserNotAllowed,
)

WIRE_STATUS: dict[type[TokenNotIssued], tuple[int, str]] = {
    MalformedRequest: (400, "INVALID_ARGUMENT"),
    MethodNotAllowed: (405, "INVALID_ARGUMENT"),
    BodyTooSlow: (408, "INVALID_ARGUMENT"),
    UnknownProfile: (400, "INVALID_ARGUMENT"),
    InvalidResumptionHandle: (400, "INVALID_ARGUMENT"),
    IdTokenMissing: (401, "UNAUTHENTICATED"),
    IdTokenInvalid: (401, "UNAUTHENTICATED"),
    IdTokenExpired: (401, "UNAUTHENTICATED"),
    IdTokenRevoked: (401, "UNAUTHENTICATED"),
    UserDisabled: (401, "UNAUTHENTICATED"),
    AppCheckMissing: (401, "UNAUTHENTICATED"),
    AppCheckInvalid: (401, "UNAUTHENTICATED"),
    AppCheckReplayed: (401, "UNAUTHENTICATED"),
    UserNotAllowed: (403, "PERMISSION_DENIED"),
    ProfileNotAllowed: (403, "PERMISSION_DENIED"),
    ServicePaused: (403, "PERMISSION_DENIED"),
    UserBlocked: (403, "PERMISSION_DENIED"),
    SessionEnded: (403, "PERMISSION_DENIED"),
    HourlyQuotaExceeded: (429, "RESOURCE_EXHAUSTED"),
    DailyQuotaExceeded: (429, "RESOURCE_EXHAUSTED"),
    MinutesExceeded: (429, "RESOURCE_EXHAUSTED"),
    TooManySessions: (429, "RESOURCE_EXHAUSTED"),
    IdentityUnavailable: (503, "UNAVAILABLE"),
    AppCheckUnavailable: (503, "UNAVAILABLE"),
    QuotaUnavailable: (503, "UNAVAILABLE"),
    ApiKeyUnavailable: (503, "UNAVAILABLE"),
    ApiKeyRejected: (503, "UNAVAILABLE"),
    GeminiUnavailable: (503, "UNAVAILABLE"),
    GeminiRateLimited: (503, "UNAVAILABLE"),
    InternalFault: (500, "INTERNAL"),
}


def test_the_table_above_names_every_class_of_error() -> None:
    assert set(WIRE_STATUS) == set(ERROR_CLASSES)


def test_the_order_of_the_error_table_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live_tokens.callable_endpoint.ERROR_TABLE", dict(reversed(ERROR_TABLE.items())))
    assert Service().call(method="GET").status_code == 405


@pytest.mark.parametrize("kind", ERROR_CLASSES)
def test_every_error_has_a_row_and_an_event(kind: type[TokenNotIssued]) -> None:
    assert any(issubclass(kind, row) for row in ERROR_TABLE)
    error = make_error(kind)
    service = Service(FakePorts(caller=error))
    response = service.call(headers=SIGNED_IN | {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    status, canonical = WIRE_STATUS[kind]
    assert response.status_code == status
    wait = {"retryAfterSeconds": 90} if error.retry_after else {}
    of_its_own: dict[str, object] = {}
    if issubclass(kind, MinutesExceeded):
        of_its_own = {"period": "day"}
    if issubclass(kind, TooManySessions):
        of_its_own = {"sessions": []}
    assert error_in(response) == {
        "status": canonical,
        "message": error.message,
        "details": {"reason": kind.reason, "requestId": TRACE} | wait | of_its_own,
    }
    assert response.headers.get("Retry-After") == ("90" if wait else None)
    (event,) = service.events()
    assert (event["reason"], event["requestId"]) == (kind.reason, TRACE)


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        (timedelta(microseconds=1), 1),
        (timedelta(seconds=1), 1),
        (timedelta(seconds=1, microseconds=1), 2),
        (timedelta(minutes=3), 180),
        (timedelta(hours=12) - timedelta(microseconds=1), 43_200),
        (timedelta(days=365, microseconds=1), 31_536_001),
    ],
)
@pytest.mark.parametrize("kind", [HourlyQuotaExceeded, DailyQuotaExceeded])
def test_the_wait_is_told_in_whole_seconds_and_never_too_short(
    kind: type[HourlyQuotaExceeded], wait: timedelta, seconds: int
) -> None:
    response = Service(FakePorts(quota=kind(wait, ISSUED_AT + wait))).call()
    assert response.status_code == 429
    assert error_in(response)["details"]["retryAfterSeconds"] == seconds
    assert response.headers["Retry-After"] == str(seconds)


@pytest.mark.parametrize("stopped", [ServicePaused(None, None, "switch: service"), UserBlocked(None, None)])
def test_what_ends_nobody_knows_when_tells_no_wait(stopped: TokenNotIssued) -> None:
    response = Service(FakePorts(quota=stopped)).call()
    assert response.status_code == 403
    assert "Retry-After" not in response.headers
    assert "retryAfterSeconds" not in error_in(response)["details"]


def test_the_operators_words_reach_the_caller() -> None:
    paused = ServicePaused("Zurück um neun.", timedelta(minutes=5), "switch: service")
    response = Service(FakePorts(quota=paused)).call()
    assert error_in(response)["message"] == "Zurück um neun."
    assert response.headers["Retry-After"] == "300"


@pytest.mark.parametrize("kind", [kind for kind, (status, _) in WIRE_STATUS.items() if status == 401])
def test_every_401_that_a_sign_in_would_mend_says_so(kind: type[TokenNotIssued]) -> None:
    header = Service(FakePorts(caller=make_error(kind))).call().headers.get("WWW-Authenticate")
    if issubclass(kind, AppCheckFault):
        assert header is None, "the ID token is fine"
    else:
        assert header == ("Bearer" if kind is IdTokenMissing else 'Bearer error="invalid_token"')


def test_the_private_diagnosis_is_logged_and_not_told() -> None:
    service = Service(FakePorts(mints=(GeminiUnavailable("private diagnosis"),)))
    assert b"private" not in service.call().data
    assert service.events()[0]["diagnosis"] == "private diagnosis"


@pytest.mark.parametrize(
    "ports",
    [
        FakePorts(caller=RuntimeError("secret words")),
        FakePorts(attestation=KeyError("secret words")),
        FakePorts(profile=RuntimeError("secret words")),
        FakePorts(quota=RuntimeError("secret words")),
        FakePorts(key=KeyError("secret words")),
        FakePorts(mints=(RecursionError("secret words"),)),
    ],
    ids=["verify", "attest", "find profile", "spend", "read key", "mint"],
)
def test_an_unexpected_error_is_internal_json_with_cors_and_none_of_its_words(ports: FakePorts) -> None:
    service = Service(ports, origins=(APP,))
    response = service.call(headers=SIGNED_IN | {"Origin": APP})
    assert response.status_code == 500
    assert error_in(response)["status"] == "INTERNAL"
    assert response.headers["Access-Control-Allow-Origin"] == APP
    assert response.headers["Cache-Control"] == "no-store"
    (event,) = service.events()
    assert event["event"] == "live_token.failed"
    assert event["diagnosis"] in ("RuntimeError", "KeyError", "RecursionError")
    assert event["stack"]
    assert error_in(response)["details"]["requestId"] == event["requestId"]
    assert "secret words" not in json.dumps(event) + response.get_data(as_text=True)


@pytest.mark.parametrize("outcome", [None, IdTokenExpired(), GeminiUnavailable(), RuntimeError()])
def test_no_credential_is_in_the_audit_log(outcome: Exception | None) -> None:
    service = Service(FakePorts() if outcome is None else FakePorts(mints=(outcome,)))
    attested = SIGNED_IN | {"X-Firebase-AppCheck": APP_CHECK_TOKEN}
    service.call(json.dumps({"data": {"resumptionHandle": HANDLE}}).encode(), attested)
    (event,) = service.events()
    assert [credential for credential in CREDENTIALS if credential in json.dumps(event)] == []


class FullDisk(io.StringIO):
    """A stream that takes nothing."""

    def write(self, _text: str) -> int:
        raise OSError("No space left on device")


@pytest.mark.parametrize(
    ("ports", "reason"),
    [(FakePorts(), "INTERNAL"), (FakePorts(caller=make_error(IdTokenMissing)), "ID_TOKEN_MISSING")],
    ids=["issued", "refused"],
)
def test_where_no_event_can_be_written_no_token_is_handed_out_and_the_answer_is_still_json(
    ports: FakePorts, reason: str
) -> None:
    endpoint = CallableEndpoint(ports.issuer(), AuditLog(FullDisk(), PROJECT), ("*",))
    headers = Headers({**SIGNED_IN, "Origin": "https://app.example.com"})
    with app.test_request_context("/", method="POST", headers=headers, data=NO_DATA) as context:
        response = endpoint.handle(context.request)
    assert reason_in(response) == reason
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cache-Control"] == "no-store"
