"""Which models exist, and what they refuse in the effective setup."""

import pytest

from stand_ins.gemini_client import SETUP_COMPLETE, Gemini, Message, audio_setup


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


@pytest.mark.parametrize(
    ("generation", "modalities"),
    [
        ({}, "TEXT"),
        ({"responseModalities": []}, "TEXT"),
        ({"responseModalities": ["TEXT"]}, "TEXT"),
        ({"responseModalities": ["AUDIO", "TEXT"]}, "AUDIO, TEXT"),
    ],
)
def test_only_audio_can_be_asked_for_and_text_is_the_default(
    gemini: Gemini, generation: Message, modalities: str
) -> None:
    with gemini.connect_with_key() as live:
        live.send({"setup": audio_setup(generationConfig=generation)})
        assert live.closing() == (
            1007,
            f"The requested combination of response modalities ({modalities}) is not supported by the model",
        )


@pytest.mark.parametrize(
    "fields",
    [
        {"generationConfig": {"responseModalities": ["AUDIO"], "thinkingConfig": {"thinkingBudget": 0}}},
        {"proactivity": {"proactiveAudio": False}},
    ],
)
def test_gemini_3_8_live_refuses_thinking_and_switching_off_proactive_audio(gemini: Gemini, fields: Message) -> None:
    with gemini.connect_with_key() as live:
        live.send({"setup": audio_setup(**fields)})
        assert live.closing()[0] == 1007
    with gemini.connect_with_key() as live:
        other = audio_setup(**fields) | {"model": "models/gemini-3.8-live-extended-thinking"}
        assert live.start(other) == SETUP_COMPLETE


def test_gemini_3_8_live_accepts_proactive_audio_switched_on(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        assert live.start(audio_setup(proactivity={"proactiveAudio": True})) == SETUP_COMPLETE
