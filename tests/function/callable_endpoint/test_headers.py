"""What the headers decide: the sign-in, the app, whether a body is waited for, and the request id."""

import io
from collections.abc import Mapping
from typing import Any

import flask
import pytest
from werkzeug.datastructures import Headers

from function.callable_endpoint.service import SIGNED_IN, TRACE, Service, app, error_in, reason_in
from function.made_up import APP_CHECK_TOKEN, ID_TOKEN, PROJECT


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
