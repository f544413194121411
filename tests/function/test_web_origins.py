"""`web_origins`: what a browser can send as its `Origin`, and what to write in place of what it never sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_tokens.web_origins import is_origin, right_form
from support.web_origins import RIGHT, WRONG


@pytest.mark.parametrize("origin", RIGHT)
def test_what_a_browser_or_a_web_view_sends_is_an_origin(origin: str) -> None:
    assert is_origin(origin)


@pytest.mark.parametrize("text", WRONG)
def test_what_no_browser_ever_sends_is_none_and_has_a_right_form(text: str) -> None:
    assert not is_origin(text)
    assert right_form(text) == WRONG[text]


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z]+://[A-Za-z0-9.:@/*-]{0,40}", fullmatch=True))
def test_a_form_to_write_is_an_origin_whatever_it_is_made_of(text: str) -> None:
    told = right_form(text)
    assert not told.startswith("write http") or is_origin(told.removeprefix("write "))
