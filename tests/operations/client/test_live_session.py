"""A session with the stand-in for Gemini: where a reply ends."""

import math
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gemini_live_stand_in import GeminiStandIn, StandInConfig, create_app
from gemini_live_stand_in.serving import serve
from live_tokens_operations.client.live_session import LiveSession, SessionSilentError, live_session

KEY = "local-gemini-key"
WHOLE = "Hello, I am the stand-in for Gemini."
EXTENDED = "gemini-3.8-live-extended-thinking"
LIVE_3_1 = "gemini-3.1-flash-live-preview"


@contextmanager
def session(model: str, model_turns: int | None = None) -> Iterator[LiveSession]:
    config = StandInConfig(api_keys=frozenset({KEY}), pace=0, model_turns=model_turns)
    generation: dict[str, Any] = {"responseModalities": ["AUDIO"]}
    if model == EXTENDED:
        generation["thinkingConfig"] = {"thinkingLevel": "LOW"}
    setup = {"model": f"models/{model}", "generationConfig": generation, "outputAudioTranscription": {}}
    path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    with (
        serve(create_app(GeminiStandIn(config))) as address,
        live_session(f"ws://{address}{path}", setup, {"x-goog-api-key": KEY}, seconds=5) as open_session,
    ):
        yield open_session


@pytest.mark.parametrize(
    ("model", "model_turns"),
    [("gemini-3.8-live", None), ("gemini-3.8-live", 3), (EXTENDED, None), (LIVE_3_1, None)],
)
def test_a_reply_is_all_that_the_model_says_to_a_prompt(model: str, model_turns: int | None) -> None:
    with session(model, model_turns) as talk:
        assert talk.ask("Who are you?").transcript == WHOLE
        assert talk.ask("And who am I?").transcript == "I remember what you told me."


def test_a_spoken_question_is_answered_too() -> None:
    sound = array("h", [int(9000 * math.sin(i / 5)) for i in range(16_000)]).tobytes()
    with session("gemini-3.8-live") as talk:
        talk.speak(sound, rate=16_000)
        with pytest.raises(SessionSilentError):
            talk.wait_for_reply(seconds=0.1)
        talk.speak(bytes(2 * 16_000), rate=16_000)
        assert talk.wait_for_reply().transcript == WHOLE
