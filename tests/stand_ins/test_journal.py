"""The journal: what each connection and mint request sent and got, and no credential in it."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator

import pytest

from gemini_live_stand_in.redaction import redact
from stand_ins.gemini_client import (
    KEY,
    LEAKED_KEY,
    Gemini,
    Message,
    audio,
    audio_setup,
    live_path,
    noted,
    quiet,
    speech,
    text_turn,
    tone,
)


def digest(credential: str) -> str:
    return hashlib.sha256(credential.encode()).hexdigest()[:12]


def whats(gemini: Gemini, who: str) -> list[str]:
    return [event.what for event in gemini.talk.events if event.who == who]


# --- a connection


def test_it_has_how_a_connection_began_and_how_it_ended(gemini: Gemini) -> None:
    opened_at = gemini.clock.time
    token = gemini.mint_locked(audio_setup(systemInstruction={"parts": [{"text": "Be brief."}]}))
    with gemini.connect(token) as live:
        live.start({"model": "models/mine", "tools": []})
        gemini.clock.advance(seconds=2.5)
        live.close()
    talk = gemini.talk
    assert (talk.number, talk.version, talk.constrained, talk.resumed, talk.scenario) == (1, "v1beta", True, False, "")
    assert talk.opened_at == opened_at
    assert talk.token == digest(token)
    assert talk.setup == {"model": "models/mine", "tools": []}
    assert talk.effective_setup == audio_setup(systemInstruction={"parts": [{"text": "Be brief."}]})
    assert talk.ending is not None
    assert (talk.ending.seconds, talk.ending.by, talk.ending.code) == (2.5, "client", 1000)


def test_it_has_why_the_server_closed(gemini: Gemini) -> None:
    with gemini.connect("auth_tokens/none") as live:
        closing = live.closing()
    ending = gemini.talk.ending
    assert ending is not None
    assert (ending.by, ending.code, ending.reason) == ("server", *closing)
    assert gemini.talk.token is None
    assert gemini.talk.setup is None


def test_it_has_the_turns_in_text_and_in_speech_with_their_times(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.ask("What is that?")
        gemini.clock.advance(seconds=3)
        live.send(audio(speech(0.4) + quiet(0.6)))
        live.turn()
        live.send(text_turn(turnComplete=True))
        live.turn()
    turns = gemini.talk.turns
    assert [(turn.seconds, turn.text, turn.spoken_seconds) for turn in turns] == [
        (0, "What is that?", 0),
        (3, "", 0.4),
        (3, "hello", 0),
    ]
    assert [turn.sound.seconds for turn in turns] == [0, 1.0, 0]


def test_it_has_what_came_in_order_with_sound_in_one_event(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(outputAudioTranscription={}, sessionResumption={}))
        for _ in range(10):
            live.send(audio(speech(0.04)))
        live.send({"realtimeInput": {"video": {"data": "AAAA", "mimeType": "image/jpeg"}}})
        live.send(audio(quiet(0.6)))
        live.turn()
        live.receive_until("sessionResumptionUpdate")
    assert whats(gemini, "client") == ["setup", "audio", "video", "audio"]
    assert whats(gemini, "server") == [
        "setupComplete",
        "sessionResumptionUpdate",
        "sessionResumptionUpdate",
        "audio",
        "interactionStatus",
        "outputTranscription",
        "generationComplete",
        "turnComplete",
        "interactionStatus",
        "sessionResumptionUpdate",
    ]
    events = {(event.who, event.what): event.details for event in reversed(gemini.talk.events)}
    assert events["client", "audio"] == {"bytes": 12_800, "seconds": 0.4, "chunks": 10}
    assert events["client", "video"] == {"data": "(3 bytes)", "mimeType": "image/jpeg"}
    assert events["server", "outputTranscription"] == {"text": "Hello, I am the stand-in for Gemini."}
    assert events["server", "audio"]["seconds"] == pytest.approx(2.27, abs=0.05)


def test_it_has_the_tool_responses(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send({"toolResponse": {"functionResponses": [{"id": "7", "name": "f", "response": {"any": [1]}}]}})
        live.ask()
    (response,) = gemini.talk.tool_responses
    assert (response.id, response.name, response.response, response.expected) == ("7", "f", {"any": [1]}, False)


def test_it_says_that_a_conversation_was_resumed_and_which_scenario_was_played(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(sessionResumption={}))
        handle = live.receive_until("sessionResumptionUpdate")[-1]["sessionResumptionUpdate"]["newHandle"]
    gemini.play({"name": "again", "connection": [{}]})
    with gemini.connect_with_key() as live:
        live.start(audio_setup(sessionResumption={"handle": handle}))
    assert gemini.talk.resumed
    assert gemini.talk.scenario == "again"
    assert gemini.talk.setup == audio_setup(sessionResumption={"handle": f"handle {digest(handle)}"})


# --- the sound of the microphone


def test_it_measures_the_sound(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send(audio(quiet(0.5) + tone(440, 1.0) + quiet(0.6)))
        live.turn()
    sound = gemini.talk.audio
    assert (sound.bytes, sound.chunks, sound.seconds, sound.rates) == (67_200, 1, 2.1, (16_000,))
    assert sound.speech_seconds == 1.0
    assert sound.tone_hz == pytest.approx(440, abs=5)
    assert sound.peak_dbfs == pytest.approx(-11.2, abs=0.1)
    assert sound.speech_dbfs == pytest.approx(-14.2, abs=0.1), "a sine is 3 dB below its peak"
    assert sound.clipped == 0
    assert sound.gaps == ()
    assert sound.measured_rate is None, "it came all at once"


def in_real_time(gemini: Gemini, chunks: Iterator[tuple[bytes, float]], mime_type: str) -> None:
    """Send chunks, each followed by a pause of the clock."""
    with gemini.connect_with_key() as live:
        live.start()
        for number, (pcm, seconds) in enumerate(chunks, 1):
            live.send(audio(pcm, mime_type))
            gemini.stand_in.journal.wait_until(lambda journal, n=number: journal.connections[-1].audio.chunks == n)  # type: ignore[misc]
            gemini.clock.advance(seconds=seconds)


def test_it_finds_the_gaps_in_a_stream(gemini: Gemini) -> None:
    pauses = [0.1] * 5 + [0.9] + [0.1] * 5 + [0.3] + [0.1] * 3
    in_real_time(gemini, ((quiet(0.1), pause) for pause in pauses), "audio/pcm;rate=16000")
    sound = gemini.talk.audio
    assert [(gap.at_seconds, gap.seconds) for gap in sound.gaps] == [(0.6, 0.8), (1.2, 0.2)]
    assert sound.longest_gap_seconds == 0.8


def test_it_finds_that_the_rate_is_another_than_the_app_says(gemini: Gemini) -> None:
    in_real_time(gemini, ((quiet(0.3), 0.1) for _ in range(20)), "audio/pcm;rate=16000")
    sound = gemini.talk.audio
    assert sound.rates == (16_000,)
    assert sound.measured_rate == 48_000


def test_it_finds_sound_that_is_too_loud_or_too_quiet(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send(audio(b"\xff\x7f\x00\x80" * 1600 + quiet(0.6)))
        live.turn()
    assert gemini.talk.audio.clipped == 3200
    with gemini.connect_with_key() as live:
        live.start()
        live.send(audio(quiet(1)))
        live.ask()
    sound = gemini.talk.audio
    assert (sound.peak_dbfs, sound.speech_dbfs, sound.speech_seconds) == (None, None, 0)


def test_it_takes_the_manual_end_of_a_turn_and_odd_chunks_too(gemini: Gemini) -> None:
    pcm = tone(440, 0.5)
    with gemini.connect_with_key() as live:
        live.start(audio_setup(realtimeInputConfig={"automaticActivityDetection": {"disabled": True}}))
        live.send({"realtimeInput": {"activityStart": {}}})
        live.send(audio(pcm[:777]))
        live.send(audio(pcm[777:]))
        live.send({"realtimeInput": {"activityEnd": {}}})
        live.turn()
    assert gemini.talk.turns[0].sound.tone_hz == pytest.approx(440, abs=10)


# --- minting


def test_it_has_the_mint_requests_and_their_answers(gemini: Gemini) -> None:
    token = gemini.mint({"uses": 3})
    gemini.post({"x": 1})
    gemini.request("POST", "/v1beta/auth_tokens", b"{", x_goog_api_key=KEY)
    granted, refused, broken = gemini.stand_in.journal.mints
    assert (granted.path, granted.status, granted.body) == ("/v1beta/auth_tokens", 200, {"uses": 3})
    assert (granted.key, granted.token) == (digest(KEY), digest(token))
    assert (refused.status, refused.token, broken.status, broken.body) == (400, None, 400, None)


# --- reading it


def test_it_is_plain_json_in_camel_case(gemini: Gemini) -> None:
    with gemini.connect(gemini.mint()) as live:
        live.start()
        live.send(audio(speech(0.4) + quiet(0.6)))
        live.turn()
    assert gemini.talk
    content = json.loads(json.dumps(gemini.stand_in.journal.as_json()))
    (talk,) = content["connections"]
    assert talk["openedAt"] == "2026-11-22T15:00:00+00:00"
    assert talk["turns"][0]["spokenSeconds"] == 0.4
    assert talk["audio"]["speechDbfs"] < 0
    assert talk["ending"]["by"] == "client"
    assert talk["events"][0] == {"seconds": 0, "who": "client", "what": "setup", "details": audio_setup()}
    assert content["mints"][0]["status"] == 200


def test_its_trace_can_be_read(gemini: Gemini) -> None:
    token = gemini.mint()
    gemini.play({"name": "short", "connection": [{"steps": [{"do": "answer"}, {"do": "close", "refusal": "QUOTA"}]}]})
    with gemini.connect(token) as live:
        live.start()
        gemini.clock.advance(seconds=1.25)
        live.send(audio(tone(440, 0.4) + quiet(0.6)))
        live.closing()
    assert gemini.talk
    lines = gemini.stand_in.journal.trace().splitlines()
    assert lines[0] == f"mint /v1beta/auth_tokens · key {digest(KEY)} · 200 · token {digest(token)}"
    assert lines[1] == f"connection 1 · v1beta Constrained · token {digest(token)} · scenario short"
    assert "    1.250  client    audio 1.00 s, 32000 bytes in 1 messages" in lines
    assert '    1.250  stand-in  user turn {"spokenSeconds": 0.4}' in lines
    assert lines[-2].startswith("    1.250  server    end 1011 You exceeded your current quota")
    assert lines[-1].startswith("           microphone: 1 s at 16000 Hz, 0.4 s of sound at -14.2 dBFS, a tone of 4")


def test_one_can_wait_for_something_to_happen(gemini: Gemini) -> None:
    journal = gemini.stand_in.journal
    later = threading.Timer(0.05, gemini.mint)
    later.start()
    journal.wait_until(lambda journal: bool(journal.mints))
    later.join()
    with pytest.raises(TimeoutError, match=r"mint /v1beta/auth_tokens"):
        journal.wait_until(lambda journal: len(journal.mints) > 1, seconds=0.05)


def test_it_can_be_cleared_while_a_connection_is_open(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        noted(gemini, "setupComplete")
        gemini.stand_in.journal.clear()
        live.ask()
        assert gemini.stand_in.journal.connections == ()
    with gemini.connect_with_key() as live:
        live.start()
    assert gemini.talk.number == 1


# --- secrecy


def test_no_credential_is_in_it_wherever_a_client_puts_one(gemini: Gemini) -> None:
    token = gemini.mint()
    gemini.stand_in.replace_api_keys(["rotated-gemini-key"])
    bare = token.removeprefix("auth_tokens/")
    secrets = (token, bare, KEY, "rotated-gemini-key", LEAKED_KEY, "AIza-wrong")
    everything = " ".join((token, bare, bare.upper(), f"{token}0", token.replace("/", "%2F"), f"key={KEY}", LEAKED_KEY))
    setup = audio_setup(
        sessionResumption={}, systemInstruction={"parts": [{"text": everything}]}, outputAudioTranscription={}
    )
    gemini.post({"bidiGenerateContentSetup": setup, KEY: token}, key="rotated-gemini-key")
    gemini.post({}, key="AIza-wrong")
    with gemini.connect(token) as live:
        live.start(setup)
        handle = live.receive_until("sessionResumptionUpdate")[-1]["sessionResumptionUpdate"]["newHandle"]
        live.ask(everything)
        live.send({"toolResponse": {"functionResponses": [{"id": token, "name": KEY, "response": {KEY: everything}}]}})
        live.ask("rotated-gemini-key")
    with gemini.open(f"{live_path('')}?key={KEY}") as live:
        live.closing()
    with gemini.open(live_path(""), x_goog_api_key="rotated-gemini-key") as live:
        live.start(audio_setup(sessionResumption={"handle": handle}))
        gemini.play_steps()
        live.send({token: KEY})
        live.closing()
    assert gemini.talk
    journal = gemini.stand_in.journal
    for text in (journal.trace(), json.dumps(journal.as_json()), repr(journal.connections), repr(journal.mints)):
        for secret in (*secrets, handle):
            assert secret.lower() not in text.lower()
    assert digest(token) in journal.trace()
    assert digest(KEY) in journal.trace()
    assert digest(handle) in journal.trace()


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ({"a": ["k", {"b": "secret-key-1"}]}, {"a": [f"key {digest('k')}", {"b": f"key {digest('secret-key-1')}"}]}),
        ("a kick in xsecret-key-1x", f"a kick in xkey {digest('secret-key-1')}x"),
        ({"handle": ""}, {"handle": ""}),
        ({"handle": None, "n": 1, "data": b"abc"}, {"handle": None, "n": 1, "data": "(3 bytes)"}),
    ],
)
def test_redaction_goes_to_every_depth_and_leaves_the_rest(value: Message, hidden: Message) -> None:
    assert redact(value, ["k", "secret-key-1"]) == hidden


def test_base64_of_sound_is_never_kept(gemini: Gemini) -> None:
    pcm = speech(0.1)
    with gemini.connect_with_key() as live:
        live.start()
        live.send(audio(pcm))
        live.ask()
    assert base64.b64encode(pcm).decode()[:40] not in json.dumps(gemini.stand_in.journal.as_json())
