"""Turns: what completes a question, what a reply consists of, what interrupts it."""

import base64
from array import array

import pytest

from stand_ins.gemini_client import (
    Gemini,
    Live,
    Message,
    audio,
    audio_setup,
    has,
    manual_setup,
    named,
    quiet,
    speech,
    text_turn,
)

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
    assert completed["serverContent"] == {"turnComplete": True}


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
        live.send(audio(speech(0.4)))
        live.send({"realtimeInput": {"audioStreamEnd": True}})
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
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        live.send(text_turn(turnComplete=True))
        assert live.turn()[-1]["usageMetadata"]["promptTokenCount"] == 3, "both parts of the turn count"


def test_video_is_accepted_and_not_answered(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send({"realtimeInput": {"video": {"data": "AAAA", "mimeType": "image/jpeg"}}})
        assert len(named(live.ask(), "serverContent", "turnComplete")) == 1


# --- spoken turns


def test_speech_followed_by_quiet_is_a_turn(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(inputAudioTranscription={}))
        for _ in range(10):
            live.send(audio(speech(0.04)))
        for _ in range(13):
            live.send(audio(quiet(0.04)))
        messages = live.turn()
    assert messages[0] == {
        "serverContent": {"inputTranscription": {"text": "You spoke for 0.4 seconds.", "finished": True}}
    }
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


def test_the_end_of_the_audio_stream_ends_a_spoken_turn(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(inputAudioTranscription={}))
        live.send(audio(speech(0.3)))
        live.send({"realtimeInput": {"audioStreamEnd": True}})
        assert named(live.turn(), "serverContent", "inputTranscription")


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
        live.send({"realtimeInput": {"audioStreamEnd": True}})
        transcription = live.receive()["serverContent"]["inputTranscription"]
    assert transcription["text"] == "You spoke for 1.0 seconds."


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
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        live.send({"realtimeInput": {"activityEnd": {}}})
        messages = live.turn()
    assert messages[0]["serverContent"]["inputTranscription"]["text"] == "You spoke for 2.0 seconds."


def test_with_voice_detection_disabled_the_end_of_the_stream_is_no_turn(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(manual_setup())
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
    assert completed == {"serverContent": {"turnComplete": True}}
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
