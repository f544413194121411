"""Methods, CORS, and caches."""

import pytest

from function.callable_endpoint.service import APP, SIGNED_IN, Service, reason_in
from function.fake_ports import FakePorts
from live_tokens.errors import IdTokenExpired

CORS_HEADERS = {
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Vary",
}


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
