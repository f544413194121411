"""`callable_endpoint`: whatever comes in over HTTP, what goes out is the callable protocol, and one audit event."""

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import flask
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from function.every_error import ERROR_CLASSES, make_error
from function.fake_ports import FakePorts
from function.made_up import (
    APP_CHECK_TOKEN,
    CALLER,
    CREDENTIALS,
    HANDLE,
    ID_TOKEN,
    ISSUED_AT,
    LEASE,
    LIVE_TOKEN,
    PROFILE,
    PROJECT,
    QUOTA_STATE,
)
from live_tokens.audit_log import AuditLog
from live_tokens.callable_endpoint import ERROR_TABLE, LONGEST_HANDLE, CallableEndpoint
from live_tokens.choices import Choice
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
from live_tokens.issuing import QuotaState, SessionCall
from live_tokens.request_body import LARGEST_BODY_BYTES

TRACE = "0af7651916cd43dd8448eb211c80319c"
APP = "https://app.example.com"
SIGNED_IN = {"Authorization": f"Bearer {ID_TOKEN}"}
NO_DATA = b'{"data": null}'
NULLS: list[dict[str, object]] = [
    {"profile": None},
    {"resumptionHandle": None},
    {"profile": None, "resumptionHandle": None},
    {"profile": "default", "resumptionHandle": None},
]
"""What SDKs make of keys that are undefined in the app."""
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
CORS_HEADERS = {
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Vary",
}

MORE_DETAILS = {"MINUTES_EXCEEDED": {"period"}, "TOO_MANY_SESSIONS": {"sessions"}}
"""What else the details of an error have, by its reason."""

app = flask.Flask(__name__)


class Service:
    """An endpoint over fake ports, and its audit log on a stream as standard output is one."""

    def __init__(self, ports: FakePorts | None = None, origins: tuple[str, ...] = ()) -> None:
        self.ports = ports or FakePorts()
        self._log = io.BytesIO()
        log = AuditLog(io.TextIOWrapper(self._log, encoding="utf-8"), PROJECT)
        self._endpoint = CallableEndpoint(self.ports.issuer(), log, origins)

    def call(
        self,
        body: bytes = NO_DATA,
        headers: Mapping[str, str] = SIGNED_IN,
        method: str = "POST",
        *,
        chunked: bool = False,
    ) -> flask.Response:
        content: dict[str, Any] = {"data": body}
        if chunked:  # no Content-Length; the server tells the end of the body
            content = {"input_stream": io.BytesIO(body), "environ_overrides": {"wsgi.input_terminated": True}}
        with app.test_request_context("/", method=method, headers=Headers(list(headers.items())), **content) as context:
            return self.handle(context.request)

    def handle(self, request: flask.Request) -> flask.Response:
        return self._endpoint.handle(request)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.getvalue().splitlines()]


def error_in(response: flask.Response) -> dict[str, Any]:
    assert response.content_type == "application/json; charset=utf-8"
    body = json.loads(response.data)
    assert body.keys() == {"error"}
    error: dict[str, Any] = body["error"]
    assert error.keys() == {"status", "message", "details"}
    wait = {"retryAfterSeconds"} if "Retry-After" in response.headers else set()
    more = MORE_DETAILS.get(error["details"]["reason"], set())
    assert error["details"].keys() == {"reason", "requestId"} | wait | more
    return error


def reason_in(response: flask.Response) -> str:
    reason: str = error_in(response)["details"]["reason"]
    return reason


# --- the answer


def test_a_live_token_comes_with_all_that_is_needed_to_connect() -> None:
    service = Service()
    response = service.call()
    assert response.status_code == 200
    assert response.content_type == "application/json; charset=utf-8"
    assert json.loads(response.data) == {
        "result": {
            "token": "auth_tokens/made-up",
            "websocketUrl": "wss://gemini.invalid/ws?access_token=auth_tokens/made-up",
            "setup": {"model": "models/gemini-3.8-live"},
            "apiVersion": "v1beta",
            "model": "models/gemini-3.8-live",
            "profile": "default",
            "issuedAt": "2026-11-22T15:00:00Z",
            "newSessionExpireTime": "2026-11-22T15:01:00Z",
            "expireTime": "2026-11-22T15:15:00Z",
        }
    }
    (event,) = service.events()
    assert event["event"] == "live_token.issued"
    asked = {"verify", "attest", "findProfile", "spend", "readKey", "mint"}
    assert set(event["milliseconds"]) == {"readBody", *asked, "total"}


def quota_in(response: flask.Response) -> dict[str, Any]:
    quota: dict[str, Any] = json.loads(response.data)["result"]["quota"]
    return quota


def test_what_is_left_of_the_quota_comes_with_the_token() -> None:
    response = Service(FakePorts(quota=QUOTA_STATE)).call()
    assert quota_in(response) == {"remaining": 19, "resetTime": "2026-11-22T15:03:00Z"}
    assert "Retry-After" not in response.headers


def test_the_last_token_comes_with_a_zero() -> None:
    assert quota_in(Service(FakePorts(quota=QuotaState(0, ISSUED_AT))).call())["remaining"] == 0


# --- sessions


def call_about(data: object, ports: FakePorts) -> flask.Response:
    return Service(ports).call(json.dumps({"data": data}).encode())


def test_a_lease_comes_with_the_token() -> None:
    assert json.loads(Service(FakePorts(lease=LEASE)).call().data)["result"]["session"] == {
        "id": "session-1",
        "endsAt": "2026-11-22T16:00:00Z",
        "renewAfter": "2026-11-22T15:09:00Z",
        "renewBefore": "2026-11-22T15:09:50Z",
        "leaseSeconds": 600,
    }


def test_the_last_lease_has_no_time_to_renew_it() -> None:
    last = replace(LEASE, renew_after=None, renew_before=None)
    session = json.loads(Service(FakePorts(lease=last)).call().data)["result"]["session"]
    assert (session["renewAfter"], session["renewBefore"]) == (None, None)


def test_minutes_come_rounded_down_to_a_tenth_and_tokens_only_if_they_have_a_limit() -> None:
    quota = quota_in(Service(FakePorts(quota=QuotaState(None, ISSUED_AT, 3_599))).call())
    assert quota == {"minutesLeft": 59.9, "resetTime": "2026-11-22T15:00:00Z"}


@pytest.mark.parametrize(
    ("data", "call"),
    [
        (None, SessionCall()),
        ({"session": None}, SessionCall()),
        ({"session": "session-1"}, SessionCall("session-1")),
        ({"session": "session-1", "resumptionHandle": HANDLE}, SessionCall("session-1", resumes=True)),
        ({"resumptionHandle": HANDLE}, SessionCall(None, resumes=True)),
    ],
)
def test_the_store_hears_which_session_goes_on_and_whether_with_a_handle(data: object, call: SessionCall) -> None:
    ports = FakePorts()
    assert call_about(data, ports).status_code == 200
    assert ports.session_calls == [call]


def test_a_call_that_ends_a_session_gets_no_token_and_is_recorded() -> None:
    service = Service()
    response = service.call(b'{"data": {"end": "session-1"}}')
    assert json.loads(response.data) == {"result": {"ended": "session-1"}}
    assert service.ports.calls == ["verify", "attest", "end"]
    assert service.ports.ended == [(CALLER, "session-1")]
    (event,) = service.events()
    assert (event["event"], event["severity"], event["sessionId"]) == ("live_token.session_ended", "INFO", "session-1")


@pytest.mark.parametrize(
    "data",
    [
        *({key: bad} for key in ("session", "end") for bad in ["", "a b", "x" * 65, 7, ["session-1"], {}]),
        {"end": "session-1", "session": "session-1"},
        {"end": "session-1", "profile": "default"},
    ],
)
def test_what_can_be_no_session_is_malformed_and_reaches_no_store(data: dict[str, object]) -> None:
    ports = FakePorts()
    assert reason_in(call_about(data, ports)) == "MALFORMED_REQUEST"
    assert ports.calls == []


def test_an_error_after_the_lease_was_charged_names_the_session_for_the_next_try() -> None:
    response = Service(FakePorts(lease=LEASE, key=ApiKeyUnavailable("HTTP 503"))).call()
    assert json.loads(response.data)["error"]["details"]["session"] == "session-1"


def test_too_many_sessions_are_named_to_the_caller_who_has_them() -> None:
    refusal = TooManySessions(timedelta(seconds=90), ISSUED_AT, ("session-1", "session-2"))
    details = error_in(Service(FakePorts(quota=refusal)).call())["details"]
    assert details["sessions"] == ["session-1", "session-2"]
    assert details["retryAfterSeconds"] == 90


VOICES = {"voice": Choice(("Kore", "Puck"), ("voice",))}


def test_what_was_chosen_comes_with_the_token() -> None:
    token = replace(LIVE_TOKEN, profile=replace(PROFILE, chosen={"voice": "Puck"}))
    body = json.loads(Service(FakePorts(mints=(token,))).call().data)
    assert body["result"]["choices"] == {"voice": "Puck"}


@pytest.mark.parametrize("choices", [{"voice": "Charon"}, {"voices": "Puck"}, ["Puck"], "Puck", 7, {"voice": ["Puck"]}])
def test_a_choice_that_is_not_offered_is_malformed_and_told_what_is(choices: object) -> None:
    service = Service(FakePorts(choices=VOICES))
    response = service.call(json.dumps({"data": {"choices": choices}}).encode())
    assert (response.status_code, reason_in(response)) == (400, "MALFORMED_REQUEST")
    assert error_in(response)["message"].endswith(' This profile offers voice: "Kore", "Puck".')
    (event,) = service.events()
    assert "choices" not in event
    assert "`choices" in event["diagnosis"]
    assert service.ports.minted == []


@pytest.mark.parametrize("choices", [None, {}, {"voice": None}])
def test_choices_that_are_null_are_the_defaults(choices: object) -> None:
    service = Service(FakePorts(choices=VOICES))
    assert service.call(json.dumps({"data": {"choices": choices}}).encode()).status_code == 200
    ((_, minted, _),) = service.ports.minted
    assert minted.chosen == {"voice": "Kore"}


@pytest.mark.parametrize(
    ("microseconds", "told"), [(0, "15:00:00"), (1, "15:00:01"), (999_999, "15:00:01"), (1_000_000, "15:00:01")]
)
def test_the_reset_time_is_a_second_at_which_it_is_true(microseconds: int, told: str) -> None:
    state = QuotaState(1, ISSUED_AT + timedelta(microseconds=microseconds))
    assert quota_in(Service(FakePorts(quota=state)).call())["resetTime"] == f"2026-11-22T{told}Z"


# --- the envelope


@pytest.mark.parametrize(
    ("body", "handle"),
    [
        (b"", None),
        (b" \r\n", None),
        (b'{"data": null}', None),
        (b'{"data": {}}', None),
        (b'\n{"data":{"profile":"default"}} ', None),
        *((json.dumps({"data": nulls}).encode(), None) for nulls in NULLS),
        (json.dumps({"data": {"resumptionHandle": HANDLE}}).encode(), HANDLE),
        (json.dumps({"data": {"profile": "default", "resumptionHandle": "x" * LONGEST_HANDLE}}).encode(), "x" * 8192),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else "",
)
def test_a_callable_request_is_understood(body: bytes, handle: str | None) -> None:
    service = Service()
    assert service.call(body).status_code == 200
    assert [minted[2] for minted in service.ports.minted] == [handle]


@pytest.mark.parametrize(
    "body",
    [
        *(b"null", b"{}", b"[]", b'"data"', b"7", b"true", b'[{"data": null}]'),
        *(b'{"data": null, "more": 1}', b'{"Data": null}', b'{"profile": "default"}'),
        *(b'{"data": []}', b'{"data": "default"}', b'{"data": 0}', b'{"data": false}'),
        *(b'{"data": {"more": 1}}', b'{"data": {"model": "models/x"}}', b'{"data": {"resumption_handle": "x"}}'),
        *(
            b'{"data": {"more": 1, "profile": null}}',
            b'{"data": {"profile": 7}}',
            b'{"data": {"profile": ["default"]}}',
        ),
        *(b"{", b'{"data":', b"data=null", b"{'data': null}", b'{"data": null}}', b"\0"),
        *(b'{"data": NaN}', b'{"data": -Infinity}', b'{"data": {"resumptionHandle": Infinity}}'),
        *(b"\xff", b'{"data": {"profile": "\xff"}}'),
        pytest.param(b'{"data": ' + b"[" * 8_000, id="nested"),
        pytest.param(b'{"data": ' + b'{"data": ' * 1_500 + b"1" + b"}" * 1_501, id="nested and closed"),
        pytest.param(b'{"data": ' + b"1" * 10_000 + b"}", id="long number"),
    ],
)
def test_what_is_no_callable_request_is_malformed_and_reaches_nobody(body: bytes) -> None:
    service = Service()
    response = service.call(body)
    assert response.status_code == 400
    assert reason_in(response) == "MALFORMED_REQUEST"
    assert service.ports.calls == []


@pytest.mark.parametrize("chunked", [False, True], ids=["Content-Length", "chunked"])
def test_a_body_may_have_16_kib_and_no_more(chunked: bool) -> None:
    largest = NO_DATA.ljust(16 * 1024)
    assert len(largest) == LARGEST_BODY_BYTES
    assert Service().call(largest, chunked=chunked).status_code == 200
    service = Service()
    response = service.call(largest + b" ", chunked=chunked)
    assert response.status_code == 400
    assert error_in(response)["message"] == "The body must not be larger than 16384 bytes."
    assert service.ports.calls == []


@pytest.mark.parametrize("name", ["", "Default", "default ", "../default", "x" * 64, "\0", "ü", "\ud800"])
def test_what_can_be_no_name_is_an_unknown_profile(name: str) -> None:
    service = Service()
    response = service.call(json.dumps({"data": {"profile": name}}).encode())
    assert (response.status_code, reason_in(response)) == (400, "UNKNOWN_PROFILE")
    assert "read key" not in service.ports.calls
    assert len(service.events()) == 1


@pytest.mark.parametrize("name", ["no-such", "x" * 63])
def test_a_profile_that_there_is_not_is_not_allowed(name: str) -> None:
    service = Service()
    response = service.call(json.dumps({"data": {"profile": name}}).encode())
    assert (response.status_code, reason_in(response)) == (403, "PROFILE_NOT_ALLOWED")
    (event,) = service.events()
    assert (event["profile"], event["diagnosis"]) == (name, "there is no such profile")


def test_a_name_too_long_to_be_one_reaches_nobody_and_no_log() -> None:
    service = Service()
    response = service.call(json.dumps({"data": {"profile": "x" * 65}}).encode())
    assert (response.status_code, reason_in(response)) == (400, "UNKNOWN_PROFILE")
    assert service.ports.calls == []
    assert "xxx" not in json.dumps(service.events())


@pytest.mark.parametrize(
    "handle", [7, True, [], {}, "", " ", "a b", "a\nb", "a\0", "ü", "\ud800", "\x7f", "x" * (LONGEST_HANDLE + 1)]
)
def test_a_handle_that_gemini_cannot_have_issued_is_refused(handle: object) -> None:
    service = Service()
    response = service.call(json.dumps({"data": {"resumptionHandle": handle}}).encode())
    assert (response.status_code, reason_in(response)) == (400, "INVALID_RESUMPTION_HANDLE")
    assert service.ports.calls == []


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=300))
def test_every_handle_of_visible_ascii_reaches_the_minter_unchanged(handle: str) -> None:
    service = Service()
    assert service.call(json.dumps({"data": {"resumptionHandle": handle}}).encode()).status_code == 200
    assert service.ports.minted[0][2] == handle


any_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["data", "profile", "resumptionHandle"]) | st.text(), inner)
    ),
    max_leaves=8,
)


@given(
    st.binary()
    | any_json.map(lambda value: json.dumps(value).encode())
    | any_json.map(lambda value: json.dumps({"data": value}).encode())
    | st.fixed_dictionaries({}, optional={"profile": st.text(), "resumptionHandle": st.text()}).map(
        lambda data: json.dumps({"data": data}).encode()
    )
)
@example(b'{"data": {"profile": "\\ud800"}}')
def test_whatever_the_body_holds_the_answer_is_json_and_an_event(body: bytes) -> None:
    service = Service()
    response = service.call(body)
    assert response.status_code in (200, 400, 403)
    assert set(json.loads(response.data)) <= {"result", "error"}
    assert len(service.events()) == 1


@given(st.text(st.characters(max_codepoint=0xFF, exclude_characters="\r\n\0"), max_size=60))
def test_whatever_the_headers_hold_the_answer_is_json_and_an_event(text: str) -> None:
    service = Service(origins=(APP,))
    names = ("Authorization", "Origin", "traceparent", "X-Cloud-Trace-Context", "Content-Type", "X-Firebase-AppCheck")
    response = service.call(headers=dict.fromkeys((*names, "Accept", "Access-Control-Request-Headers"), text))
    assert response.status_code in (200, 401)
    assert set(json.loads(response.data)) <= {"result", "error"}
    assert len(service.events()) == 1


# --- event streams

EVENTS = {"Accept": "text/event-stream"}


def event_in(response: flask.Response) -> Any:
    """Return what the one event of a stream holds, read as Firebase's SDKs read it: line by line."""
    assert response.content_type == "text/event-stream; charset=utf-8"
    first, *rest = response.get_data(as_text=True).split("\n")
    assert rest == ["", ""], "one line, and the empty one that ends the event"
    assert first.startswith("data: ")
    return json.loads(first.removeprefix("data: "))


def test_who_asks_for_events_gets_the_token_as_the_only_one() -> None:
    service = Service()
    response = service.call(headers=SIGNED_IN | EVENTS)
    assert response.status_code == 200
    assert event_in(response) == json.loads(Service().call().data)
    assert response.headers["Cache-Control"] == "no-store"
    assert len(service.events()) == 1


@pytest.mark.parametrize("kind", ERROR_CLASSES)
def test_who_asks_for_events_gets_every_error_as_one(kind: type[TokenNotIssued]) -> None:
    traced = SIGNED_IN | {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    response = Service(FakePorts(caller=make_error(kind))).call(headers=traced | EVENTS)
    as_json = Service(FakePorts(caller=make_error(kind))).call(headers=traced)
    assert response.status_code == as_json.status_code
    assert event_in(response) == json.loads(as_json.data)
    kept = {"Retry-After", "WWW-Authenticate", "Allow", "Cache-Control"}
    assert [(name, response.headers.get(name)) for name in kept] == [(n, as_json.headers.get(n)) for n in kept]


@pytest.mark.parametrize(
    ("method", "headers", "body", "status"),
    [
        ("GET", SIGNED_IN, b"", 405),
        ("POST", {}, NO_DATA, 401),
        ("POST", {"Authorization": "Bearer a b"}, NO_DATA, 401),
        ("POST", SIGNED_IN, b"x" * (LARGEST_BODY_BYTES + 1), 400),
        ("POST", SIGNED_IN, b'{"data":', 400),
    ],
)
def test_what_is_refused_before_anybody_is_asked_is_an_event_too(
    method: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    service = Service(origins=(APP,))
    response = service.call(body, headers | EVENTS | {"Origin": APP}, method)
    assert response.status_code == status
    assert event_in(response).keys() == {"error"}
    assert response.headers["Access-Control-Allow-Origin"] == APP
    assert service.ports.calls == []


def test_an_unexpected_error_is_an_event_too() -> None:
    response = Service(FakePorts(mints=(RuntimeError("secret words"),))).call(headers=SIGNED_IN | EVENTS)
    assert response.status_code == 500
    assert event_in(response)["error"]["status"] == "INTERNAL"


def test_a_preflight_is_no_event() -> None:
    response = Service(origins=(APP,)).call(b"", EVENTS | {"Origin": APP}, "OPTIONS")
    assert (response.status_code, response.data) == (204, b"")


@pytest.mark.parametrize(
    "accept",
    [
        "text/event-stream",
        "Text/Event-Stream",
        "text/event-stream; charset=utf-8",
        "text/event-stream, */*",
        "*/*;q=0.1, text/event-stream",
        "text/event-stream, application/json",
        "application/json;q=0.5, text/event-stream",
        "text/event-stream;q=0.5, application/json;q=0",
    ],
)
def test_who_names_event_streams_gets_one(accept: str) -> None:
    assert event_in(Service().call(headers=SIGNED_IN | {"Accept": accept})).keys() == {"result"}


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/*",
        "application/json",
        "application/json, text/plain, */*",
        "application/json, text/event-stream",
        "text/event-stream;q=0.5, application/json",
        "text/event-stream;q=0",
        "text/event-stream-of-mine",
        ",;q=x,/",
    ],
)
def test_who_does_not_or_rather_wants_json_gets_json(accept: str) -> None:
    response = Service().call(headers=SIGNED_IN | {"Accept": accept})
    assert response.content_type == "application/json; charset=utf-8"
    assert json.loads(response.data).keys() == {"result"}


# --- credentials


@pytest.mark.parametrize(
    "authorization", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer  {}", " Bearer {} ", "bEaReR {}  "]
)
def test_every_spelling_of_bearer_is_one(authorization: str) -> None:
    service = Service()
    assert service.call(headers={"Authorization": authorization.format(ID_TOKEN)}).status_code == 200
    assert service.ports.verified == [ID_TOKEN]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        *(
            {"Authorization": bad}
            for bad in [
                "",
                " ",
                "Bearer",
                "Bearer ",
                ID_TOKEN,
                f"Basic {ID_TOKEN}",
                f"Bearer{ID_TOKEN}",
                f"Bearer:{ID_TOKEN}",
            ]
        ),
        {"Firebase-Instance-ID-Token": f"Bearer {ID_TOKEN}"},
    ],
)
def test_without_a_bearer_token_nobody_is_asked(headers: dict[str, str]) -> None:
    service = Service()
    response = service.call(headers=headers)
    assert (response.status_code, reason_in(response)) == (401, "ID_TOKEN_MISSING")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert service.ports.calls == []


@pytest.mark.parametrize("more", [" more", ",", "\t", "ü", " Bearer x", "=x", '"'])
def test_a_bearer_token_with_more_behind_it_is_invalid_and_reaches_nobody(more: str) -> None:
    service = Service()
    response = service.call(headers={"Authorization": f"Bearer {ID_TOKEN}{more}x"})
    assert (response.status_code, reason_in(response)) == (401, "ID_TOKEN_INVALID")
    assert service.ports.calls == []


class Unreadable(io.BytesIO):
    """A body that breaks when it is read, as a connection does."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.reads = 0

    def read(self, size: int | None = -1) -> bytes:
        del size
        self.reads += 1
        raise self.error


def call_with(body: Unreadable, headers: Mapping[str, str], method: str = "POST") -> tuple[Service, flask.Response]:
    service = Service()
    environ = {"wsgi.input_terminated": True, "CONTENT_LENGTH": headers.get("Content-Length", "")}
    stream: dict[str, Any] = {"input_stream": body, "environ_overrides": environ}
    with app.test_request_context("/", method=method, headers=Headers(list(headers.items())), **stream) as context:
        response = service.handle(context.request)
        assert context.request.get_data() == b"", "what functions-framework reads after each answer"
    return service, response


@pytest.mark.parametrize(
    ("method", "headers", "reason"),
    [
        ("GET", SIGNED_IN, "MALFORMED_REQUEST"),
        ("PUT", SIGNED_IN, "MALFORMED_REQUEST"),
        ("POST", {}, "ID_TOKEN_MISSING"),
        ("POST", {"Authorization": "Basic eA=="}, "ID_TOKEN_MISSING"),
        ("POST", {"Authorization": "Bearer a b"}, "ID_TOKEN_INVALID"),
        ("POST", SIGNED_IN | {"Content-Length": "16385"}, "MALFORMED_REQUEST"),
        ("OPTIONS", {}, None),
    ],
)
def test_what_the_headers_decide_waits_for_no_body(method: str, headers: dict[str, str], reason: str | None) -> None:
    body = Unreadable(AssertionError("it was read"))
    service, response = call_with(body, headers, method)
    assert (reason_in(response) if reason else None) == reason
    assert (body.reads, service.ports.calls) == (0, [])


@pytest.mark.parametrize(
    "error", [OSError("reset"), ValueError("caller's words"), RuntimeError("bad chunk"), TimeoutError()], ids=repr
)
def test_whatever_reading_a_body_raises_is_the_callers_fault_and_not_told(error: Exception) -> None:
    service, response = call_with(Unreadable(error), SIGNED_IN)
    assert (response.status_code, reason_in(response)) == (400, "MALFORMED_REQUEST")
    (event,) = service.events()
    assert (event["severity"], event["event"]) == ("NOTICE", "live_token.refused")
    assert "caller's words" not in f"{response.data!r} {event}"
    assert service.ports.calls == []


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, None),
        ({"X-Firebase-AppCheck": ""}, None),
        ({"X-Firebase-AppCheck": APP_CHECK_TOKEN}, APP_CHECK_TOKEN),
        ({"x-firebase-appcheck": APP_CHECK_TOKEN}, APP_CHECK_TOKEN),
        ({"X-Firebase-AppCheck": "placeholder"}, "placeholder"),
        ({"Firebase-AppCheck": APP_CHECK_TOKEN}, None),
    ],
)
def test_an_app_check_token_is_passed_on_as_it_came(headers: dict[str, str], token: str | None) -> None:
    service = Service()
    assert service.call(headers=SIGNED_IN | headers).status_code == 200
    assert service.ports.attested == [token]


# --- errors


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


# --- the request id


@pytest.mark.parametrize(
    "headers",
    [{"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}, {"X-Cloud-Trace-Context": f"{TRACE}/1;o=1"}],
    ids=lambda headers: next(iter(headers)),
)
def test_the_request_id_is_the_trace_in_answer_and_log(headers: dict[str, str]) -> None:
    service = Service()
    assert error_in(service.call(headers=headers))["details"]["requestId"] == TRACE
    (event,) = service.events()
    assert event["requestId"] == TRACE
    assert event["logging.googleapis.com/trace"] == f"projects/{PROJECT}/traces/{TRACE}"


def test_without_a_trace_the_request_id_is_another_one_each_time() -> None:
    service = Service()
    told = [error_in(service.call(headers={}))["details"]["requestId"] for _ in range(2)]
    assert told == [event["requestId"] for event in service.events()]
    assert told[0] != told[1]


# --- methods and CORS


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"])
def test_only_post_is_a_call(method: str) -> None:
    service = Service()
    response = service.call(method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST, OPTIONS"
    assert reason_in(response) == "MALFORMED_REQUEST"
    assert service.ports.calls == []


ALLOWED_HEADERS = "authorization, content-type, x-firebase-appcheck, firebase-instance-id-token"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-firebase-appcheck",
}


@pytest.mark.parametrize(
    ("origins", "origin", "allowed", "vary"),
    [
        ((), None, None, None),
        ((), APP, None, None),
        (("*",), None, None, "Origin"),
        (("*",), APP, "*", "Origin"),
        ((APP,), None, None, "Origin"),
        ((APP,), APP, APP, "Origin"),
        ((APP,), "https://elsewhere.example.com", None, "Origin"),
        ((APP,), f"{APP}.elsewhere.com", None, "Origin"),
        ((APP,), f"{APP}/", None, "Origin"),
        ((APP,), APP.upper(), None, "Origin"),
        ((APP,), "null", None, "Origin"),
        ((APP,), "*", None, "Origin"),
        ((APP, "http://localhost:8081"), "http://localhost:8081", "http://localhost:8081", "Origin"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "OPTIONS"])
def test_only_allowed_origins_may_read_an_answer(
    method: str, origins: tuple[str, ...], origin: str | None, allowed: str | None, vary: str | None
) -> None:
    headers = SIGNED_IN | ({"Origin": origin} if origin else {}) | (PREFLIGHT if method == "OPTIONS" else {})
    response = Service(origins=origins).call(headers=headers, method=method)
    cors = {name: value for name, value in response.headers.items() if name in CORS_HEADERS}
    expected = {"Vary": vary, "Access-Control-Allow-Origin": allowed}
    if method != "OPTIONS" and allowed:
        expected |= {"Access-Control-Expose-Headers": "Retry-After"}
    if method == "OPTIONS" and allowed:
        expected |= {
            "Access-Control-Allow-Methods": "POST, OPTIONS",
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": "3600",
        }
    assert cors == {name: value for name, value in expected.items() if value is not None}


@pytest.mark.parametrize(
    ("asked", "more"),
    [
        (None, ""),
        ("", ""),
        ("authorization,content-type", ""),
        ("baggage,content-type,sentry-trace,traceparent", ", baggage, sentry-trace, traceparent"),
        ("x-datadog-trace-id , \tX-B3-TraceId", ", x-datadog-trace-id, x-b3-traceid"),
        ("baggage,baggage,Baggage", ", baggage"),
        ("!#$%&'*+-.^_`|~09az", ", !#$%&'*+-.^_`|~09az"),
        ('baggage,,x y,x:y,x/y,x"y,x(y),x@y,<x>,x=y,x;y,[x],{x},ü,x\x7f,x\ty', ", baggage"),
    ],
)
@pytest.mark.parametrize("origins", [(APP,), ("*",)])
def test_a_page_of_ours_may_send_every_header_whose_name_is_one(
    origins: tuple[str, ...], asked: str | None, more: str
) -> None:
    """Tools for tracing add headers of their own to each call; without a leave, the browser makes no call at all."""
    preflight = {"Origin": APP, "Access-Control-Request-Method": "POST"}
    headers = preflight if asked is None else preflight | {"Access-Control-Request-Headers": asked}
    response = Service(origins=origins).call(b"", headers, "OPTIONS")
    assert response.headers["Access-Control-Allow-Headers"] == ALLOWED_HEADERS + more


def test_a_page_of_others_is_allowed_no_header() -> None:
    asked = {"Origin": "https://elsewhere.example.com", "Access-Control-Request-Headers": "baggage"}
    response = Service(origins=(APP,)).call(b"", asked, "OPTIONS")
    assert "Access-Control-Allow-Headers" not in response.headers


@pytest.mark.parametrize("origin", ["capacitor://localhost", "ionic://localhost", "tauri://localhost"])
def test_a_web_view_is_a_browser_with_an_origin_of_its_own(origin: str) -> None:
    response = Service(origins=(origin,)).call(headers=SIGNED_IN | {"Origin": origin})
    assert response.headers["Access-Control-Allow-Origin"] == origin


def test_a_preflight_decides_nothing_and_leaves_no_event() -> None:
    service = Service(origins=(APP,))
    response = service.call(b"", {"Origin": APP} | PREFLIGHT, "OPTIONS")
    assert (response.status_code, response.data) == (204, b"")
    assert service.ports.calls == []
    assert service.events() == []


@pytest.mark.parametrize(
    ("ports", "method"),
    [
        (FakePorts(), "POST"),
        (FakePorts(), "GET"),
        (FakePorts(), "OPTIONS"),
        (FakePorts(caller=IdTokenExpired()), "POST"),
        (FakePorts(mints=(RuntimeError(),)), "POST"),
    ],
)
def test_no_answer_may_be_kept_by_a_cache(ports: FakePorts, method: str) -> None:
    response = Service(ports).call(method=method)
    assert response.headers.getlist("Cache-Control") == ["no-store"]


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
