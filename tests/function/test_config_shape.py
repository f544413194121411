"""`config_shape`: one rule for every name and value of a `[config]`, at whatever depth it stands.

The cases are not picked: they are made of the schema, every field of every message once.
"""

import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from function.made_up import KEY, PROFILE
from live_tokens.config_shape import DEEPEST, UNREADABLE, read_shape, shown, snake_case
from live_tokens.gemini_lock import find_config_faults
from live_tokens.profile_schema import (
    ENUMS,
    MESSAGES,
    NOT_TAKEN,
    OTHER_NAMES,
    ROOT,
    TEXT_ONLY,
    UNPROVEN,
    UNSPECIFIED,
    fields_of,
)

RIGHT: dict[str, object] = {
    "text": "made-up",
    "bytes": "AAAA",
    "bool": True,
    "int32": 7,
    "int64": 7,
    "number": 0.5,
    "time": datetime(2026, 11, 27, tzinfo=UTC),
    "json": {"anyThing": [1]},
}
WRONG: dict[str, list[object]] = {
    "text": [7, True, [], {}, 0.5, datetime(2026, 11, 27, tzinfo=UTC)],
    "bytes": [7, "not base64!", []],
    "bool": [1, 0, "true", "yes", [], {}],
    "int32": ["7", True, 1.5, [], {}, 2**31, -(2**31) - 1, float("inf"), float("nan")],
    "int64": ["7", True, 1.5, [], {}, 2**63, float("inf")],
    "number": ["0.5", True, [], {}, float("inf"), float("nan")],
    "time": [7, "soon", "2026-11-27T00:00:00", datetime(2026, 11, 27)],  # noqa: DTZ001  # the fault: it has no offset
    "json": [float("nan"), {"a": [float("inf")]}, datetime(2026, 11, 27, tzinfo=UTC)],
}


@dataclass(frozen=True, slots=True)
class Place:
    """One field of the schema.

    Attributes:
        owner: the message that has it.
        path: as a message names it.
        around: puts a value there and nowhere else, under a name of the test's choice, and returns the config.
    """

    owner: str
    path: str
    name: str
    kind: str
    around: Callable[[str, object], dict[str, object]]

    @property
    def element(self) -> str:
        """The type of its values, without `repeated` or `map`."""
        return self.kind.rpartition(" ")[2]

    @property
    def above(self) -> str:
        """The path of the table that it is in."""
        return self.path.rpartition(".")[0]


def places(
    message: str = ROOT,
    path: str = "config",
    around: Callable[[dict[str, object]], dict[str, object]] = lambda table: table,
    seen: tuple[str, ...] = (),
) -> Iterator[Place]:
    for name, kind in fields_of(message).items():
        label, _, element = kind.rpartition(" ")
        inner = f"{path}.{name}"
        yield Place(message, inner, name, kind, lambda typed, value, around=around: around({typed: value}))  # type: ignore[misc]
        if element == "Content" or (element not in MESSAGES and element not in UNPROVEN) or element in seen:
            continue

        def nested(
            table: dict[str, object],
            name: str = name,
            label: str = label,
            around: Callable[[dict[str, object]], dict[str, object]] = around,
        ) -> dict[str, object]:
            return around({name: [table] if label == "repeated" else {"key": table} if label == "map" else table})

        step = "[0]" if label == "repeated" else ".key" if label == "map" else ""
        yield from places(element, f"{inner}{step}", nested, (*seen, element))


PLACES = list(places())
ENUM_PLACES = [place for place in PLACES if place.element in ENUMS]
SCALAR_PLACES = [place for place in PLACES if place.element in RIGHT]


def each(places: list[Place]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("place", places, ids=lambda place: place.path)


def right(place: Place) -> object:
    label, _, element = place.kind.rpartition(" ")
    value = ENUMS[element][0] if element in ENUMS else RIGHT.get(element, "Be kind." if element == "Content" else {})
    return [value] if label == "repeated" else {"key": value} if label == "map" else value


def faults(config: dict[str, object]) -> tuple[str, ...]:
    return read_shape(config).faults


def test_the_schema_is_walked_to_its_leaves() -> None:
    assert {place.element for place in PLACES} >= set(ENUMS) - {"HarmCategory"} | {"text", "bool", "number", "json"}
    assert "config.tools[0].function_declarations[0].parameters.any_of" in {place.path for place in PLACES}


@each(PLACES)
def test_a_right_value_is_no_fault_anywhere(place: Place) -> None:
    assert faults(place.around(place.name, right(place))) == ()


# `response_format` is for pictures and videos, not for voice: its tables are not looked into.
@each(list({(place.owner, place.name): place for place in PLACES if place.name != "response_format"}.values()))
def test_google_genai_makes_a_request_of_every_right_value(place: Place) -> None:
    config = place.around(place.name, right(place))
    assert find_config_faults(replace(PROFILE, config={"output_audio_transcription": {}} | config)) == []


@each([place for place in PLACES if "_" in place.name])
def test_camelcase_is_refused_with_the_right_name_at_every_depth(place: Place) -> None:
    first, *rest = place.name.split("_")
    typed = first + "".join(part.capitalize() for part in rest)
    expected = f"{place.above}.{typed}: names are in snake_case here; write {place.name}."
    assert faults(place.around(typed, right(place))) == (expected,)


@each(PLACES)
def test_an_unknown_name_is_refused_at_every_depth(place: Place) -> None:
    (fault,) = faults(place.around("qqqq", 7))
    assert fault.startswith(f"{place.above}.qqqq: ")
    assert "allowed here: " in fault or "parameters_json_schema" in fault


@each(ENUM_PLACES)
def test_a_wrong_value_of_an_enum_is_shown_with_the_allowed_ones_at_every_depth(place: Place) -> None:
    step = "[0]" if place.kind.startswith("repeated ") else ""
    for wrong in list[object](("SOMETHING_ELSE", 7, True, {})):
        value = [wrong] if step else wrong
        (fault,) = faults(place.around(place.name, value))
        allowed = ", ".join(ENUMS[place.element])
        assert fault.startswith(f"{place.path}{step} is {shown(wrong)}; allowed: {allowed}.")


@each(ENUM_PLACES)
def test_every_value_of_an_enum_is_taken_in_any_case(place: Place) -> None:
    for value in (*ENUMS[place.element], UNSPECIFIED[place.element]):
        for spelling in (value, value.lower(), value.capitalize()):
            assert (
                faults(place.around(place.name, [spelling] if place.kind.startswith("repeated ") else spelling)) == ()
            )


@each([place for place in SCALAR_PLACES if not place.kind.startswith("map ")])
def test_a_value_of_another_type_is_refused_at_every_depth(place: Place) -> None:
    step = "[0]" if place.kind.startswith("repeated ") else ""
    for wrong in WRONG[place.element]:
        (fault,) = faults(place.around(place.name, [wrong] if step else wrong))
        assert fault.startswith(f"{place.path}{step} is {shown(wrong)}; it must be ")


@each([place for place in PLACES if place.kind.startswith("repeated ")])
def test_what_is_no_list_is_refused_where_a_list_is_wanted(place: Place) -> None:
    for wrong in list[object](("text", 7, True, {})):
        assert faults(place.around(place.name, wrong))[0].startswith(
            f"{place.path} is {shown(wrong)}; it must be a list"
        )


@each([place for place in PLACES if place.kind in MESSAGES and place.kind != "Content"])
def test_what_is_no_table_is_refused_where_a_table_is_wanted(place: Place) -> None:
    for wrong in list[object](("text", 7, True, [], [{}])):
        (fault,) = faults(place.around(place.name, wrong))
        assert fault == f"{place.path} is {shown(wrong)}; it must be a table."


def test_a_single_value_in_place_of_a_list_is_looked_into_as_well() -> None:
    assert [fault.split(" ")[0] for fault in faults({"tools": {"googleSearch": {"depth": 1}}})] == [
        "config.tools",
        "config.tools.googleSearch:",
        "config.tools.googleSearch.depth:",
    ]


@pytest.mark.parametrize(
    ("message", "name"), [(message, name) for message, names in NOT_TAKEN.items() for name in names]
)
def test_what_the_developer_api_does_not_take_is_refused_with_why(message: str, name: str) -> None:
    table: dict[str, object] = {name: {}}
    around = next((place for place in PLACES if place.element == message and "generation" not in place.name), None)
    config = table if message == ROOT or around is None else around.around(around.name, table)
    if message == "GenerationConfig":
        config = {"generation_config": table}
    elif around is not None and around.kind.startswith("repeated "):
        config = around.around(around.name, [table])
    (fault,) = faults(config)
    assert f".{name}: {NOT_TAKEN[message][name]}." in fault


@pytest.mark.parametrize("keyword", ["$ref", "$defs", "$schema", "oneOf", "allOf", "const", "not", "exclusiveMinimum"])
def test_json_schema_in_a_schema_leads_to_where_it_is_taken(keyword: str) -> None:
    tool = {"function_declarations": [{"name": "f", "parameters": {"items": {keyword: 1}}}]}
    (fault,) = faults({"tools": [tool]})
    assert fault == (
        f"config.tools[0].function_declarations[0].parameters.items.{keyword}: "
        "unknown to Gemini; leave it out, or use parameters_json_schema."
    )


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("voice_name", "config.speech_config.voice_config.prebuilt_voice_config.voice_name"),
        ("thinking_level", "config.thinking_config.thinking_level"),
        ("functionDeclarations", "config.tools[…].function_declarations"),
        ("google_search", "config.tools[…].google_search"),
        ("sliding_window", "config.context_window_compression.sliding_window"),
        ("silence_duration_ms", "config.realtime_input_config.automatic_activity_detection.silence_duration_ms"),
    ],
)
def test_a_name_at_the_wrong_depth_leads_to_its_place(name: str, place: str) -> None:
    assert faults({name: 1}) == (f"config.{name}: not known here; its place is {place}.",)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("temprature", "temperature"),
        ("system_instructions", "system_instruction"),
        ("response_modality", "response_modalities"),
        ("realtimeInput", "realtime_input_config"),
        ("speech", "speech_config"),
    ],
)
def test_a_misspelt_name_is_told_the_right_one(typed: str, meant: str) -> None:
    assert faults({typed: 1}) == (f"config.{typed}: not known; the name is probably {meant}.",)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_a_name_of_another_api_is_told_the_one_of_this(name: str) -> None:
    assert faults({name: 1}) == (f"config.{name}: not known; its place is config.{OTHER_NAMES[name]}.",)
    assert OTHER_NAMES[name].replace("[…]", "[0]") in {place.path.removeprefix("config.") for place in PLACES}


def test_one_text_in_place_of_a_list_is_told_how_to_write_the_list() -> None:
    assert faults({"response_modalities": "AUDIO"}) == (
        'config.response_modalities is "AUDIO"; it must be a list: ["AUDIO"].',
    )


def test_a_field_that_only_the_older_table_has_is_not_told_a_place_where_it_cannot_stand() -> None:
    (fault,) = faults({"stop_sequences": ["x"]})
    assert "only generation_config has it" in fault


def test_both_spellings_of_one_field_are_one_too_many() -> None:
    said = faults({"top_p": 0.5, "topP": 0.5})
    assert said[-1] == "config.topP: top_p is there already; leave one of them out."


def test_what_is_opaque_is_not_looked_into() -> None:
    schema = {"additionalProperties": False, "maxItems": "many", "type": ["string", "null"]}
    tool = {"function_declarations": [{"name": "f", "parameters_json_schema": schema}]}
    assert faults({"tools": [tool]}) == ()


def test_names_of_parameters_are_free() -> None:
    schema = {"properties": {"camelCase": {"type": "string"}, "with space": {"type": "string"}}}
    assert faults({"tools": [{"function_declarations": [{"name": "f", "parameters": schema}]}]}) == ()


@pytest.mark.parametrize(
    ("types_", "cure"),
    [
        (["string", "null"], 'write "string" and use nullable = true beside it'),
        (["string"], 'write "string"'),
        (["string", "integer"], "write one; for alternatives use any_of"),
        (["null"], "write one and use nullable = true beside it"),
        ([], "write one"),
    ],
)
def test_a_list_of_types_is_told_what_to_write(types_: list[str], cure: str) -> None:
    tool = {"function_declarations": [{"name": "f", "parameters": {"type": types_}}]}
    (fault,) = faults({"tools": [tool]})
    assert fault.endswith(f"Gemini takes one type, not a list: {cure}.")


def test_a_config_that_is_too_deep_is_one_fault() -> None:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(DEEPEST + 5):
        schema = {"items": schema}
    (fault,) = faults({"tools": [{"function_declarations": [{"name": "f", "parameters": schema}]}]})
    assert f"more than {DEEPEST} tables" in fault


@pytest.mark.parametrize(
    "instruction",
    ["Be kind.", {"parts": [{"text": "Be kind."}], "role": "user"}, {"text": "Be kind."}, ["Be", {"text": "kind."}]],
)
def test_every_form_of_an_instruction_that_google_genai_takes_is_taken(instruction: object) -> None:
    assert faults({"system_instruction": instruction}) == ()
    assert find_config_faults(replace(PROFILE, config={"system_instruction": instruction})) == []


def test_other_parts_than_text_are_in_doubt() -> None:
    shape = read_shape({"system_instruction": {"parts": [{"file_data": {"file_uri": "x"}}]}})
    assert shape.faults == ()
    assert shape.doubts[0].startswith("config.system_instruction.parts[0].file_data: a system instruction takes text")


@pytest.mark.parametrize("name", UNPROVEN[ROOT])
def test_what_nobody_has_tried_is_a_doubt_and_no_fault(name: str) -> None:
    shape = read_shape({name: {} if name == "labels" else []})
    assert shape.faults == ()
    assert shape.doubts[0].startswith(f"config.{name}: google-genai sends it, but Google's reference")


def test_rules_read_names_and_values_as_they_are_meant() -> None:
    setup = read_shape({"thinkingConfig": {"thinkingLevel": "low"}, "temperature": "hot"}).setup
    assert setup == {"thinking_config": {"thinking_level": "LOW"}, "temperature": UNREADABLE}


# --- the schema and google-genai


def models(model: type[BaseModel], found: dict[str, type[BaseModel]]) -> dict[str, type[BaseModel]]:
    if model.__name__ in found:
        return found
    found[model.__name__] = model
    for field in model.model_fields.values():
        pending = [field.annotation]
        while pending:
            annotation = pending.pop()
            pending.extend(typing.get_args(annotation))
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                models(annotation, found)
    return found


def known_to_google_genai() -> Iterator[tuple[str, str]]:
    """Message and field of everything that a config of google-genai can hold, but below what is refused as a whole."""
    spoken_for = {*MESSAGES, *UNPROVEN}
    found = models(types.LiveConnectConfig, {}) | models(types.Tool, {})
    for name, model in found.items():
        if name in spoken_for:
            yield from ((name, field) for field in model.model_fields)


@pytest.mark.parametrize(("message", "name"), sorted(known_to_google_genai()))
def test_every_field_of_google_genai_is_taken_refused_or_in_doubt(message: str, name: str) -> None:
    assert name in {*fields_of(message), *NOT_TAKEN.get(message, {}), *(TEXT_ONLY if message == "Part" else ())}


ENUM_TYPES = {
    "RetrievalMode": types.DynamicRetrievalConfigMode,
    "TranscriptionMode": types.AudioTranscriptionConfigMode,
    **{name: getattr(types, name) for name in ENUMS if hasattr(types, name)},
}


@pytest.mark.parametrize("name", ENUMS)
def test_google_genai_knows_every_value_of_an_enum(name: str) -> None:
    assert {*ENUMS[name], UNSPECIFIED[name]} <= {value.value for value in ENUM_TYPES[name]}


# --- what is shown


def test_a_shown_value_is_bounded_and_one_line() -> None:
    assert shown("x" * 1000) == '"' + "x" * 39 + '\\u2026"'
    assert "\n" not in shown("a\nb")
    assert len(shown(["word"] * 1000)) < 60
    assert shown(10**400) == "a very long number"


@pytest.mark.parametrize(
    "secret", [KEY.value + "0123456789abcdef", "AIzaSy" + "x" * 33, "AQ.Ab8" + "x" * 40, "auth_tokens/0123", "a1" * 20]
)
def test_what_may_be_a_credential_is_never_shown(secret: str) -> None:
    assert faults({"media_resolution": secret})[0].startswith(
        f"config.media_resolution is a text of {len(secret)} characters; allowed: "
    )
    assert secret[:10] not in faults({secret: 1})[0]


@given(st.text(max_size=300))
def test_whatever_a_name_or_value_is_the_fault_is_one_bounded_line(text: str) -> None:
    for config in ({text: 1}, {"media_resolution": text}, {"speech_config": {text: text}}):
        for fault in faults(typing.cast("dict[str, object]", config)):
            assert fault.isprintable() or "…" in fault
            assert len(fault) < 1200


@pytest.mark.parametrize(
    ("camel", "snake"),
    [
        ("topP", "top_p"),
        ("voiceConfig", "voice_config"),
        ("already_snake", "already_snake"),
        ("URLContext", "url_context"),
    ],
)
def test_a_name_is_turned_as_google_turns_it(camel: str, snake: str) -> None:
    assert snake_case(camel) == snake


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*MESSAGES[ROOT], "parts", "type", "x"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*MESSAGES[ROOT], "unknown"]), json_like))
def test_nothing_that_a_file_can_hold_breaks_the_reader(config: dict[str, object]) -> None:
    for fault in faults(config):
        assert fault.startswith("config")
