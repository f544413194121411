"""`choices`: a caller gets one of the operator's texts or an error that names them, and a file is read strictly."""

import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_tokens.choices import MOST_COMBINATIONS, Choice, choose, combinations, read_choices, with_fields
from live_tokens.errors import MalformedRequest

VOICE = "speech_config.voice_config.prebuilt_voice_config.voice_name"
OFFERED = {
    "voice": Choice(("Kore", "Puck"), tuple(VOICE.split("."))),
    "level": Choice(("a beginner", "an “expert”")),
}
OFFER = 'This profile offers voice: "Kore", "Puck"; level: "a beginner", "an “expert”".'


def refusal_of(asked: object, offered: Mapping[str, Choice] = OFFERED) -> MalformedRequest:
    with pytest.raises(MalformedRequest) as refusal:
        choose(offered, asked)
    return refusal.value


# --- what a call may ask for


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ({"voice": "Puck"}, {"voice": "Puck", "level": "a beginner"}),
        ({"level": "an “expert”", "voice": "Kore"}, {"voice": "Kore", "level": "an “expert”"}),
        *((absent, {"voice": "Kore", "level": "a beginner"}) for absent in (None, {}, {"voice": None})),
        ({"voice": None, "level": "an “expert”"}, {"voice": "Kore", "level": "an “expert”"}),
    ],
)
def test_a_choice_that_is_absent_or_null_is_the_first_of_its_values(asked: object, chosen: dict[str, str]) -> None:
    assert choose(OFFERED, asked) == chosen


@pytest.mark.parametrize("asked", [None, {}, {"voice": None}])
def test_where_nothing_is_offered_nothing_is_chosen(asked: object) -> None:
    assert choose({}, asked) == {}


@pytest.mark.parametrize("asked", ["Puck", 7, True, False, 0, "", [], ["Puck"], [["voice", "Puck"]]])
def test_what_is_no_object_is_refused_and_told_what_is_offered(asked: object) -> None:
    refusal = refusal_of(asked)
    assert refusal.message == f"`choices` must be an object. {OFFER}"
    assert refusal.diagnosis == "`choices` must be an object."


@pytest.mark.parametrize("name", ["", "Voice", "voice ", "model", "tools", VOICE, "speech_config", "lifetime", "quota"])
def test_a_name_that_is_not_offered_is_refused_and_told_what_is(name: str) -> None:
    refusal = refusal_of({"voice": "Puck", name: "Puck"})
    assert refusal.message == f"`choices` names a choice that is not on offer. {OFFER}"


@pytest.mark.parametrize(
    "value", ["", "puck", "Puck ", "Charon", "a beginner", 0, 1, True, False, 1.5, [], ["Puck"], {}, {"Puck": "Puck"}]
)
def test_a_value_that_is_not_in_the_list_is_refused_and_told_which_are(value: object) -> None:
    refusal = refusal_of({"level": "an “expert”", "voice": value})
    assert refusal.message == f"`choices.voice` is not one of the values on offer. {OFFER}"
    assert refusal.diagnosis == "`choices.voice` is not one of the values on offer."


@pytest.mark.parametrize("asked", [{"voice": "Kore"}, "Kore", ["Kore"]])
def test_a_profile_that_offers_nothing_says_so(asked: object) -> None:
    assert refusal_of(asked, {}).message.endswith(" This profile offers no choices: leave `choices` out.")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from([*OFFERED]), inner),
    )
)
def test_whatever_is_sent_only_texts_of_the_lists_come_out_and_none_of_the_callers_words(asked: Any) -> None:
    refusals = [refusal_of(known).message for known in (1, {"other": "x"}, {"voice": "x"}, {"level": "x"})]
    try:
        outcome: object = choose(OFFERED, asked)
    except MalformedRequest as refusal:
        outcome = refusal.message
    assert outcome in [*refusals, *combinations(OFFERED)]


# --- what becomes of it


def test_the_combinations_are_all_that_can_be_chosen_the_defaults_first() -> None:
    assert list(combinations(OFFERED)) == [
        {"voice": "Kore", "level": "a beginner"},
        {"voice": "Kore", "level": "an “expert”"},
        {"voice": "Puck", "level": "a beginner"},
        {"voice": "Puck", "level": "an “expert”"},
    ]
    assert list(combinations({})) == [{}]


def test_a_value_goes_to_its_field_and_leaves_those_around_it() -> None:
    config: dict[str, object] = {"speech_config": {"language_code": "de-DE"}, "temperature": 0.5}
    assert with_fields(config, OFFERED, {"voice": "Puck", "level": "a beginner"}) == {
        "speech_config": {
            "language_code": "de-DE",
            "voice_config": {"prebuilt_voice_config": {"voice_name": "Puck"}},
        },
        "temperature": 0.5,
    }
    assert config == {"speech_config": {"language_code": "de-DE"}, "temperature": 0.5}


def test_two_choices_may_share_a_table() -> None:
    offered = {"voice": OFFERED["voice"], "language": Choice(("de-DE", "fr-FR"), ("speech_config", "language_code"))}
    (first, *_) = (with_fields({}, offered, chosen) for chosen in combinations(offered))
    assert first == {
        "speech_config": {
            "language_code": "de-DE",
            "voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}},
        }
    }


# --- what a file may say


def read(tables: str, config: str = "") -> tuple[Mapping[str, Choice], list[str]]:
    faults: list[str] = []
    document = tomllib.loads(f"{tables}\n[config]\n{config}")
    choices = read_choices(
        document.get("choices", {}), document["config"], lambda field, problem: faults.append(f"{field} {problem}")
    )
    return choices, faults


def fault_in(tables: str, config: str = "") -> str:
    _, faults = read(tables, config)
    (fault,) = faults
    return fault


def test_a_choice_is_a_list_of_texts_and_a_field_or_a_placeholder_or_both() -> None:
    choices, faults = read(
        f"""
        choices.voice = {{ field = "{VOICE}", values = ["Kore", "Puck"] }}
        choices.level = {{ values = ["a beginner", "an “expert”"] }}
        choices.language = {{ field = "speech_config.language_code", values = ["de-DE"] }}
        """,
        'system_instruction = "For {choice:level}, in {choice:language}, {choice:level}"',
    )
    assert faults == []
    assert choices == {**OFFERED, "language": Choice(("de-DE",), ("speech_config", "language_code"))}


def test_no_choices_are_none() -> None:
    assert read("") == read("choices = {}") == ({}, [])


GOOD_FIELD = 'field = "media_resolution"'


@pytest.mark.parametrize(
    ("tables", "begins"),
    [
        *((f"choices = {bad}", "[choices] must be tables") for bad in ("7", '"voice"', '["voice"]', "[{}]")),
        *(
            (f"choices.voice = {bad}", "[choices.voice] must hold values, may hold field")
            for bad in ("7", '["Kore"]', '"Kore"', "{}", f"{{ {GOOD_FIELD} }}")
        ),
        (f'choices.v = {{ {GOOD_FIELD}, values = ["a"], default = "a" }}', "[choices.v] must hold values"),
        *(
            (f'choices."{bad}" = {{ {GOOD_FIELD}, values = ["a"] }}', f"choices.{bad} has a name that is not")
            for bad in ("", "7", "my voice", "my-voice", "my.voice", "_x", "é", "x" * 33)
        ),
        *(
            (f"choices.v = {{ {GOOD_FIELD}, values = {bad} }}", "choices.v.values must be a list of at least one text")
            for bad in ("7", '"a"', "[]", "[7]", '["a", 7]', "[true]", '[["a"]]', "{ a = 1 }", "[1.5]")
        ),
        *(
            (f"choices.v = {{ {GOOD_FIELD}, values = ['a', {bad}] }}", "choices.v.values has ")
            for bad in ("''", "' '", "' b'", "'b '", r'"b\nc"', r'"\u0000"', r'"\u202e"', f"'{'x' * 201}'", "'a'")
        ),
        *(
            (f"choices.v = {{ {GOOD_FIELD}, values = ['{bad}'] }}", f'choices.v.values has "{bad}": nothing is filled')
            for bad in ("{uid}", "for {claim:level}", "{choice:v}", "{ claim")
        ),
        *(
            (f"choices.v = {{ field = {bad}, values = ['a'] }}", "choices.v.field must be the path of one field")
            for bad in (
                *("7", "[]", '"."', '"a."', '".a"', '"a..b"', '"a b"', '"Speech"', '"speechConfig.languageCode"'),
                *('"safety_settings[0].threshold"', '"safety_settings.0.threshold"', '"a\\n"', '["media_resolution"]'),
            )
        ),
        (
            "choices.v = { field = 'config.seed', values = ['1'] }",
            'choices.v.field begins inside [config]: write "seed"',
        ),
        *(
            (
                f"choices.v = {{ field = '{bad}', values = ['a'] }}",
                f"choices.v.field names {never}, which is never a caller's choice: ",
            )
            for bad, never in (
                ("model", "model"),
                ("tools", "tools"),
                ("tools.google_search", "tools"),
                ("lifetime.session_seconds", "lifetime"),
                ("quota.per_day", "quota"),
                ("allow.anonymous", "allow"),
                ("response_modalities", "response_modalities"),
                ("generation_config.response_modalities", "response_modalities"),
                ("session_resumption.handle", "session_resumption"),
                ("http_options.base_url", "http_options"),
                ("system_instruction", "system_instruction"),
                ("system_instruction.parts", "system_instruction"),
            )
        ),
        (
            "choices.v = { values = ['a'] }",
            "choices.v.field is missing, and config.system_instruction has no {choice:v}",
        ),
    ],
)
def test_a_bad_table_is_one_fault_that_names_it(tables: str, begins: str) -> None:
    assert fault_in(tables).startswith(begins)


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        (
            'speech_config.language_code = "de-DE"',
            "is set in [config] too. Leave config.speech_config.language_code out: the first value is the default.",
        ),
        ('speech_config = "de-DE"', "is in config.speech_config, which is not a table."),
        ("speech_config = []", "is in config.speech_config, which is not a table."),
    ],
)
def test_a_field_that_config_sets_as_well_is_a_fault(config: str, fault: str) -> None:
    table = "choices.language = { field = 'speech_config.language_code', values = ['de-DE', 'fr-FR'] }"
    assert fault_in(table, config) == f"choices.language.field {fault}"


@pytest.mark.parametrize("field", ["speech_config.language_code", "speech_config", "speech_config.language_code.more"])
def test_two_choices_for_one_field_are_a_fault(field: str) -> None:
    tables = f"""
        choices.one = {{ field = "speech_config.language_code", values = ["de-DE"] }}
        choices.two = {{ field = "{field}", values = ["de-DE"] }}
    """
    assert fault_in(tables) == "choices.two.field is, or is in, the field of [choices.one]."


def test_fields_whose_names_begin_alike_are_two() -> None:
    tables = "choices.one = { field = 'top_k', values = ['1'] }\nchoices.two = { field = 'top_k_more', values = ['1'] }"
    assert read(tables)[1] == []


def test_a_placeholder_without_its_choice_is_a_fault() -> None:
    fault = fault_in("", 'system_instruction = "{choice:level}, {choice:level}"')
    assert fault == "config.system_instruction has {choice:level}, and there is no [choices.level]."


def test_a_placeholder_outside_a_plain_text_uses_no_choice() -> None:
    fault = fault_in("choices.v = { values = ['a'] }", 'system_instruction = { parts = [{ text = "{choice:v}" }] }')
    assert fault.startswith("choices.v.field is missing")


@pytest.mark.parametrize(("lengths", "fits"), [([64], True), ([8, 8], True), ([65], False), ([5, 13], False)])
def test_a_profile_has_64_combinations_at_most(lengths: list[int], fits: bool) -> None:
    assert MOST_COMBINATIONS == 64
    tables = "\n".join(
        f"choices.c{number} = {{ field = 'f{number}', values = {[str(value) for value in range(length)]} }}"
        for number, length in enumerate(lengths)
    )
    if fits:
        choices, faults = read(tables)
        assert (len(list(combinations(choices))), faults) == (64, [])
    else:
        assert fault_in(tables).startswith("[choices] has 65 combinations of values, and each is tried at start.")


def test_every_fault_is_told_at_once() -> None:
    tables = "choices.a = { field = 'model', values = [] }\nchoices.b = { values = ['x', ' ', 'x'] }\nchoices.c = 7"
    _, faults = read(tables, 'system_instruction = "{choice:d} {choice:b}"')
    assert [fault.split(" ")[:2] for fault in faults] == [
        ["choices.a.values", "must"],
        ["choices.a.field", "names"],
        ["choices.b.values", "has"],
        ["choices.b.values", "has"],
        ["[choices.c]", "must"],
        ["config.system_instruction", "has"],
    ]
