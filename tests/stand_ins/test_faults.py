"""Everything that can go wrong on demand: each close that is on record of Google, drops, silences, failing mints."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed

from stand_ins.gemini_client import (
    KEY,
    SETUP_COMPLETE,
    WAIT_SECONDS,
    Gemini,
    Live,
    Message,
    audio_setup,
    live_path,
    noted,
)

LIMIT_TEXTS = {
    "CONNECTION_LIMIT": "The operation was aborted.",
    "CONNECTION_CANCELLED": "The operation was cancelled.",
    "CONNECTION_DEADLINE": "Deadline expired before operation could complete.",
}
UNREGISTERED = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API c"
)
MALFORMED = (
    "Missing or malformed auth token in request. Obtain one from CreateAuthToken and pass it in an "
    "`access_token` query paramete"
)
QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "head to: h"
)
MODEL = (
    "models/x is not found for API version v1beta, or is not supported for bidiGenerateContent. "
    "Call ListModels to see the list of"
)
SHAPE = "Invalid JSON payload received. Unknown name \"x\" at 'setup': Cannot find field."

CLOSES: list[tuple[str, int, str, Message, str]] = [
    ("on_connect", 1008, UNREGISTERED, {}, "PLAIN_UNREGISTERED"),
    ("on_connect", 1007, "API key not valid. Please pass a valid API key.", {}, "PLAIN_KEY_BAD"),
    (
        "on_connect",
        1008,
        "Expected OAuth 2 access token, login cookie or other valid authentication credential",
        {},
        "PLAIN_BEARER",
    ),
    ("on_connect", 1007, MALFORMED, {}, "TOKEN_MALFORMED"),
    ("on_connect", 1011, "Token has been used too many times", {}, "TOKEN_USED_UP"),
    ("on_connect", 1011, "new_session_expire_time deadline exceeded", {}, "TOKEN_TOO_LATE"),
    ("on_connect", 1011, "Token has expired", {}, "TOKEN_EXPIRED"),
    ("steps", 1011, "auth token has expired", {}, "TOKEN_EXPIRED_RUNNING"),
    ("on_setup", 1008, MODEL[:123], {"words": {"model": "models/x", "version": "v1beta"}}, "MODEL_NOT_FOUND"),
    ("on_setup", 1007, SHAPE, {"words": {"fault": SHAPE}}, "MESSAGE_SHAPE"),
    (
        "on_setup",
        1007,
        "The requested combination of response modalities (TEXT) is not supported by the model",
        {"words": {"modalities": "TEXT"}},
        "MODALITIES",
    ),
    ("steps", 1011, QUOTA, {}, "QUOTA"),
    ("on_setup", 1008, "BidiGenerateContent session not found", {}, "HANDLE_UNKNOWN"),
    ("on_setup", 1007, "BidiGenerateContent session not found", {"code": 1007}, "HANDLE_UNKNOWN"),
    ("on_setup", 1008, "Requested entity was not found.", {}, "HANDLE_NOT_FOUND"),
    ("on_setup", 1007, "Requested entity was not found.", {"code": 1007}, "HANDLE_NOT_FOUND"),
    ("on_setup", 1007, "Invalid session handle", {}, "HANDLE_INVALID"),
    ("on_setup", 1008, "Invalid session handle", {"code": 1008}, "HANDLE_INVALID"),
    ("on_setup", 1011, "Internal error encountered.", {}, "HANDLE_IN_USE"),
    *(("steps", code, text, {"code": code}, name) for name, text in LIMIT_TEXTS.items() for code in (1000, 1008, 1011)),
    ("steps", 1011, "Internal error encountered.", {}, "INTERNAL"),
    ("steps", 1008, "Internal error encountered.", {"code": 1008}, "INTERNAL"),
    ("steps", 1011, "The service is currently unavailable.", {}, "UNAVAILABLE"),
    ("on_setup", 1008, "Operation is not implemented, or supported, or enabled.", {}, "NOT_IMPLEMENTED"),
    (
        "on_connect",
        1008,
        "Generative Language API has not been used in project 123 before or it is disabled.",
        {"words": {"project": "123"}},
        "API_DISABLED",
    ),
]
"""When, code and reason of every close on record, with what a scenario needs for it and the refusal it names."""

MINTS = [("MINT_RATE_LIMITED", 429), ("MINT_INTERNAL", 500), ("MINT_UNAVAILABLE", 503), ("MINT_KEY_LEAKED", 403)]


def until_closed(live: Live) -> tuple[list[Message], ConnectionClosed]:
    messages: list[Message] = []
    try:
        while True:
            messages.append(live.receive())
    except ConnectionClosed as closed:
        return messages, closed


def receive_late(gemini: Gemini, live: Live, seconds: float) -> Message:
    """Receive the next message; it must not come before the clock is moved."""
    with pytest.raises(TimeoutError):
        live.receive_within(0.15)
    while True:
        gemini.clock.advance(seconds=seconds)
        with suppress(TimeoutError):  # where the server had not yet come to it when the clock was moved
            return live.receive_within(0.25)


# --- closes


@pytest.mark.parametrize(("when", "code", "reason", "fields", "refusal"), CLOSES)
def test_every_close_on_record_can_be_brought_about(
    gemini: Gemini, when: str, code: int, reason: str, fields: Message, refusal: str
) -> None:
    gemini.play({"connection": [{when: [{"do": "close", "refusal": refusal} | fields]}]})
    with gemini.connect_with_key() as live:
        if when != "on_connect":
            live.send({"setup": audio_setup()})
        messages, closed = until_closed(live)
    assert closed.rcvd is not None
    assert (closed.rcvd.code, closed.rcvd.reason) == (code, reason)
    assert messages == ([SETUP_COMPLETE] if when == "steps" else [])
    assert gemini.works(gemini.mint()), "only the first connection is played"


def test_a_close_can_have_a_code_and_words_of_ones_own(gemini: Gemini) -> None:
    gemini.play_steps({"do": "close", "code": 4321, "reason": "{not a place}" + "é" * 100})
    with gemini.connect_with_key() as live:
        live.start()
        code, reason = live.closing()
    assert code == 4321
    assert reason == "{not a place}" + "é" * 55, "cut at 123 bytes"


def test_a_timed_close_comes_while_the_conversation_goes_on(gemini: Gemini) -> None:
    gemini.play_steps({"do": "close", "refusal": "QUOTA", "in_seconds": 1})
    with gemini.connect_with_key() as live:
        live.start()
        live.ask()
        noted(gemini, "timed")
        gemini.clock.advance(seconds=1)
        assert live.closing() == (1011, QUOTA)


def test_go_away_gives_the_time_that_is_left_and_then_the_connection_closes(gemini: Gemini) -> None:
    gemini.play_steps({"do": "go_away", "time_left_seconds": 9.5})
    with gemini.connect_with_key() as live:
        live.start()
        assert live.receive() == {"goAway": {"timeLeft": "9.5s"}}
        live.ask()
        gemini.clock.advance(seconds=9)
        live.ask()
        gemini.clock.advance(seconds=0.5)
        assert live.closing() == (1008, "The operation was aborted.")


def test_go_away_can_come_in_the_middle_of_an_answer_and_end_otherwise(gemini: Gemini) -> None:
    gemini.configure(pace=1.0)
    away = {"do": "go_away", "in_seconds": 3, "time_left_seconds": 1, "refusal": "CONNECTION_DEADLINE", "code": 1000}
    gemini.play_steps({"do": "listen"}, away, {"do": "answer", "recording": "still-know"})
    with gemini.connect_with_key() as live:
        live.start()
        live.send({"realtimeInput": {"text": "hello"}})
        live.receive_until("serverContent", "modelTurn")
        noted(gemini, "timed")
        gemini.clock.advance(seconds=3)
        assert live.receive_until("goAway")[-1] == {"goAway": {"timeLeft": "1s"}}
        gemini.clock.advance(seconds=1)
        assert live.closing() == (1000, "Deadline expired before operation could complete.")


# --- the connection itself


@pytest.mark.parametrize("when", ["on_connect", "on_setup", "steps"])
def test_a_drop_has_no_close_frame(gemini: Gemini, when: str) -> None:
    gemini.play({"connection": [{when: [{"do": "drop"}]}]})
    with gemini.connect_with_key() as live:
        if when != "on_connect":
            live.send({"setup": audio_setup()})
        _, closed = until_closed(live)
    assert closed.rcvd is None
    assert gemini.talk.ending is not None
    assert gemini.talk.ending.by == "drop"


@pytest.mark.parametrize("when", ["on_connect", "on_setup"])
def test_silence_before_setup_complete_is_no_answer_at_all(gemini: Gemini, when: str) -> None:
    gemini.play({"connection": [{when: [{"do": "silence"}]}]})
    with gemini.connect_with_key() as live:
        live.send({"setup": audio_setup()})
        live.send({"realtimeInput": {"text": "hello?"}})
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
    assert [event.what for event in gemini.talk.events if event.who == "client"] == ["setup", "text"]


def test_silence_in_a_conversation_lasts_and_the_limits_still_hold(gemini: Gemini) -> None:
    gemini.play_steps({"do": "answer"}, {"do": "silence"})
    with gemini.connect(gemini.mint()) as live:
        live.start()
        live.ask()
        live.send({"realtimeInput": {"text": "hello?"}})
        gemini.clock.advance(minutes=9.5)
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        gemini.clock.advance(minutes=21)
        assert live.closing() == (1011, "auth token has expired")


def test_after_a_silence_other_steps_still_happen(gemini: Gemini) -> None:
    gemini.play_steps({"do": "silence"}, {"do": "wait", "seconds": 5}, {"do": "close", "code": 1000})
    with gemini.connect_with_key() as live:
        live.start()
        noted(gemini, "wait")
        gemini.clock.advance(seconds=5)
        assert live.closing() == (1000, "")


def test_what_a_client_sends_before_setup_complete_is_not_lost(gemini: Gemini) -> None:
    gemini.play({"connection": [{"on_connect": [{"do": "wait", "seconds": 2}]}]})
    with gemini.connect_with_key() as live:
        live.send({"setup": audio_setup()})
        live.send({"realtimeInput": {"text": "hello"}})
        noted(gemini, "wait")
        assert receive_late(gemini, live, 2) == SETUP_COMPLETE
        assert live.turn()


def test_a_client_that_leaves_while_it_waits_is_noticed(gemini: Gemini) -> None:
    gemini.play({"connection": [{"on_setup": [{"do": "wait", "seconds": 60}]}]})
    with gemini.connect_with_key() as live:
        live.send({"setup": audio_setup()})
    assert gemini.talk.ending is not None
    assert gemini.talk.ending.by == "client"


def half_open_answers(address: str) -> tuple[bool, int | None]:
    """Return whether a ping is answered on a connection that was left half open, and the close code of the client."""

    async def ask() -> tuple[bool, int | None]:
        url = f"ws://{address}{live_path('')}?key={KEY}"
        async with connect_async(url, proxy=None, ping_interval=None, close_timeout=0.1) as websocket:
            await websocket.send(json.dumps({"setup": audio_setup()}))
            await websocket.recv()
            pong = await websocket.ping()
            answered, _ = await asyncio.wait({asyncio.ensure_future(pong)}, timeout=0.2)
            await websocket.send(json.dumps({"realtimeInput": {"text": "hello?"}}))
            await websocket.close()
            return bool(answered), websocket.close_code

    return asyncio.run(ask())


def test_a_half_open_connection_answers_neither_pings_nor_closes(gemini: Gemini) -> None:
    assert half_open_answers(gemini.address) == (True, 1000)
    gemini.play_steps({"do": "half_open"})
    assert half_open_answers(gemini.address) == (False, 1006)
    talk = gemini.talk
    assert "half open" in [event.what for event in talk.events]
    assert "text" not in [event.what for event in talk.events], "it is not heard either"


def test_a_half_open_connection_can_end(gemini: Gemini) -> None:
    gemini.play_steps({"do": "half_open", "seconds": 30})
    with gemini.connect_with_key() as live:
        live.start()
        noted(gemini, "half open")
        gemini.clock.advance(seconds=30)
        _, closed = until_closed(live)
    assert closed.rcvd is None


def test_every_message_can_be_late(gemini: Gemini) -> None:
    gemini.play_steps(delay_seconds=2)
    with gemini.connect_with_key() as live:
        live.send({"setup": audio_setup()})
        noted(gemini, "setup")
        assert receive_late(gemini, live, 2) == SETUP_COMPLETE
        live.send({"realtimeInput": {"text": "hello"}})
        noted(gemini, "user turn")
        assert receive_late(gemini, live, 2)["serverContent"]["modelTurn"]


# --- resumption


def test_a_connection_can_give_out_no_handle(gemini: Gemini) -> None:
    gemini.play_steps(resumable=False)
    with gemini.connect_with_key() as live:
        live.start(audio_setup(sessionResumption={}))
        messages = [live.receive(), *live.ask(), *live.ask()]
    updates = [message["sessionResumptionUpdate"] for message in messages if "sessionResumptionUpdate" in message]
    assert updates == [{"resumable": False}] * 3, "after the setup, and while it generates"


@pytest.mark.parametrize(
    ("refusal", "closing"),
    [
        ({}, (1008, "BidiGenerateContent session not found")),
        ({"refusal": "HANDLE_INVALID"}, (1007, "Invalid session handle")),
    ],
)
def test_a_handle_can_be_lost(gemini: Gemini, refusal: Message, closing: tuple[int, str]) -> None:
    gemini.play_steps({"do": "answer"}, {"do": "lose_handle"} | refusal)
    with gemini.connect_with_key() as live:
        live.start(audio_setup(sessionResumption={}))
        live.ask()
        update = live.receive_until("sessionResumptionUpdate", "newHandle")[-1]["sessionResumptionUpdate"]
    with gemini.connect_with_key() as live:
        live.send({"setup": audio_setup(sessionResumption={"handle": update["newHandle"]})})
        assert live.closing() == closing


# --- minting


@pytest.mark.parametrize(("refusal", "code"), MINTS)
def test_a_mint_can_fail_and_the_next_works(gemini: Gemini, refusal: str, code: int) -> None:
    gemini.play({"mint": [{"refusal": refusal}]})
    refused = gemini.post({})
    assert refused.status_code == refused.json()["error"]["code"] == code
    assert gemini.mint()


def test_a_mint_can_be_answered_with_something_that_is_no_json(gemini: Gemini) -> None:
    gemini.play({"mint": [{"not_json": True}]})
    answer = gemini.post({})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    with pytest.raises(ValueError):  # noqa: PT011  # whichever JSON library requests uses
        answer.json()


def test_a_mint_can_be_slow(gemini: Gemini) -> None:
    gemini.play({"mint": [{"delay_seconds": 8}]})
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(gemini.mint)
        gemini.stand_in.journal.wait_until(lambda journal: bool(journal.mints), WAIT_SECONDS)
        with pytest.raises(TimeoutError):
            asking.result(0.15)
        gemini.clock.advance(seconds=8)
        assert asking.result(WAIT_SECONDS).startswith("auth_tokens/")
