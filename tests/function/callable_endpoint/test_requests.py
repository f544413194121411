"""What is a callable request, and what of it reaches the service."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from function.callable_endpoint.service import APP, NO_DATA, Service, error_in, reason_in
from function.made_up import HANDLE
from live_tokens.callable_endpoint import LONGEST_HANDLE
from live_tokens.request_body import LARGEST_BODY_BYTES

NULLS: list[dict[str, object]] = [
    {"profile": None},
    {"resumptionHandle": None},
    {"profile": None, "resumptionHandle": None},
    {"profile": "default", "resumptionHandle": None},
]
"""What SDKs make of keys that are undefined in the app."""


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
