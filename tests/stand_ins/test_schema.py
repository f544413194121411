"""The wire schema itself, and that every rule it encodes is used by the parser."""

from datetime import UTC, datetime

import pytest

from gemini_live_stand_in.shape import ShapeError, parse, snake_case
from gemini_live_stand_in.wire_schema import ENUMS, MESSAGES, SCALARS
from stand_ins.gemini_client import Message


def test_every_type_in_the_schema_exists() -> None:
    kinds = {kind.rpartition(" ")[2] for fields in MESSAGES.values() for kind in fields.values()}
    assert kinds <= SCALARS | ENUMS.keys() | MESSAGES.keys()


def test_every_message_in_the_schema_is_used() -> None:
    used = {kind.rpartition(" ")[2] for fields in MESSAGES.values() for kind in fields.values()}
    assert MESSAGES.keys() - used == {"AuthToken", "ClientMessage"}
    assert ENUMS.keys() <= used


def test_fields_are_written_in_camel_case() -> None:
    assert not [name for fields in MESSAGES.values() for name in fields if "_" in name or name[0].isupper()]


def test_both_spellings_mean_the_same_at_every_depth() -> None:
    snake = {"generation_config": {"speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "K"}}}}}
    camel = {"generationConfig": {"speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "K"}}}}}
    assert parse("BidiGenerateContentSetup", snake) == parse("BidiGenerateContentSetup", camel) == camel


def test_one_field_in_both_spellings_is_a_fault() -> None:
    with pytest.raises(ShapeError, match="set twice"):
        parse("GenerationConfig", {"topP": 1, "top_p": 1})


def test_nothing_between_the_two_spellings_is_accepted() -> None:
    with pytest.raises(ShapeError, match='Unknown name "generation_Config"'):
        parse("BidiGenerateContentSetup", {"generation_Config": {}})


def test_null_means_absent() -> None:
    assert parse("BidiGenerateContentSetup", {"model": None, "tools": None}) == {}


@pytest.mark.parametrize(
    ("message", "value", "parsed"),
    [
        ("SlidingWindow", {"targetTokens": "12800"}, {"targetTokens": 12800}),
        ("SlidingWindow", {"targetTokens": 12800.0}, {"targetTokens": 12800}),
        ("SlidingWindow", {"targetTokens": "9007199254740993"}, {"targetTokens": 9007199254740993}),
        ("Schema", {"maxItems": "3", "minimum": "1.5"}, {"maxItems": 3, "minimum": 1.5}),
        ("Schema", {"type": "object"}, {"type": "OBJECT"}),
        ("GenerationConfig", {"topK": 40}, {"topK": 40.0}),
        ("Blob", {"data": "AAE="}, {"data": b"\x00\x01"}),
        ("Blob", {"data": "-_8"}, {"data": b"\xfb\xff"}),
        ("FunctionResponse", {"response": {"any": [{"thing": None}]}}, {"response": {"any": [{"thing": None}]}}),
        ("FunctionCall", {"args": {"snake_key": 1}}, {"args": {"snake_key": 1}}),
        ("Schema", {"default": [1, {"x": "y"}]}, {"default": [1, {"x": "y"}]}),
        ("FunctionDeclaration", {"parametersJsonSchema": {"$ref": "#"}}, {"parametersJsonSchema": {"$ref": "#"}}),
        (
            "Interval",
            {"start_time": "2026-11-22T15:00:00Z"},
            {"startTime": datetime(2026, 11, 22, 15, tzinfo=UTC)},
        ),
        (
            "Schema",
            {"properties": {"snake_name": {"any_of": [{"type": "STRING"}, {"items": {"type": "NULL"}}]}}},
            {"properties": {"snake_name": {"anyOf": [{"type": "STRING"}, {"items": {"type": "NULL"}}]}}},
        ),
    ],
)
def test_values_are_read_as_proto_json(message: str, value: Message, parsed: Message) -> None:
    assert parse(message, value) == parsed


@pytest.mark.parametrize(
    ("message", "value", "place"),
    [
        ("SlidingWindow", {"targetTokens": "1.5"}, "target_tokens"),
        ("SlidingWindow", {"targetTokens": 2**63}, "target_tokens"),
        ("SlidingWindow", {"targetTokens": True}, "target_tokens"),
        ("GenerationConfig", {"temperature": "warm"}, "temperature"),
        ("GenerationConfig", {"temperature": False}, "temperature"),
        ("GenerationConfig", {"seed": 2**31}, "seed"),
        ("GenerationConfig", {"responseModalities": ["VOICE"]}, "response_modalities[0]"),
        ("GenerationConfig", {"responseModalities": "VOICE"}, "response_modalities"),
        ("GenerationConfig", {"responseModalities": [None]}, "response_modalities[0]"),
        ("GenerationConfig", {"mediaResolution": 7}, "media_resolution"),
        ("GenerationConfig", {"stopSequences": ["a", 1]}, "stop_sequences[1]"),
        ("AutomaticActivityDetection", {"disabled": "true"}, "disabled"),
        ("AutomaticActivityDetection", {"disabled": 1}, "disabled"),
        ("Blob", {"data": "!"}, "data"),
        ("Blob", {"data": "A"}, "data"),
        ("FunctionCall", {"args": "city"}, "args"),
        ("BidiGenerateContentSetup", {"systemInstruction": "Be kind."}, "system_instruction"),
        ("BidiGenerateContentSetup", {"systemInstruction": {"parts": "Be kind."}}, "system_instruction.parts"),
        ("Schema", {"properties": "city"}, "properties"),
        ("Schema", {"properties": {"city": {"type": "TOWN"}}}, "properties[0].value.type"),
        ("BidiGenerateContentSetup", {"tools": {"functionDeclarations": 1}}, "tools.function_declarations"),
    ],
)
def test_wrong_values_are_faults_at_their_place(message: str, value: Message, place: str) -> None:
    with pytest.raises(ShapeError) as fault:
        parse(message, value)
    assert str(fault.value).startswith(f"Invalid value at '{place}' (")
    assert fault.value.field == place


@pytest.mark.parametrize(
    ("message", "value", "as_list"),
    [
        ("GenerationConfig", {"responseModalities": "audio"}, {"responseModalities": ["AUDIO"]}),
        ("GenerationConfig", {"stop_sequences": "stop"}, {"stopSequences": ["stop"]}),
        ("AudioTranscriptionConfig", {"languageCodes": "en-GB"}, {"languageCodes": ["en-GB"]}),
        ("Content", {"parts": {"text": "hello"}}, {"parts": [{"text": "hello"}]}),
        (
            "ClientContent",
            {"turns": {"role": "user", "parts": {"text": "hello"}}},
            {"turns": [{"role": "user", "parts": [{"text": "hello"}]}]},
        ),
        (
            "BidiGenerateContentSetup",
            {"tools": {"functionDeclarations": {"name": "f"}}},
            {"tools": [{"functionDeclarations": [{"name": "f"}]}]},
        ),
        ("BidiGenerateContentSetup", {"tools": [{"googleSearch": {}}]}, {"tools": [{"googleSearch": {}}]}),
        (
            "Schema",
            {"properties": {"q": {"enum": "a", "any_of": {"required": "b"}}}},
            {"properties": {"q": {"enum": ["a"], "anyOf": [{"required": ["b"]}]}}},
        ),
        ("ToolResponse", {"functionResponses": {"id": "1"}}, {"functionResponses": [{"id": "1"}]}),
    ],
)
def test_one_value_stands_for_a_list_of_it_at_every_depth(message: str, value: Message, as_list: Message) -> None:
    assert parse(message, value) == as_list


@pytest.mark.parametrize(
    ("message", "value", "name", "place"),
    [
        ("BidiGenerateContentSetup", {"model": ["models/x"]}, "model", ""),
        ("BidiGenerateContentSetup", {"generation_config": []}, "generation_config", ""),
        ("Schema", {"properties": {"q": {"type": ["string", "null"]}}}, "type", " at 'properties[0].value'"),
        ("Schema", {"properties": [{"type": "STRING"}]}, "properties", ""),
        ("FunctionCall", {"args": []}, "args", ""),
    ],
)
def test_a_list_for_one_value_is_a_fault(message: str, value: Message, name: str, place: str) -> None:
    with pytest.raises(ShapeError) as fault:
        parse(message, value)
    assert str(fault.value) == (
        f'Invalid JSON payload received. Unknown name "{name}"{place}: Proto field is not repeating, cannot start list.'
    )


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("BidiGenerateContentSetup", "avatarConfig"),
        ("Tool", "mcpServers"),
        ("Schema", "additionalProperties"),
        ("Schema", "additional_properties"),
        ("Schema", "defs"),
        ("Schema", "ref"),
        ("SessionResumptionConfig", "transparent"),
        ("BidiGenerateContentSetup", "explicitVadSignal"),
        ("BidiGenerateContentSetup", "labels"),
        ("BidiGenerateContentSetup", "responseModalities"),
        ("BidiGenerateContentSetup", "config"),
        ("ClientMessage", "contextUpdate"),
        ("Tool", "retrieval"),
    ],
)
def test_vertex_only_and_misplaced_fields_are_unknown(message: str, name: str) -> None:
    with pytest.raises(ShapeError, match=f'Unknown name "{name}"'):
        parse(message, {name: {}})


def test_endless_nesting_is_a_fault_and_no_crash() -> None:
    schema: Message = {}
    for _ in range(200):
        schema = {"items": schema}
    with pytest.raises(ShapeError):
        parse("Schema", schema)


def test_a_long_value_is_shortened_in_the_fault() -> None:
    with pytest.raises(ShapeError) as fault:
        parse("GenerationConfig", {"temperature": "x" * 1000})
    assert len(str(fault.value)) < 150


def test_proto_spelling() -> None:
    assert snake_case("bidiGenerateContentSetup") == "bidi_generate_content_setup"
    assert snake_case("topP") == "top_p"
