"""Turns: what completes a question, what a reply consists of, what interrupts it."""

import base64
from array import array

import pytest

from gemini_live_stand_in.speech import RECORDINGS, recording
from stand_ins.gemini_client import (
    Gemini,
    Live,
    Message,
    audio,
    audio_setup,
    contents,
    has,
    heard,
    manual_setup,
    named,
    quiet,
    said,
    speech,
    text_turn,
)

LIVE_3_8 = "models/gemini-3.8-live"
EXTENDED = "models/gemini-3.8-live-extended-thinking"
LIVE_3_1 = "models/gemini-3.1-flash-live-preview"
LIVE_2_5 = "models/gemini-2.5-flash-native-audio-latest"
LIVE_SETUPS: dict[str, Message] = {model: audio_setup(model=model) for model in (LIVE_3_8, LIVE_3_1, LIVE_2_5)} | {
    EXTENDED: {
        "model": EXTENDED,
        "generationConfig": {"responseModalities": "audio", "thinkingConfig": {"thinkingLevel": "low"}},
    }
}


def statuses(messages: list[Message]) -> list[str]:
    return [content["interactionStatus"] for content in contents(messages) if "interactionStatus" in content]


# --- a turn


def test_a_reply_is_speech_in_chunks_then_generation_complete_then_turn_complete(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        messages = live.ask()
    *chunks, generated, completed = messages
    assert len(chunks) >= 10
    parts = [chunk["serverContent"]["modelTurn"]["parts"][0]["inlineData"] for chunk in chunks]
    assert {part["mimeType"] for part in parts} == {"audio/pcm;rate=24000"}
    pcm = [base64.b64decode(part["data"]) for part in parts]
    assert {len(piece) for piece in pcm[:-1]} == {4800}, "100 ms each"
    assert 1.0 < len(b"".join(pcm)) / 2 / 24_000 < 2.5
    assert max(array("h", b"".join(pcm))) > 5000, "it can be heard"
    assert generated == {"serverContent": {"generationComplete": True}}
    assert completed["serverContent"] == {"turnComplete": True, "interactionStatus": "IDLE"}


def test_turn_complete_comes_with_the_usage(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        usage = live.ask("a question of some length")[-1]["usageMetadata"]
    assert usage["promptTokensDetails"] == [{"modality": "TEXT", "tokenCount": 7}]
    assert usage["responseTokensDetails"] == [{"modality": "AUDIO", "tokenCount": usage["responseTokenCount"]}]
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["responseTokenCount"]


def test_turn_complete_is_held_until_the_audio_would_have_been_heard(gemini: Gemini) -> None:
    gemini.configure(pace=1.0)
    with gemini.connect_with_key() as live:
        live.start()
        live.send({"realtimeInput": {"text": "hello"}})
        live.receive_until("serverContent", "generationComplete")
        with pytest.raises(TimeoutError):
            live.receive_within(0.2)


def test_output_transcription_comes_in_pieces_if_it_was_set_up(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(outputAudioTranscription={}))
        pieces = named(live.ask(), "serverContent", "outputTranscription", "text")
    texts = [piece["serverContent"]["outputTranscription"]["text"] for piece in pieces]
    assert len(texts) > 1
    assert "".join(texts) == "Hello, I am the stand-in for Gemini."


def test_there_is_no_transcription_unless_it_was_set_up(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send(audio(speech(0.4) + quiet(0.6)))
        messages = live.turn()
    assert not named(messages, "serverContent", "outputTranscription")
    assert not named(messages, "serverContent", "inputTranscription")


@pytest.mark.parametrize(
    "message",
    [
        {"realtimeInput": {"text": "hello"}},
        {"realtime_input": {"text": "hello"}},
        text_turn(turnComplete=True),
        {"client_content": {"turns": [{"parts": [{"text": "hello"}]}], "turn_complete": True}},
        {"clientContent": {"turnComplete": True}},
    ],
)
def test_text_is_answered(gemini: Gemini, message: Message) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send(message)
        assert named(live.turn(), "serverContent", "modelTurn")


@pytest.mark.parametrize("incomplete", [{}, {"turnComplete": False}])
def test_client_content_is_answered_only_when_the_turn_is_complete(gemini: Gemini, incomplete: Message) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send(text_turn(**incomplete))
        assert live.receive() == {"serverContent": {"waitingForInput": True}}
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        live.send(text_turn(turnComplete=True))
        assert live.turn()[-1]["usageMetadata"]["promptTokenCount"] == 3, "both parts of the turn count"


def test_video_is_accepted_and_not_answered(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send({"realtimeInput": {"video": {"data": "AAAA", "mimeType": "image/jpeg"}}})
        assert len(named(live.ask(), "serverContent", "turnComplete")) == 1


def test_every_later_turn_says_in_other_words_that_the_context_has_survived(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(outputAudioTranscription={}, sessionResumption={}))
        before = [said(live.ask()) for _ in range(3)]
        handle = live.receive_until("sessionResumptionUpdate", "newHandle")[-1]["sessionResumptionUpdate"]["newHandle"]
    with gemini.connect_with_key() as live:
        live.start(audio_setup(outputAudioTranscription={}, sessionResumption={"handle": handle}))
        after = [said(live.ask()) for _ in range(3)]
    assert before == list(RECORDINGS.values())[:3]
    assert after == [*list(RECORDINGS.values())[3:], RECORDINGS["remember"]]


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_recording_can_be_heard(name: str) -> None:
    speech = recording(name)
    assert 1.0 < speech.seconds < 3.0
    assert max(array("h", speech.pcm)) > 20_000


# --- spoken turns


def test_speech_followed_by_quiet_is_a_turn(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(inputAudioTranscription={}))
        for _ in range(10):
            live.send(audio(speech(0.04)))
        for _ in range(13):
            live.send(audio(quiet(0.04)))
        messages = live.turn()
    assert heard(messages) == "You spoke for 0.4 seconds."
    assert {"modality": "AUDIO", "tokenCount": 10} in messages[-1]["usageMetadata"]["promptTokensDetails"]


@pytest.mark.parametrize("milliseconds", [None, 200])
def test_a_turn_ends_after_the_silence_duration_and_not_before(gemini: Gemini, milliseconds: int | None) -> None:
    needed = (milliseconds or 500) / 1000
    detection = {"automaticActivityDetection": {"silenceDurationMs": milliseconds}}
    with gemini.connect_with_key() as live:
        live.start(audio_setup(realtimeInputConfig=detection))
        live.send(audio(speech(0.3)))
        live.send(audio(quiet(needed - 0.04)))
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        live.send(audio(quiet(0.04)))
        assert named(live.turn(), "serverContent", "modelTurn")


def test_quiet_alone_is_never_a_turn(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send(audio(quiet(2)))
        live.send({"realtimeInput": {"audioStreamEnd": True}})
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)


@pytest.mark.parametrize("model", [LIVE_3_1, LIVE_2_5])
def test_the_end_of_the_audio_stream_ends_a_spoken_turn(gemini: Gemini, model: str) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(model=model))
        live.send(audio(speech(0.3)))
        live.send({"realtimeInput": {"audioStreamEnd": True}})
        assert named(live.turn(), "serverContent", "modelTurn")


@pytest.mark.parametrize("model", [LIVE_3_8, EXTENDED])
def test_3_8_ignores_the_end_of_the_audio_stream_and_waits_for_quiet(gemini: Gemini, model: str) -> None:
    with gemini.connect_with_key() as live:
        live.start(LIVE_SETUPS[model])
        live.send(audio(speech(0.3)))
        live.send({"realtimeInput": {"audioStreamEnd": True}})
        if model == EXTENDED:
            assert live.receive() == {"voiceActivity": {"voiceActivityType": "ACTIVITY_START"}}
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        live.send(audio(quiet(0.6)))
        assert named(live.turn(), "serverContent", "modelTurn")


def test_input_is_transcribed_in_fragments_while_the_user_speaks(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(inputAudioTranscription={}))
        live.send(audio(speech(0.2)))
        spoken = [live.receive(), live.receive()]
        live.send(audio(speech(0.2) + quiet(0.6)))
        messages = [*spoken, *live.turn()]
    fragments = named(messages, "serverContent", "inputTranscription")
    assert len(fragments) == 4
    assert all(set(fragment["serverContent"]["inputTranscription"]) == {"text"} for fragment in fragments)
    assert heard(messages) == "You spoke for 0.4 seconds."
    assert messages.index(fragments[-1]) < messages.index(named(messages, "serverContent", "modelTurn")[0])


def test_every_utterance_is_transcribed_anew(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(inputAudioTranscription={}))
        for seconds in (0.04, 0.8):
            live.send(audio(speech(seconds) + quiet(0.6)))
            assert heard(live.turn()).startswith("You spoke for ")


def test_an_utterance_in_one_message_with_an_odd_number_of_bytes_is_heard_too(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        pcm = speech(0.5) + quiet(0.6)
        live.send(audio(pcm[:777]))
        live.send(audio(pcm[777:]))
        assert named(live.turn(), "serverContent", "modelTurn")


def test_the_declared_rate_counts(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(inputAudioTranscription={}))
        live.send(audio(speech(1.0, 48_000), "audio/pcm;rate=48000"))
        live.send(audio(quiet(0.6)))
        assert heard(live.turn()) == "You spoke for 1.0 seconds."


@pytest.mark.parametrize("mime_type", ["", "audio/wav", "audio/pcm;rate=0", "image/jpeg"])
def test_other_audio_than_pcm_is_refused(gemini: Gemini, mime_type: str) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send(audio(quiet(0.1), mime_type))
        assert live.closing()[0] == 1007


def test_with_voice_detection_disabled_the_activity_marks_bound_the_turn(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(manual_setup(inputAudioTranscription={}))
        live.send({"realtimeInput": {"activityStart": {}}})
        live.send(audio(speech(0.4) + quiet(1.6)))
        spoken = [live.receive() for _ in range(3)]
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        live.send({"realtimeInput": {"activityEnd": {}}})
        assert heard([*spoken, *live.turn()]) == "You spoke for 2.0 seconds."


def test_with_voice_detection_disabled_the_end_of_the_stream_is_no_turn(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(manual_setup(model=LIVE_3_1))
        live.send(audio(speech(0.4)))
        live.send({"realtimeInput": {"audioStreamEnd": True}})
        live.send({"realtimeInput": {"activityEnd": {}}})
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)


@pytest.mark.parametrize("mark", ["activityStart", "activityEnd"])
def test_activity_marks_are_refused_while_voice_detection_is_on(gemini: Gemini, mark: str) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send({"realtimeInput": {mark: {}}})
        assert live.closing() == (1007, "explicit activity control is not supported")


def test_the_lock_decides_about_voice_detection(gemini: Gemini) -> None:
    with gemini.connect(gemini.mint_locked()) as live:
        live.start(manual_setup())
        live.send({"realtimeInput": {"activityStart": {}}})
        assert live.closing() == (1007, "explicit activity control is not supported")


# --- interruptions


def interrupt(live: Live, message: Message) -> list[Message]:
    """Start a reply, talk over it as soon as it has begun, and return what follows up to the end of that turn."""
    live.send({"realtimeInput": {"text": "hello"}})
    live.receive_until("serverContent", "modelTurn")
    live.send(message)
    return live.turn()


@pytest.mark.parametrize(
    "message",
    [
        {"realtimeInput": {"text": "stop"}},
        text_turn(turnComplete=True),
        text_turn(),
        audio(speech(0.1)),
    ],
)
def test_new_input_during_a_reply_interrupts_it(gemini: Gemini, message: Message) -> None:
    gemini.configure(pace=1.0)
    with gemini.connect_with_key() as live:
        live.start()
        *heard, interrupted, completed = interrupt(live, message)
    assert interrupted == {"serverContent": {"interrupted": True}}
    assert completed["serverContent"]["turnComplete"] is True
    assert not named(heard, "serverContent", "generationComplete")


def test_an_activity_start_interrupts(gemini: Gemini) -> None:
    gemini.configure(pace=1.0)
    with gemini.connect_with_key() as live:
        live.start(manual_setup())
        assert named(interrupt(live, {"realtimeInput": {"activityStart": {}}}), "serverContent", "interrupted")


def test_quiet_audio_does_not_interrupt(gemini: Gemini) -> None:
    gemini.configure(pace=0.05)
    with gemini.connect_with_key() as live:
        live.start()
        assert not named(interrupt(live, audio(quiet(0.1))), "serverContent", "interrupted")


def test_the_interrupting_question_is_answered(gemini: Gemini) -> None:
    gemini.configure(pace=0.3)
    with gemini.connect_with_key() as live:
        live.start(audio_setup(sessionResumption={}, outputAudioTranscription={}))
        interrupt(live, {"realtimeInput": {"text": "and now?"}})
        assert has(live.receive(), "sessionResumptionUpdate", "newHandle"), "also after an interrupted turn"
        answer = live.turn()
    assert named(answer, "serverContent", "generationComplete")
    assert named(answer, "serverContent", "outputTranscription")[0]["serverContent"]["outputTranscription"] == {
        "text": "I"
    }


# --- several model turns, and what else differs between models


def idle(live: Live) -> list[Message]:
    """All messages up to the one that says that nothing more will come."""
    messages: list[Message] = []
    while statuses(messages)[-1:] != ["IDLE"]:
        messages.append(live.receive())
    return messages


def test_3_8_says_that_it_is_in_progress_and_with_the_end_of_the_turn_that_it_is_idle(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        messages = live.ask()
    assert statuses(messages) == ["IN_PROGRESS", "IDLE"]
    assert "interactionStatus" in contents(messages)[0]


@pytest.mark.parametrize("model", [LIVE_3_1, LIVE_2_5])
def test_other_models_say_nothing_of_their_status(gemini: Gemini, model: str) -> None:
    gemini.configure(model_turns=3)
    with gemini.connect_with_key() as live:
        live.start(audio_setup(model=model, outputAudioTranscription={}))
        messages = live.ask()
    assert not statuses(messages)
    assert said(messages) == "Hello, I am the stand-in for Gemini.", "and they take one turn"


@pytest.mark.parametrize(("model", "asked_for", "turns"), [(LIVE_3_8, 3, 3), (EXTENDED, None, 2), (EXTENDED, 1, 1)])
def test_one_prompt_can_bring_several_model_turns(
    gemini: Gemini, model: str, asked_for: int | None, turns: int
) -> None:
    gemini.configure(model_turns=asked_for)
    with gemini.connect_with_key() as live:
        live.start(LIVE_SETUPS[model] | {"outputAudioTranscription": {}})
        live.send({"realtimeInput": {"text": "hello"}})
        messages = idle(live)
    ends = named(messages, "serverContent", "turnComplete")
    assert [end["serverContent"]["interactionStatus"] for end in ends] == ["IN_PROGRESS"] * (turns - 1) + ["IDLE"]
    assert len(named(messages, "serverContent", "generationComplete")) == turns
    assert messages[-1] is ends[-1]
    assert said(messages) == "Hello, I am the stand-in for Gemini.", "only all turns together are the answer"
    prompts = [end["usageMetadata"]["promptTokenCount"] for end in ends]
    assert prompts == sorted(set(prompts)), "each turn pays for the one before"


def test_a_number_of_model_turns_below_one_is_a_mistake(gemini: Gemini) -> None:
    with pytest.raises(ValueError, match="model_turns"):
        gemini.configure(model_turns=0)


def test_an_interrupted_reply_is_idle_unless_an_answer_follows(gemini: Gemini) -> None:
    gemini.configure(pace=1.0)
    with gemini.connect_with_key() as live:
        live.start()
        assert statuses(interrupt(live, audio(speech(0.1))))[-1] == "IDLE"
    with gemini.connect_with_key() as live:
        live.start()
        assert statuses(interrupt(live, {"realtimeInput": {"text": "stop"}}))[-1] == "IN_PROGRESS"


def test_extended_thinking_says_when_speech_begins_and_ends(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(LIVE_SETUPS[EXTENDED])
        live.send(audio(speech(0.4) + quiet(0.6)))
        messages = live.turn()
    kinds = [message["voiceActivity"]["voiceActivityType"] for message in named(messages, "voiceActivity")]
    assert kinds == ["ACTIVITY_START", "ACTIVITY_END"]


def test_extended_thinking_wants_the_name_in_a_tool_response(gemini: Gemini) -> None:
    response: Message = {"toolResponse": {"functionResponses": {"id": "1", "response": {}}}}
    with gemini.connect_with_key() as live:
        live.start(LIVE_SETUPS[EXTENDED])
        live.send(response)
        assert live.closing() == (1007, "tool_response.function_responses: name is required")
    with gemini.connect_with_key() as live:
        live.start()
        live.send(response)
        assert live.ask()


@pytest.mark.parametrize("model", [LIVE_3_8, EXTENDED, LIVE_3_1])
def test_media_chunks_are_refused_by_models_of_3_x(gemini: Gemini, model: str) -> None:
    with gemini.connect_with_key() as live:
        live.start(LIVE_SETUPS[model])
        live.send(media_chunks(speech(0.1)))
        assert live.closing() == (
            1007,
            "realtime_input.media_chunks is deprecated. Use audio, video, or text instead.",
        )


def test_media_chunks_are_heard_by_models_of_2_5(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(LIVE_SETUPS[LIVE_2_5])
        live.send({"realtimeInput": {"mediaChunks": {"data": "AAAA", "mimeType": "image/jpeg"}}})
        live.send(media_chunks(speech(0.4) + quiet(0.6)))
        assert named(live.turn(), "serverContent", "modelTurn")


def media_chunks(pcm: bytes) -> Message:
    return {"realtimeInput": {"mediaChunks": [audio(pcm)["realtimeInput"]["audio"]]}}


# --- history


WITH_HISTORY: Message = {"historyConfig": {"initialHistoryInClientContent": True}}
HISTORY: Message = {
    "clientContent": {
        "turns": [
            {"role": "user", "parts": {"text": "My name is Ada."}},
            {"role": "model", "parts": {"text": "Hello, Ada."}},
        ]
    }
}


@pytest.mark.parametrize("model", [LIVE_3_8, LIVE_3_1])
def test_initial_history_is_not_answered_but_remembered(gemini: Gemini, model: str) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(model=model, outputAudioTranscription={}, **WITH_HISTORY))
        live.send(HISTORY)
        live.send(text_turn(turnComplete=True))
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        messages = live.ask("Who am I?")
        assert said(messages) == "Yes, I still know what we talked about."
        assert messages[-1]["usageMetadata"]["promptTokenCount"] == 10, "the history is part of the context"
        live.send(text_turn(turnComplete=True))
        assert named(live.turn(), "serverContent", "modelTurn"), "only the first turn is history"


def test_a_history_that_is_not_completed_ends_with_the_first_question(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(outputAudioTranscription={}, **WITH_HISTORY))
        live.send(HISTORY)
        assert said(live.ask("Who am I?")) == "I remember what you told me."
        live.send(text_turn(turnComplete=True))
        assert named(live.turn(), "serverContent", "modelTurn")


def test_2_5_answers_the_initial_history(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(model=LIVE_2_5, **WITH_HISTORY))
        live.send(text_turn(turnComplete=True))
        assert named(live.turn(), "serverContent", "modelTurn")


@pytest.mark.parametrize("turn", [text_turn(turnComplete=True), text_turn()])
def test_3_1_refuses_client_content_after_the_first_model_turn(gemini: Gemini, turn: Message) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(model=LIVE_3_1))
        live.send(text_turn(turnComplete=True))
        live.turn()
        assert named(live.ask(), "serverContent", "modelTurn"), "realtime text is taken"
        live.send(turn)
        assert live.closing() == (1007, "Request contains an invalid argument.")


@pytest.mark.parametrize("model", [LIVE_3_8, LIVE_2_5])
def test_other_models_take_client_content_throughout(gemini: Gemini, model: str) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(model=model))
        for _ in range(2):
            live.send(text_turn(turnComplete=True))
            assert named(live.turn(), "serverContent", "modelTurn")


# --- usage


def test_usage_grows_with_the_context_and_audio_stays_audio(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        first, second = (live.ask("hello")[-1]["usageMetadata"] for _ in range(2))
    assert second["promptTokenCount"] == first["totalTokenCount"] + 2
    assert second["promptTokensDetails"] == [
        {"modality": "TEXT", "tokenCount": 4},
        {"modality": "AUDIO", "tokenCount": first["responseTokenCount"]},
    ]


def test_usage_goes_on_after_a_resumption(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(sessionResumption={}))
        first = live.ask()[-1]["usageMetadata"]
        handle = live.receive_until("sessionResumptionUpdate")[-1]["sessionResumptionUpdate"]["newHandle"]
    with gemini.connect_with_key() as live:
        live.start(audio_setup(sessionResumption={"handle": handle}))
        assert live.ask()[-1]["usageMetadata"]["promptTokenCount"] > first["totalTokenCount"]


def test_an_interrupted_turn_has_the_usage_of_what_was_said(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        whole = live.ask()[-1]["usageMetadata"]["responseTokenCount"]
    gemini.configure(pace=1.0)
    with gemini.connect_with_key() as live:
        live.start()
        usage = interrupt(live, {"realtimeInput": {"text": "stop"}})[-1]["usageMetadata"]
    assert 0 < usage["responseTokenCount"] < whole
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["responseTokenCount"]
