"""What a scenario makes the model do: answers, tool calls, interruptions, expectations."""

import base64
import wave
from pathlib import Path

import pytest

from gemini_live_stand_in import Answer, Connection, FunctionCall, Scenario, ToolCall
from gemini_live_stand_in.speech import RECORDINGS, recording
from stand_ins.gemini_client import (
    SETUP_COMPLETE,
    Gemini,
    Live,
    Message,
    audio,
    audio_setup,
    contents,
    heard,
    named,
    noted,
    quiet,
    said,
    speech,
    tone,
)

LIVE_3_8 = "models/gemini-3.8-live"
EXTENDED = "models/gemini-3.8-live-extended-thinking"
LIVE_3_1 = "models/gemini-3.1-flash-live-preview"
LIVE_2_5 = "models/gemini-2.5-flash-native-audio-latest"
WEATHER: Message = {"do": "tool_call", "calls": [{"name": "get_weather", "args": {"city": "Paris"}, "id": "fc_1"}]}
RAIN: Message = {"do": "answer", "say": "It is raining in Paris."}


def setup(model: str = LIVE_3_8, behavior: str | None = None, **fields: object) -> Message:
    """A setup that declares `get_weather` and asks for transcripts."""
    declaration: Message = {"name": "get_weather"} | ({"behavior": behavior} if behavior else {})
    thinking = {"thinkingConfig": {"thinkingLevel": "LOW"}} if model == EXTENDED else {}
    return audio_setup(
        model=model,
        generationConfig={"responseModalities": ["AUDIO"]} | thinking,
        tools=[{"functionDeclarations": [declaration]}],
        inputAudioTranscription={},
        outputAudioTranscription={},
        **fields,
    )


def sound(messages: list[Message]) -> bytes:
    parts = [content["modelTurn"]["parts"][0] for content in contents(messages) if "modelTurn" in content]
    return b"".join(base64.b64decode(part["inlineData"]["data"]) for part in parts)


def answer_call(live: Live, call: str = "fc_1") -> None:
    live.send(
        {"toolResponse": {"functionResponses": [{"id": call, "name": "get_weather", "response": {"sky": "rain"}}]}}
    )


# --- answers


def test_an_answer_has_its_own_words_and_as_much_sound(gemini: Gemini) -> None:
    gemini.play_steps({"do": "answer", "say": "Short."}, {"do": "answer", "say": "A sentence that is much longer."})
    with gemini.connect_with_key() as live:
        live.start(setup())
        short, long = live.ask(), live.ask()
        usual = live.ask()
    assert [said(short), said(long)] == ["Short.", "A sentence that is much longer."]
    assert len(sound(short)) == len("Short.") * 2880, "60 ms of tones for each character"
    assert len(sound(long)) == 31 * 2880
    assert said(usual) == RECORDINGS["still-know"], "after the steps it talks as without a scenario"


@pytest.mark.parametrize("name", RECORDINGS)
def test_an_answer_can_be_any_recording(gemini: Gemini, name: str) -> None:
    gemini.play_steps({"do": "answer", "recording": name})
    with gemini.connect_with_key() as live:
        live.start(setup())
        messages = live.ask()
    assert said(messages) == RECORDINGS[name]
    assert sound(messages) == recording(name).pcm


def test_an_answer_can_be_a_wav_file_with_a_transcript(gemini: Gemini, tmp_path: Path) -> None:
    pcm = tone(440, 0.3, 24_000)
    with wave.open(str(tmp_path / "beep.wav"), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(pcm)
    step = Answer(say="Beep.", wav=tmp_path / "beep.wav")
    gemini.stand_in.play(Scenario(connections=(Connection(steps=(step,)),)))
    with gemini.connect_with_key() as live:
        live.start(setup())
        messages = live.ask()
    assert sound(messages) == pcm
    assert said(messages) == "Beep."


@pytest.mark.parametrize("model", [LIVE_3_8, LIVE_3_1])
def test_an_answer_can_be_several_model_turns(gemini: Gemini, model: str) -> None:
    gemini.play_steps({"do": "answer", "model_turns": 3})
    with gemini.connect_with_key() as live:
        live.start(setup(model))
        live.send({"realtimeInput": {"text": "hello"}})
        messages = [*live.turn(), *live.turn(), *live.turn()]
    assert said(messages) == RECORDINGS["hello"]


def test_the_model_can_speak_first(gemini: Gemini) -> None:
    gemini.play_steps({"do": "answer", "say": "Are you there?", "unprompted": True})
    with gemini.connect_with_key() as live:
        live.start(setup())
        assert said(live.turn()) == "Are you there?"
        assert said(live.ask()) == RECORDINGS["remember"]


def test_the_model_can_stop_as_if_it_had_heard_the_user(gemini: Gemini) -> None:
    gemini.play_steps({"do": "answer", "interrupted_after_seconds": 0.5})
    with gemini.connect_with_key() as live:
        live.start(setup())
        *spoken, interrupted, completed = live.ask()
    assert interrupted == {"serverContent": {"interrupted": True}}
    assert completed["serverContent"] == {"turnComplete": True, "interactionStatus": "IDLE"}
    assert len(sound(spoken)) == 0.5 * 24_000 * 2
    assert not named(spoken, "serverContent", "generationComplete")


def test_the_users_words_are_those_of_the_scenario_turn_by_turn(gemini: Gemini) -> None:
    gemini.play_steps(
        {"do": "listen", "input_transcription": "What is the weather in Paris tomorrow morning?"},
        {"do": "answer"},
        {"do": "listen"},
        {"do": "answer"},
        {"do": "listen", "input_transcription": "Bye."},
    )
    with gemini.connect_with_key() as live:
        live.start(setup())
        words = []
        for _ in range(3):
            live.send(audio(speech(0.4) + quiet(0.6)))
            words.append(heard(live.turn()))
    assert words == ["What is the weather in Paris tomorrow morning?", "You spoke for 0.4 seconds.", "Bye."]


def test_a_turn_in_text_uses_up_the_words_of_its_turn(gemini: Gemini) -> None:
    gemini.play_steps(
        {"do": "listen", "input_transcription": "One."},
        {"do": "answer"},
        {"do": "listen", "input_transcription": "Two."},
        {"do": "answer"},
    )
    with gemini.connect_with_key() as live:
        live.start(setup())
        assert heard(live.ask()) == ""
        live.send(audio(speech(0.4) + quiet(0.6)))
        assert heard(live.turn()) == "Two."


def test_the_user_can_talk_over_an_answer_of_a_scenario(gemini: Gemini) -> None:
    gemini.configure(pace=1.0)
    gemini.play_steps({"do": "answer", "recording": "still-know"}, {"do": "answer", "say": "Yes?"})
    with gemini.connect_with_key() as live:
        live.start(setup())
        live.send({"realtimeInput": {"text": "hello"}})
        live.receive_until("serverContent", "modelTurn")
        live.send({"realtimeInput": {"text": "stop"}})
        assert named(live.turn(), "serverContent", "interrupted")
        assert said(live.turn()) == "Yes?"


def test_two_questions_at_once_are_two_turns(gemini: Gemini) -> None:
    gemini.play_steps({"do": "answer", "say": "One."}, {"do": "answer", "say": "Two."})
    with gemini.connect_with_key() as live:
        live.start(setup())
        live.send({"realtimeInput": {"text": "one"}})
        live.send({"realtimeInput": {"text": "two"}})
        messages = [*live.turn(), *live.turn()]
    assert "Two." in said(messages)
    assert [turn.text for turn in gemini.talk.turns] == ["one", "two"]


# --- which connection


def test_each_connection_plays_its_own_part_and_the_later_ones_are_as_usual(gemini: Gemini) -> None:
    gemini.play({"connection": [{"steps": [{"do": "answer", "say": word}]} for word in ("One.", "Two.")]})
    answers = []
    for _ in range(3):
        with gemini.connect_with_key() as live:
            live.start(setup())
            answers.append(said(live.ask()))
    assert answers == ["One.", "Two.", RECORDINGS["hello"]]


def test_a_scenario_can_repeat(gemini: Gemini) -> None:
    gemini.play({"repeat": True, "mint": [{"not_json": True}, {}], "connection": [{"steps": [RAIN]}]})
    for _ in range(2):
        with gemini.connect_with_key() as live:
            live.start(setup())
            assert said(live.ask()) == RAIN["say"]
    assert [gemini.post({}).headers["content-type"][:9] for _ in range(4)] == ["text/html", "applicati"] * 2


def test_playing_nothing_drops_what_is_left(gemini: Gemini) -> None:
    gemini.play_steps(RAIN)
    gemini.stand_in.play(None)
    with gemini.connect_with_key() as live:
        live.start(setup())
        assert said(live.ask()) == RECORDINGS["hello"]


def test_a_connection_that_is_refused_has_played_its_part(gemini: Gemini) -> None:
    gemini.play_steps(RAIN)
    with gemini.connect("auth_tokens/none") as live:
        assert live.closing()[0] == 1007
    with gemini.connect_with_key() as live:
        live.start(setup())
        assert said(live.ask()) == RECORDINGS["hello"]


# --- tools


@pytest.mark.parametrize("model", [LIVE_3_8, EXTENDED, LIVE_3_1, LIVE_2_5])
def test_a_tool_is_asked_for_and_the_answer_waits_for_its_response(gemini: Gemini, model: str) -> None:
    gemini.play_steps(WEATHER, RAIN | {"model_turns": 1})
    with gemini.connect_with_key() as live:
        live.start(setup(model))
        live.send({"realtimeInput": {"text": "What is the weather?"}})
        assert live.receive() == {
            "toolCall": {"functionCalls": [{"id": "fc_1", "name": "get_weather", "args": {"city": "Paris"}}]}
        }
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        answer_call(live)
        messages = live.turn()
    assert said(messages) == "It is raining in Paris."
    assert len(named(messages, "serverContent", "turnComplete")) == 1, "one for the whole turn"
    (response,) = gemini.talk.tool_responses
    assert (response.id, response.name, response.response) == ("fc_1", "get_weather", {"sky": "rain"})
    assert response.expected


def test_calls_without_ids_are_given_some_and_all_must_be_answered(gemini: Gemini) -> None:
    call = {"name": "get_weather"}
    gemini.play_steps({"do": "tool_call", "calls": [call, call]}, RAIN)
    with gemini.connect_with_key() as live:
        live.start(setup())
        live.send({"realtimeInput": {"text": "What is the weather?"}})
        first, second = (call["id"] for call in live.receive()["toolCall"]["functionCalls"])
        assert first != second
        answer_call(live, first)
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        answer_call(live, second)
        assert said(live.turn()) == "It is raining in Paris."


def test_a_call_is_cancelled_if_no_response_comes_in_time(gemini: Gemini) -> None:
    gemini.play_steps(WEATHER | {"cancel_after_seconds": 3}, RAIN)
    with gemini.connect_with_key() as live:
        live.start(setup())
        live.send({"realtimeInput": {"text": "What is the weather?"}})
        live.receive_until("toolCall")
        gemini.clock.advance(seconds=3)
        assert live.receive() == {"toolCallCancellation": {"ids": ["fc_1"]}}
        assert said(live.turn()) == "It is raining in Paris."
        answer_call(live)
        live.ask()
    (response,) = gemini.talk.tool_responses
    assert not response.expected, "it came too late"


def test_a_call_that_was_answered_is_not_cancelled(gemini: Gemini) -> None:
    gemini.play_steps(WEATHER | {"cancel_after_seconds": 3}, RAIN)
    with gemini.connect_with_key() as live:
        live.start(setup())
        live.send({"realtimeInput": {"text": "What is the weather?"}})
        live.receive_until("toolCall")
        answer_call(live)
        live.turn()
        gemini.clock.advance(seconds=3)
        with pytest.raises(TimeoutError):
            live.receive_within(0.2)


@pytest.mark.parametrize(
    ("model", "behavior"), [(LIVE_3_1, None), (LIVE_2_5, None), (LIVE_3_8, "BLOCKING"), (LIVE_3_1, "BLOCKING")]
)
def test_talking_over_a_blocking_call_cancels_it(gemini: Gemini, model: str, behavior: str | None) -> None:
    gemini.play_steps(WEATHER, {"do": "answer", "say": "Never mind."})
    with gemini.connect_with_key() as live:
        live.start(setup(model, behavior))
        live.send({"realtimeInput": {"text": "What is the weather?"}})
        live.receive_until("toolCall")
        live.send({"realtimeInput": {"text": "Forget it."}})
        assert live.receive() == {"toolCallCancellation": {"ids": ["fc_1"]}}
        assert said(live.turn()) == "Never mind.", "the answer is to the second question"
    assert [turn.text for turn in gemini.talk.turns] == ["What is the weather?", "Forget it."]


@pytest.mark.parametrize(
    ("model", "behavior"), [(LIVE_3_8, None), (EXTENDED, None), (EXTENDED, "NON_BLOCKING"), (LIVE_3_1, "NON_BLOCKING")]
)
def test_talking_over_a_non_blocking_call_leaves_it(gemini: Gemini, model: str, behavior: str | None) -> None:
    gemini.play_steps(WEATHER, RAIN | {"model_turns": 1})
    with gemini.connect_with_key() as live:
        live.start(setup(model, behavior))
        live.send({"realtimeInput": {"text": "What is the weather?"}})
        live.receive_until("toolCall")
        live.send({"realtimeInput": {"text": "And how are you?"}})
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        answer_call(live)
        assert said(live.turn()) == "It is raining in Paris."


def test_the_model_can_talk_on_while_a_function_runs(gemini: Gemini) -> None:
    gemini.play_steps(
        WEATHER | {"wait": False}, {"do": "answer", "say": "One moment."}, {"do": "await_tool_response"}, RAIN
    )
    with gemini.connect_with_key() as live:
        live.start(setup())
        live.send({"realtimeInput": {"text": "What is the weather?"}})
        messages = live.turn()
        assert "toolCall" in messages[0]
        assert said(messages) == "One moment."
        answer_call(live)
        assert said(live.turn()) == "It is raining in Paris."


def test_a_call_of_a_function_that_is_not_declared_is_made_and_noted(gemini: Gemini) -> None:
    calls = (FunctionCall(name="open_door"), FunctionCall(name="get_weather"))
    gemini.stand_in.play(Scenario(connections=(Connection(steps=(ToolCall(calls=calls, wait=False),)),)))
    with gemini.connect_with_key() as live:
        live.start(setup())
        live.send({"realtimeInput": {"text": "Open!"}})
        assert live.receive_until("toolCall")
    assert gemini.talk.unmet == ("a declaration of the function open_door in the setup",)


# --- what the microphone sends


@pytest.mark.parametrize(
    ("expected", "pcm", "unmet"),
    [
        ({"sound": "tone", "hz": 440, "min_seconds": 0.9, "max_seconds": 1.1}, tone(440, 1.0), ()),
        ({"sound": "tone", "hz": 440}, tone(440, 1.0, 48_000), ("a tone of 440 Hz from 0 s; there came a tone of ",)),
        ({"sound": "tone", "hz": 440, "max_seconds": 0.5}, tone(440, 1.0), ("a tone of 440 Hz from 0 s to 0.5 s; ",)),
        ({"sound": "tone", "hz": 440, "min_seconds": 2}, tone(440, 1.0), ("a tone of 440 Hz from 2 s; there came ",)),
        ({"sound": "speech", "min_seconds": 0.5}, recording("hello").pcm, ()),
        ({"sound": "speech"}, tone(440, 1.0), ("speech from 0 s; there came a tone of 4",)),
        ({"sound": "tone", "hz": 440}, recording("hello").pcm, ("a tone of 440 Hz from 0 s; there came speech of ",)),
    ],
)
def test_a_turn_can_be_expected_to_sound_like_something(
    gemini: Gemini, expected: Message, pcm: bytes, unmet: tuple[str, ...]
) -> None:
    gemini.play_steps({"do": "listen", "expect": expected}, RAIN)
    with gemini.connect_with_key() as live:
        live.start(setup())
        live.send(audio(pcm + quiet(0.6)))
        assert said(live.turn()) == RAIN["say"], "the conversation goes on either way"
    found = gemini.talk.unmet
    assert len(found) == len(unmet)
    assert all(text.startswith(start) for text, start in zip(found, unmet, strict=True))


def test_a_turn_that_was_typed_is_no_speech(gemini: Gemini) -> None:
    gemini.play_steps({"do": "listen", "expect": {"sound": "speech"}}, RAIN)
    with gemini.connect_with_key() as live:
        live.start(setup())
        live.ask()
    assert gemini.talk.unmet == ("speech from 0 s; there came quiet of 0 s",)


def test_without_a_step_that_is_due_nothing_is_said(gemini: Gemini) -> None:
    gemini.play_steps({"do": "wait", "seconds": 60}, RAIN)
    with gemini.connect_with_key() as live:
        assert live.start(setup()) == SETUP_COMPLETE
        noted(gemini, "wait")
        live.send({"realtimeInput": {"text": "hello"}})
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        gemini.clock.advance(seconds=60)
        assert said(live.turn()) == RAIN["say"], "what was asked meanwhile is answered then"
