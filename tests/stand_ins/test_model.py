"""Which models exist, and what each refuses in the effective setup."""

from typing import Any

import pytest

from gemini_live_stand_in.model_rules import EVERY_MODEL, EXTENDED_THINKING, LIVE_3_1, LIVE_3_8, RULES
from gemini_live_stand_in.stand_in import DEFAULT_MODELS
from stand_ins.gemini_client import SETUP_COMPLETE, Gemini, Message, audio_setup

OTHER_LIVE = "gemini-2.5-flash-native-audio-latest"


def setup_of(model: str, generation: Message | None = None, **fields: Any) -> Message:
    config: Message = {"responseModalities": ["AUDIO"]} | (generation or {})
    return {"model": f"models/{model}", "generationConfig": config} | fields


def declared(**function: object) -> Message:
    return {"tools": [{"functionDeclarations": [{"name": "search", "description": "Look it up"} | function]}]}


def closing(gemini: Gemini, setup: Message) -> tuple[int, str]:
    """How a session with this setup ends, by way of a token that is locked to it."""
    return gemini.closing_of(gemini.mint_locked(setup), {})


@pytest.mark.parametrize("version", ["v1alpha", "v1beta"])
@pytest.mark.parametrize("model", ["models/gemini-2.0-flash-exp", "models/publishers/google/x"])
def test_an_unknown_model_is_not_found(gemini: Gemini, version: str, model: str) -> None:
    with gemini.connect_with_key(version=version) as live:
        live.send({"setup": audio_setup(model=model)})
        code, reason = live.closing()
    assert code == 1008
    full = (
        f"{model} is not found for API version {version}, or is not supported for bidiGenerateContent. "
        "Call ListModels to see the list of available models and their supported methods."
    )
    assert reason == full[:123]


@pytest.mark.parametrize("model", [None, "", "gemini-3.8-live"])
def test_a_model_must_be_given_in_full(gemini: Gemini, model: str | None) -> None:
    with gemini.connect_with_key() as live:
        live.send({"setup": audio_setup(model=model)})
        code, reason = live.closing()
    assert code == 1007
    assert "BidiGenerateContentSetup.model" in reason


@pytest.mark.parametrize("name", ["gemini-9-live", "models/gemini-9-live"])
def test_models_can_be_added(gemini: Gemini, name: str) -> None:
    gemini.configure(models=frozenset({name}))
    with gemini.connect_with_key() as live:
        assert live.start(audio_setup(model="models/gemini-9-live")) == SETUP_COMPLETE
    with gemini.connect_with_key() as live:
        live.send({"setup": audio_setup()})
        assert live.closing()[0] == 1008


def test_every_rule_is_of_a_model_that_exists_and_names_its_sources() -> None:
    assert {rule.model for rule in RULES} <= DEFAULT_MODELS | {EVERY_MODEL}
    assert all(rule.sources for rule in RULES)


@pytest.mark.parametrize("model", sorted(DEFAULT_MODELS))
@pytest.mark.parametrize(
    ("modalities", "named"),
    [
        (None, "TEXT"),
        ([], "TEXT"),
        (["TEXT"], "TEXT"),
        ("text", "TEXT"),
        (["AUDIO", "TEXT"], "AUDIO, TEXT"),
        (["VIDEO"], "VIDEO"),
        (["MODALITY_UNSPECIFIED"], "MODALITY_UNSPECIFIED"),
    ],
)
def test_only_audio_can_be_asked_for_and_text_is_the_default(
    gemini: Gemini, model: str, modalities: object, named: str
) -> None:
    level = {"thinkingConfig": {"thinkingLevel": "LOW"}} if model == EXTENDED_THINKING else {}
    assert closing(gemini, setup_of(model, level | {"responseModalities": modalities})) == (
        1007,
        f"The requested combination of response modalities ({named}) is not supported by the model",
    )


@pytest.mark.parametrize("model", sorted(DEFAULT_MODELS))
@pytest.mark.parametrize("compression", [{}, {"triggerTokens": "12000"}, {"trigger_tokens": 12000}])
def test_compression_needs_a_sliding_window(gemini: Gemini, model: str, compression: Message) -> None:
    level = {"thinkingConfig": {"thinkingLevel": "LOW"}} if model == EXTENDED_THINKING else {}
    refused = setup_of(model, level, contextWindowCompression=compression)
    assert closing(gemini, refused) == (1007, "Request contains an invalid argument.")
    accepted = setup_of(model, level, contextWindowCompression=compression | {"slidingWindow": {}})
    assert gemini.works(gemini.mint_locked(accepted), {})


LOW: Message = {"thinkingConfig": {"thinkingLevel": "LOW"}}


@pytest.mark.parametrize(
    ("setup", "reason"),
    [
        (setup_of(EXTENDED_THINKING), "Thinking level must be specified for this model."),
        (
            setup_of(EXTENDED_THINKING, {"thinkingConfig": {"thinkingBudget": 0}}),
            "Thinking level must be specified for this model.",
        ),
        (
            setup_of(EXTENDED_THINKING, {"thinkingConfig": {"thinkingLevel": "minimal"}}),
            "Thinking level MINIMAL is not supported for this model",
        ),
        (
            setup_of(EXTENDED_THINKING, LOW, **declared(behavior="BLOCKING")),
            "BLOCKING function calls are not supported for this model",
        ),
        (
            setup_of(EXTENDED_THINKING, LOW, proactivity={"proactiveAudio": True}),
            "Invalid JSON payload received. Unknown name \"proactivity\" at 'setup': Cannot find field.",
        ),
        (
            setup_of(EXTENDED_THINKING, LOW | {"enableAffectiveDialog": False}),
            (
                "Invalid JSON payload received. Unknown name \"enableAffectiveDialog\" at 'setup.generation_config': "
                "Cannot find field."
            )[:123],
        ),
        (setup_of(LIVE_3_8, LOW), "Thinking level is not supported for this model"),
        (
            setup_of(LIVE_3_8, {"thinkingConfig": {"thinkingBudget": 0}}),
            "Thinking level is not supported for this model",
        ),
        (
            setup_of(LIVE_3_8, proactivity={"proactiveAudio": False}),
            "proactive_audio cannot be disabled for the model",
        ),
    ],
)
def test_a_model_refuses_what_it_does_not_take(gemini: Gemini, setup: Message, reason: str) -> None:
    assert closing(gemini, setup) == (1007, reason)


@pytest.mark.parametrize(
    "setup",
    [
        setup_of(EXTENDED_THINKING, LOW),
        setup_of(EXTENDED_THINKING, {"thinkingConfig": {"thinkingLevel": "medium"}}),
        setup_of(EXTENDED_THINKING, {"thinkingConfig": {"thinkingLevel": "HIGH"}}),
        setup_of(EXTENDED_THINKING, LOW, **declared(behavior="NON_BLOCKING")),
        setup_of(LIVE_3_8, **declared(behavior="BLOCKING")),
        setup_of(LIVE_3_8, proactivity={"proactiveAudio": True}),
        setup_of(LIVE_3_8, proactivity={}),
        setup_of(LIVE_3_8, {"mediaResolution": "MEDIA_RESOLUTION_LOW"}),
        setup_of(LIVE_3_8, tools=[{"urlContext": {}}, {"codeExecution": {}}, {"googleMaps": {}}]),
        setup_of(LIVE_3_8, tools=[{"computerUse": {"environment": "ENVIRONMENT_BROWSER"}}]),
        setup_of(LIVE_3_1, tools=[{"googleSearchRetrieval": {}}]),
        setup_of(LIVE_3_1, {"thinkingConfig": {"thinkingLevel": "MINIMAL"}, "temperature": 0.8, "topP": 0.95}),
        setup_of(LIVE_3_1, {"enableAffectiveDialog": True}),
        setup_of(LIVE_3_1, proactivity={"proactiveAudio": True}),
        setup_of(LIVE_3_1, historyConfig={"initialHistoryInClientContent": True}),
        setup_of(LIVE_3_1, **declared(parametersJsonSchema={"type": "object", "additionalProperties": False})),
        setup_of(OTHER_LIVE, {"enableAffectiveDialog": True}, proactivity={"proactiveAudio": True}),
        setup_of(OTHER_LIVE, {"thinkingConfig": {"thinkingBudget": 0}}),
        setup_of(
            "gemini-3.5-live-translate-preview",
            {"translationConfig": {"targetLanguageCode": "ja", "echoTargetLanguage": False}},
            inputAudioTranscription={},
            outputAudioTranscription={},
        ),
        setup_of(
            LIVE_3_1,
            realtimeInputConfig={
                "activityHandling": "NO_INTERRUPTION",
                "turnCoverage": "TURN_INCLUDES_ALL_INPUT",
                "automaticActivityDetection": {
                    "disabled": False,
                    "startOfSpeechSensitivity": "START_SENSITIVITY_HIGH",
                    "endOfSpeechSensitivity": "END_SENSITIVITY_HIGH",
                    "silenceDurationMs": 500,
                    "prefixPaddingMs": 200,
                },
            },
        ),
    ],
)
def test_a_model_takes_what_nobody_has_seen_refused(gemini: Gemini, setup: Message) -> None:
    assert gemini.works(gemini.mint_locked(setup), {})


def test_affective_dialog_with_proactivity_is_never_answered_on_3_1(gemini: Gemini) -> None:
    setup = setup_of(LIVE_3_1, {"enableAffectiveDialog": True}, proactivity={"proactiveAudio": True})
    with gemini.connect(gemini.mint_locked(setup)) as live:
        live.send({"setup": {}})
        live.send({"realtimeInput": {"text": "hello?"}})
        with pytest.raises(TimeoutError):
            live.receive_within(0.2)
        gemini.clock.advance(minutes=30)
        assert live.closing() == (1011, "auth token has expired")


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        (declared(parameters={"type": "object", "additionalProperties": False}), 'Unknown name "additionalProperties"'),
        (
            declared(parameters={"type": "object", "additional_properties": False}),
            'Unknown name "additional_properties"',
        ),
        (declared(parameters={"type": ["string", "null"]}), "Proto field is not repeating, cannot start list."),
        ({"tools": [{"mcpServers": [{"name": "x"}]}]}, 'Unknown name "mcpServers"'),
        ({"avatarConfig": {"avatarName": "Kira"}}, 'Unknown name "avatarConfig"'),
        ({"generationConfig": {"thinkingConfig": {"thinkingLevel": "ultra"}}}, "Invalid value at"),
        ({"generationConfig": {"mediaResolution": "LOW"}}, "Invalid value at"),
        (
            {"realtimeInputConfig": {"automaticActivityDetection": {"startOfSpeechSensitivity": "HIGH"}}},
            "Invalid value at",
        ),
    ],
)
def test_what_the_schema_does_not_have_is_refused_by_the_mint(gemini: Gemini, fields: Message, fault: str) -> None:
    response = gemini.post({"bidiGenerateContentSetup": audio_setup(**fields)})
    assert response.status_code == 400
    assert fault in response.json()["error"]["message"]
