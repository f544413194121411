"""A caller who accepts nothing but an event stream gets every answer as its one event."""

import json
from typing import Any

import flask
import pytest

from function.callable_endpoint.service import APP, NO_DATA, SIGNED_IN, TRACE, Service
from function.every_error import ERROR_CLASSES, make_error
from function.fake_ports import FakePorts
from live_tokens.errors import TokenNotIssued
from live_tokens.request_body import LARGEST_BODY_BYTES

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
