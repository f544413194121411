"""`strict_json`: JSON is read, and what merely looks like it is not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_tokens.strict_json import read_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_whatever_json_holds_is_read_from_text_and_bytes(value: object) -> None:
    text = json.dumps(value)
    assert read_json(text) == value
    assert read_json(text.encode()) == value


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("around", ["{}", '{{"a": {}}}', "[1, {}]", '{{"a": [{{"b": {}}}]}}'])
def test_what_only_python_calls_a_number_is_no_json(around: str, constant: str) -> None:
    with pytest.raises(ValueError, match=constant.removeprefix("-")):
        read_json(around.format(constant))


@pytest.mark.parametrize("text", ["NaN", "a NaN", "Infinity"])
def test_the_same_words_in_a_text_are_a_text(text: str) -> None:
    assert read_json(json.dumps({text: text})) == {text: text}


@pytest.mark.parametrize(
    "text", ["", " ", "{", "{} {}", "{'a': 1}", "nan", "undefined", "01", b"\xff", b'{"a": "\xff"}']
)
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the words are those of Python
        read_json(text)


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 100_000 + "]" * 100_000])
def test_what_is_nested_too_deep_is_refused(text: str) -> None:
    with pytest.raises(RecursionError):
        read_json(text)
