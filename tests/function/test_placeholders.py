"""`placeholders`: verified claims, a plain line each, and nothing that a caller could write an instruction with."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from function.made_up import CALLER
from live_tokens.issuing import Caller
from live_tokens.placeholders import (
    LONGEST_VALUE,
    UnusableClaimError,
    caller_values,
    choice_values,
    fill_placeholders,
    misspelt_placeholders,
)


def claiming(**claims: object) -> Caller:
    return replace(CALLER, claims=claims)


def filled(instruction: str, caller: Caller = CALLER, **chosen: str) -> object:
    config = {"system_instruction": instruction}
    return fill_placeholders(config, {**caller_values(config, caller), **choice_values(chosen)})["system_instruction"]


def refusal_of(instruction: str, caller: Caller) -> str:
    with pytest.raises(UnusableClaimError) as refusal:
        filled(instruction, caller)
    return str(refusal.value)


# --- what is filled in


@pytest.mark.parametrize(
    ("instruction", "result"),
    [
        ("You talk to {uid}.", "You talk to user-1."),
        ("{claim:name}", "Ada"),
        ("{claim:name} is {claim:name}, level {claim:level}, {uid}", "Ada is Ada, level 7, user-1"),
        ("{claim:first.name} {claim:first_name} {claim:first-name}", "dotted scored dashed"),
        ("{{uid}}", "{user-1}"),
        ("Two lines\nfor {uid}", "Two lines\nfor user-1"),
        ("", ""),
    ],
)
def test_placeholders_become_what_the_claims_say(instruction: str, result: str) -> None:
    claims = {"name": "Ada", "level": 7, "first.name": "dotted", "first_name": "scored", "first-name": "dashed"}
    assert filled(instruction, replace(CALLER, claims=claims)) == result


@pytest.mark.parametrize("text", ["{}", "{name}", '{"json": [1, 2]}', "{", "}", "$uid", "{{}}"])
def test_braces_that_are_no_placeholder_stay(text: str) -> None:
    assert filled(f"{text} {{uid}} {text}") == f"{text} user-1 {text}"
    assert filled(text) == text
    assert misspelt_placeholders({"system_instruction": text}) == []


@pytest.mark.parametrize("value", ["{uid}", "{claim:name}", "{claim:secret}", r"\g<0>", r"\1", "{claim:", "%s"])
def test_a_value_that_looks_like_a_placeholder_is_not_filled_again(value: str) -> None:
    assert filled("{claim:name}, {uid}", claiming(name=value, secret="secret")) == f"{value}, user-1"


def test_a_value_and_the_text_around_it_make_no_placeholder_together() -> None:
    assert filled("{claim:name}uid}", claiming(name="{")) == "{uid}"


@pytest.mark.parametrize(
    "value", ["", " ", "Ada Lovelace", "Zoë", "李", "مريم", "🙂", "x" * LONGEST_VALUE, "李" * LONGEST_VALUE]
)
def test_a_plain_line_is_usable(value: str) -> None:
    assert filled("<{claim:name}>", claiming(name=value)) == f"<{value}>"


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (-3, "-3"), (2**64, "18446744073709551616")])
def test_a_whole_number_is_usable(value: int, text: str) -> None:
    assert filled("{claim:level}", claiming(level=value)) == text


def test_choices_are_filled_in_the_same_go_as_claims() -> None:
    instruction = "{claim:name} is {choice:level}, {choice:level}, {uid}"
    assert filled(instruction, claiming(name="Ada"), level="a beginner") == "Ada is a beginner, a beginner, user-1"
    assert filled("{choice:level}", level="{uid}") == "{uid}"
    assert filled("{claim:name}", claiming(name="{choice:level}"), level="a beginner") == "{choice:level}"


def test_a_placeholder_without_a_value_stays() -> None:
    config = {"system_instruction": "{claim:name}, {choice:level}, {choice:voice}"}
    assert fill_placeholders(config, choice_values({"level": "a beginner"})) == {
        "system_instruction": "{claim:name}, a beginner, {choice:voice}"
    }


# --- what is not


@pytest.mark.parametrize("value", [None, True, False, 1.5, 7.0, ["Ada"], {"first": "Ada"}, [], {}])
def test_what_is_neither_text_nor_a_whole_number_is_refused(value: object) -> None:
    problem = "The claim `name` is missing, or neither text nor a whole number."
    assert refusal_of("{claim:name}", claiming(name=value)) == problem
    assert refusal_of("{claim:name}", claiming()) == problem


@pytest.mark.parametrize("character", ["\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\ud800"])
@pytest.mark.parametrize("where", ["{}", "a{}", "{}a", "a{}a"])
def test_control_characters_and_line_ends_are_refused(character: str, where: str) -> None:
    problem = "longer than 200 characters, or not one plain line."
    value = where.format(character)
    assert refusal_of("{claim:name}", claiming(name=value)) == f"The claim `name` is {problem}"
    assert refusal_of("{uid}", replace(CALLER, uid=value)) == f"The uid is {problem}"


@pytest.mark.parametrize("value", ["x" * 201, "李" * 201, 10**200], ids=["letters", "wide", "number"])
def test_what_is_longer_than_200_characters_is_refused(value: object) -> None:
    assert LONGEST_VALUE == 200
    assert "longer than 200 characters" in refusal_of("{claim:name}", claiming(name=value))


def test_one_unusable_claim_is_enough() -> None:
    assert "`level`" in refusal_of("{uid} {claim:name} {claim:level}", claiming(name="Ada"))


@pytest.mark.parametrize("value", ["secret words\n", "secret words" * 20, ["secret words"]])
def test_a_refusal_does_not_quote_the_claim(value: object) -> None:
    assert "secret words" not in refusal_of("{claim:name}", claiming(name=value))


printable = st.text(st.characters(categories=("L", "N", "P", "S")), max_size=LONGEST_VALUE)


@given(before=printable, value=printable, after=printable)
def test_every_value_of_visible_characters_comes_out_as_it_is_in_the_claim(before: str, value: str, after: str) -> None:
    assume(not any("{uid}" in text or "{claim:" in text or "{choice:" in text for text in (before, after)))
    assume(value.isprintable())
    assert filled(f"{before}{{claim:name}}{after}", claiming(name=value)) == f"{before}{value}{after}"


@given(st.text(max_size=300))
def test_whatever_a_claim_holds_it_is_one_line_of_200_characters_or_refused(value: str) -> None:
    try:
        line = filled("{claim:name}", claiming(name=value))
    except UnusableClaimError:
        return
    assert line == value
    assert len(value) <= 200
    assert len(value.splitlines()) <= 1


# --- the config around it


def test_only_the_system_instruction_is_filled() -> None:
    config = {"system_instruction": "{uid}", "speech_config": {"language_code": "{uid}"}, "tools": ["{claim:name}"]}
    assert fill_placeholders(config, caller_values(config, CALLER)) == config | {"system_instruction": "user-1"}


def test_the_config_of_the_profile_is_left_alone() -> None:
    config = {"system_instruction": "{uid}"}
    fill_placeholders(config, caller_values(config, CALLER))
    assert config == {"system_instruction": "{uid}"}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"response_modalities": ["AUDIO"]},
        {"system_instruction": "Be friendly."},
        {"system_instruction": {"parts": [{"text": "Be friendly."}]}},
    ],
)
def test_a_config_without_placeholders_is_the_same_one(config: dict[str, object]) -> None:
    assert fill_placeholders(config, caller_values(config, CALLER)) is config
    assert misspelt_placeholders(config) == []


# --- before the start


@pytest.mark.parametrize(
    "misspelt",
    [
        *("{claim}", "{claim:}", "{claim: name}", "{claim:name }", "{claim:na me}", "{claim:na/me}", "{claims:name}"),
        *("{choice}", "{choice:}", "{choice: a}", "{choice:7}", "{choice:a-b}", "{Choice:a}", f"{{choice:{'x' * 33}}}"),
        *("{UID}", "{ uid }", "{Claim:name}", "{ claim:name}"),
        *("{uid }", "{uid:x}", "{uids}", "{uid", "{claim:name", f"{{claim:{'x' * 65}}}", "{claim:ñ}", "{claim:a\n}"),
    ],
)
def test_what_looks_like_a_placeholder_and_is_none_is_found(misspelt: str) -> None:
    assert misspelt_placeholders({"system_instruction": f"For {misspelt}"}) == [misspelt]


@pytest.mark.parametrize(
    "spelling",
    ["{uid}", "{claim:name}", "{claim:a.b-c_D9}", f"{{claim:{'x' * 64}}}", "{choice:aB_9}", f"{{choice:{'x' * 32}}}"],
)
def test_what_is_a_placeholder_is_not_found(spelling: str) -> None:
    assert misspelt_placeholders({"system_instruction": f"For {spelling}, {spelling}"}) == []


@pytest.mark.parametrize("instruction", [{"parts": [{"text": "For {uid}"}]}, ["For {uid}"]])
def test_a_placeholder_where_none_is_filled_in_is_found(instruction: object) -> None:
    assert misspelt_placeholders({"system_instruction": instruction}) == ["{uid}"]


def test_all_that_are_misspelt_are_found() -> None:
    assert misspelt_placeholders({"system_instruction": "{uid} {uids} {claim:ok} {claim}"}) == ["{uids}", "{claim}"]
