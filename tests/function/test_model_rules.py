"""`model_rules`: which row of the table catches what, and how much it weighs."""

import re
from typing import Any

import pytest

from live_tokens.config_shape import UNREADABLE
from live_tokens.model_rules import MODELS, RULES, Effect, Model, Provenance, Rule, Verdict, judge
from support.profile_cases import LIVE_31, LIVE_38, NATIVE_25, THINKING_38, TRANSLATE

Setup = dict[str, Any]
AUDIO: Setup = {"response_modalities": ["AUDIO"]}
LEVEL: Setup = {"thinking_config": {"thinking_level": "LOW"}}


def weights(model: str, setup: Setup) -> tuple[int, int, int]:
    verdict = judge(model, AUDIO | (LEVEL if THINKING_38 in model and "thinking_config" not in setup else {}) | setup)
    return len(verdict.refusals), len(verdict.warnings), len(verdict.notes)


def function(behavior: str) -> Setup:
    return {"tools": [{}, {"function_declarations": [{"name": "f"}, {"name": "g", "behavior": behavior}]}]}


def tools(*names: str) -> Setup:
    return {"tools": [{name: {}} for name in names]}


REFUSED, WARNED, NOTED, FINE = (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)
PROACTIVE: Setup = {"proactivity": {"proactive_audio": True}}
AFFECTIVE: Setup = {"enable_affective_dialog": True}
VOICE: Setup = {"speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}}}}

LEVELS = ("MINIMAL", "LOW", "MEDIUM", "HIGH")

ROWS: list[tuple[str, Setup, tuple[int, int, int]]] = [
    *((model, {}, FINE) for model in (LIVE_38, THINKING_38, LIVE_31, NATIVE_25, TRANSLATE)),
    *(
        (model, {"response_modalities": modalities}, REFUSED)
        for model in (LIVE_38, THINKING_38, LIVE_31, NATIVE_25, TRANSLATE)
        for modalities in ([], ["TEXT"], ["AUDIO", "TEXT"], ["MODALITY_UNSPECIFIED"], ["VIDEO"], ["AUDIO", "AUDIO"])
    ),
    *(
        (model, {"context_window_compression": compression}, result)
        for model in (LIVE_38, THINKING_38, LIVE_31, NATIVE_25, TRANSLATE)
        for compression, result in (({}, REFUSED), ({"trigger_tokens": 1}, REFUSED), ({"sliding_window": {}}, FINE))
    ),
    *((model, tools("google_search_retrieval"), WARNED) for model in (LIVE_38, LIVE_31, NATIVE_25, TRANSLATE)),
    # 3.8
    *(
        (LIVE_38, {"thinking_config": {"thinking_level": level}}, REFUSED)
        for level in ("MINIMAL", "LOW", "MEDIUM", "HIGH")
    ),
    (LIVE_38, {"thinking_config": {"thinking_level": "THINKING_LEVEL_UNSPECIFIED"}}, WARNED),
    (LIVE_38, {"thinking_config": {"thinking_budget": 0}}, WARNED),
    (LIVE_38, {"thinking_config": {}}, WARNED),
    (LIVE_38, {"proactivity": {"proactive_audio": False}}, REFUSED),
    (LIVE_38, PROACTIVE, FINE),
    (LIVE_38, AFFECTIVE, WARNED),
    (LIVE_38, function("BLOCKING"), FINE),
    (LIVE_38, function("NON_BLOCKING"), FINE),
    *(
        (LIVE_38, tools(name), WARNED)
        for name in ("url_context", "code_execution", "google_maps", "file_search", "computer_use")
    ),
    (LIVE_38, tools("google_search"), NOTED),
    (LIVE_38, VOICE, FINE),
    # 3.8 extended thinking
    (THINKING_38, {"thinking_config": None}, REFUSED),
    (THINKING_38, {"thinking_config": {}}, REFUSED),
    (THINKING_38, {"thinking_config": {"thinking_budget": 7}}, REFUSED),
    (THINKING_38, {"thinking_config": {"thinking_level": "THINKING_LEVEL_UNSPECIFIED"}}, REFUSED),
    (THINKING_38, {"thinking_config": {"thinking_level": "MINIMAL"}}, REFUSED),
    *((THINKING_38, {"thinking_config": {"thinking_level": level}}, FINE) for level in ("LOW", "MEDIUM", "HIGH")),
    (THINKING_38, PROACTIVE, REFUSED),
    (THINKING_38, {"proactivity": {}}, REFUSED),
    (THINKING_38, AFFECTIVE, REFUSED),
    (THINKING_38, {"enable_affective_dialog": False}, REFUSED),
    (THINKING_38, function("BLOCKING"), REFUSED),
    (THINKING_38, function("NON_BLOCKING"), FINE),
    (THINKING_38, tools("google_search"), NOTED),
    # 3.1
    *(
        (LIVE_31, {"thinking_config": {"thinking_level": level}}, FINE)
        for level in ("MINIMAL", "LOW", "MEDIUM", "HIGH")
    ),
    (LIVE_31, AFFECTIVE | PROACTIVE, REFUSED),
    (LIVE_31, AFFECTIVE, WARNED),
    (LIVE_31, PROACTIVE, WARNED),
    (LIVE_31, function("NON_BLOCKING"), WARNED),
    (LIVE_31, function("BLOCKING"), FINE),
    (LIVE_31, VOICE, NOTED),
    (LIVE_31, {"history_config": {"initial_history_in_client_content": True}}, FINE),
    # 2.5
    (NATIVE_25, AFFECTIVE | PROACTIVE, FINE),
    (NATIVE_25, {"thinking_config": {"thinking_budget": 0}}, FINE),
    *((NATIVE_25, tools(name), WARNED) for name in ("url_context", "code_execution", "google_maps")),
    # gone
    ("gemini-live-2.5-flash-preview", {}, REFUSED),
    ("gemini-2.0-flash-live-001", {}, REFUSED),
    ("gemini-2.0-flash-exp", {}, REFUSED),
]


@pytest.mark.parametrize(("model", "setup", "expected"), ROWS, ids=str)
def test_a_row_weighs_what_is_known_of_it(model: str, setup: Setup, expected: tuple[int, int, int]) -> None:
    assert weights(model, setup) == expected
    assert weights(f"models/{model}", setup) == expected


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.what} {[model.name for model in rule.models]}")
def test_every_row_is_tried_above(rule: Rule) -> None:
    of_other_apis = (LIVE_38, {"generation_config": {"response_mime_type": "text/plain"}})
    setups = [*((model, AUDIO | setup) for model, setup, _ in ROWS), of_other_apis]
    known = {name for name, _ in setups if not rule.models or any(model.ids.fullmatch(name) for model in rule.models)}
    mine = [
        {name: value for name, value in setup.items() if value is not None} for model, setup in setups if model in known
    ]
    assert any(list(rule.breaches(setup)) for setup in mine)


def test_the_older_table_is_read_too() -> None:
    older = {"generation_config": {"response_modalities": ["TEXT"], "thinking_config": {"thinking_level": "LOW"}}}
    verdict = judge(LIVE_38, older)
    assert [line.split(" ")[0].rstrip(":") for line in verdict.refusals] == [
        "config.generation_config.response_modalities",
        "config.generation_config.thinking_config",
    ]


@pytest.mark.parametrize("name", ["logprobs", "response_schema", "stop_sequences"])
def test_fields_of_other_apis_are_a_warning(name: str) -> None:
    verdict = judge(LIVE_38, {"generation_config": {"response_modalities": ["AUDIO"], name: UNREADABLE}})
    assert verdict.refusals == ()
    assert verdict.warnings[0].startswith(f"config.generation_config.{name}: not supported in the Live API")


def test_a_value_with_a_fault_of_its_own_is_no_breach() -> None:
    setup = dict.fromkeys(("response_modalities", "context_window_compression", "tools", "proactivity"), UNREADABLE)
    assert judge(LIVE_38, setup) == Verdict((), (), ())
    assert judge(LIVE_38, {"response_modalities": ["AUDIO", UNREADABLE]}) == Verdict((), (), ())
    assert judge(THINKING_38, AUDIO | {"thinking_config": {"thinking_level": UNREADABLE}}) == Verdict((), (), ())


# --- models that the table does not know


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        ("gemini-4-live", ""),
        ("gemini-3.8-live-extended-thinkng", "Did you mean gemini-3.8-live-extended-thinking?"),
        ("gemini-3.5-transcribe-live", ""),
    ],
)
def test_an_unknown_model_is_allowed_with_a_warning(model: str, hint: str) -> None:
    verdict = judge(model, AUDIO | LEVEL)
    assert verdict.refusals == ()
    (warning,) = verdict.warnings
    assert warning.startswith(f"model: {model} is not in the table of rules of 2026-")
    assert hint in warning


def test_what_holds_for_all_known_models_is_a_warning_for_an_unknown_one() -> None:
    verdict = judge("gemini-4-live", {"response_modalities": ["TEXT"], "context_window_compression": {}})
    assert verdict.refusals == ()
    assert [line.split(" ")[0].rstrip(":") for line in verdict.warnings] == [
        "model",
        "config.response_modalities",
        "config.context_window_compression",
    ]


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gemini-3.8-live", LIVE_38),
        ("gemini-3.8-live-001", LIVE_38),
        ("gemini-3.8-live-extended-thinking", THINKING_38),
        ("gemini-3.1-flash-live-preview", LIVE_31),
        ("gemini-2.5-flash-native-audio-latest", "gemini-2.5-flash-native-audio"),
        ("gemini-2.5-flash-native-audio-preview-12-2025", "gemini-2.5-flash-native-audio"),
        ("gemini-3.5-live-translate-preview", TRANSLATE),
    ],
)
def test_every_spelling_of_a_model_is_of_one_family(model: str, family: str) -> None:
    assert [each.name for each in MODELS if each.ids.fullmatch(model)] == [family]


# --- weights


def made_up(effect: Effect, provenance: Provenance) -> Rule:
    return Rule((Model("m", re.compile("m")),), "", "", effect, provenance, "", lambda setup: ["config.x: odd."])


@pytest.mark.parametrize(
    ("effect", "provenance", "stops"),
    [
        (Effect.REFUSED, Provenance.MEASURED, True),
        (Effect.REFUSED, Provenance.DOCUMENTED, True),
        (Effect.REFUSED, Provenance.REPORTED, False),
        (Effect.UNSUPPORTED, Provenance.DOCUMENTED, False),
        (Effect.DEPENDS, Provenance.MEASURED, False),
    ],
)
def test_only_what_google_is_known_to_refuse_stops_a_start(
    effect: Effect, provenance: Provenance, *, stops: bool
) -> None:
    assert made_up(effect, provenance).stops == stops


def test_every_row_says_where_it_is_from() -> None:
    for rule in RULES:
        assert rule.source
        assert rule.says
    assert "[measured: hermes-agent#114116, 2026-10-01]" in judge(LIVE_38, AUDIO | LEVEL).refusals[0]
