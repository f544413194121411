"""What a request is called: by the platform's trace where that is a valid one, else by an id of ours."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_tokens.request_id import RequestId

TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
ZEROS = "0" * 32

NO_TRACEPARENT = [
    f"00-{ZEROS}-{PARENT}-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"ff-{TRACE}-{PARENT}-01",
    f"FF-{TRACE}-{PARENT}-01",
    f"00-{TRACE.upper()}-{PARENT}-01",
    f"00-{TRACE}-{PARENT.upper()}-01",
    f"00-{TRACE}-{PARENT}-0A",
    f"00-{TRACE[:-1]}-{PARENT}-01",
    f"00-{TRACE}0-{PARENT}-01",
    f"00-{TRACE}-{PARENT[:-1]}-01",
    f"00-{TRACE}-{PARENT}0-01",
    f"00-{TRACE}-{PARENT}-1",
    f"00-{TRACE}-{PARENT}-011",
    f"0-{TRACE}-{PARENT}-01",
    f"000-{TRACE}-{PARENT}-01",
    f"00-{TRACE}-{PARENT}",
    f"00-{TRACE}-{PARENT}-",
    f"00-{TRACE}-{PARENT}-01\n",
    f" 00-{TRACE}-{PARENT}-01",
    f"00_{TRACE}_{PARENT}_01",
    f"00-{TRACE[:-1]}g-{PARENT}-01",
    f"00-{TRACE[:-1]}٣-{PARENT}-01",
    f"{TRACEPARENT},{TRACEPARENT}",
    f"00-{TRACE}-{PARENT}-01-{'x' * 8000}",
    TRACE,
    "",
    "-",
    "made up by the caller",
]
NO_CLOUD_TRACE = [
    ZEROS,
    f"{ZEROS}/1",
    f"{ZEROS}/1;o=1",
    f"{ZEROS};o=0",
    TRACE[:-1],
    f"{TRACE}0",
    f"{TRACE}/",
    f"{TRACE}/x",
    f"{TRACE}/-1",
    f"{TRACE}/{'1' * 21}",
    f"{TRACE}/1;o=2",
    f"{TRACE}/1;o=",
    f"{TRACE}/1;",
    f"{TRACE}/1\n",
    f" {TRACE}",
    f"{TRACE[:-1]}g",
    f"{TRACE}/٣",
    f"{TRACE} made up",
    "",
    "/1;o=1",
]


def is_of_ours(request_id: RequestId) -> bool:
    return request_id.trace is None and re.fullmatch("[0-9a-f]{32}", request_id.value) is not None


@pytest.mark.parametrize(
    "traceparent",
    [
        TRACEPARENT,
        f"00-{TRACE}-{PARENT}-00",
        f"00-{TRACE}-{'0' * 15}1-01",
        f"01-{TRACE}-{PARENT}-01",
        f"fe-{TRACE}-{PARENT}-ff",
    ],
)
def test_a_request_is_called_what_the_platform_calls_its_trace(traceparent: str) -> None:
    assert RequestId.from_trace(traceparent, None) == RequestId(TRACE, TRACE)


@pytest.mark.parametrize("trace", ["0" * 31 + "1", "1" + "0" * 31, "f" + "0" * 31])
def test_a_trace_of_almost_only_zeros_is_one(trace: str) -> None:
    assert RequestId.from_trace(f"00-{trace}-{PARENT}-01", None) == RequestId(trace, trace)
    assert RequestId.from_trace(None, f"{trace}/1") == RequestId(trace, trace)


@pytest.mark.parametrize("traceparent", NO_TRACEPARENT)
def test_what_w3c_calls_invalid_is_no_name(traceparent: str) -> None:
    assert is_of_ours(RequestId.from_trace(traceparent, None))


@pytest.mark.parametrize(
    "cloud_trace", [TRACE, f"{TRACE}/123", f"{TRACE}/0", f"{TRACE}/{'1' * 20};o=1", f"{TRACE}/1;o=0", f"{TRACE};o=1"]
)
def test_the_older_header_of_the_platform_names_a_request_too(cloud_trace: str) -> None:
    assert RequestId.from_trace(None, cloud_trace) == RequestId(TRACE, TRACE)


def test_the_older_header_may_be_in_upper_case_and_the_name_never_is() -> None:
    assert RequestId.from_trace(None, f"{TRACE.upper()}/1;o=1") == RequestId(TRACE, TRACE)


@pytest.mark.parametrize("cloud_trace", NO_CLOUD_TRACE)
def test_what_the_platform_would_not_send_is_no_name(cloud_trace: str) -> None:
    assert is_of_ours(RequestId.from_trace(None, cloud_trace))


def test_of_two_headers_the_standard_one_counts() -> None:
    assert RequestId.from_trace(TRACEPARENT, OTHER_TRACE).value == TRACE


@pytest.mark.parametrize("traceparent", NO_TRACEPARENT)
def test_where_the_standard_one_is_invalid_the_older_one_counts(traceparent: str) -> None:
    assert RequestId.from_trace(traceparent, f"{OTHER_TRACE}/1") == RequestId(OTHER_TRACE, OTHER_TRACE)


def test_an_id_of_ours_is_another_for_every_request() -> None:
    ids = {RequestId.from_trace(None, None).value for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", value) for value in ids)


@given(st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()))
def test_whatever_comes_in_the_headers_the_name_is_32_hex_digits(one: str | None, other: str | None) -> None:
    assert re.fullmatch("[0-9a-f]{32}", RequestId.from_trace(one, other).value)


@given(st.text("0123456789abcdefABCDEF-/;o=", max_size=70))
def test_what_looks_like_a_trace_never_leaves_a_name_that_is_none(header: str) -> None:
    for request_id in (RequestId.from_trace(header, None), RequestId.from_trace(None, header)):
        assert re.fullmatch("(?!0{32})[0-9a-f]{32}", request_id.value)
