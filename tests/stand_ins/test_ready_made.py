"""The ready-made scenarios, each played by a client that talks, waits, and answers calls."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from websockets.exceptions import ConnectionClosed

from gemini_live_stand_in import load_scenario, ready_made
from stand_ins.gemini_client import Gemini, Live, Message, audio_setup, has

WEATHER: Message = {"functionDeclarations": [{"name": "get_weather"}]}


@dataclass(frozen=True)
class Expected:
    """What must be seen on the first connection: messages of the server, and how it ends.

    Attributes:
        seen: names of members of messages, or of `serverContent`, that come.
        unseen: those that do not.
        closed: the code, 1006 for no close frame, None if the client must leave by itself.
        questions: how many the client asks.
    """

    seen: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    closed: int | None = None
    questions: int = 3


CONNECTIONS = {
    "api-disabled": Expected(unseen=("setupComplete",), closed=1008),
    "closed-unasked": Expected(seen=("turnComplete",), closed=1000),
    "drop-mid-speech": Expected(seen=("modelTurn",), unseen=("turnComplete",), closed=1006),
    "go-away": Expected(seen=("goAway",), closed=1008),
    "go-away-mid-speech": Expected(seen=("modelTurn", "goAway"), unseen=("turnComplete",), closed=1008),
    "half-open": Expected(seen=("turnComplete",)),
    "handle-lost": Expected(seen=("turnComplete", "goAway"), closed=1008),
    "internal-error-mid-speech": Expected(seen=("modelTurn",), unseen=("turnComplete",), closed=1011),
    "interrupted": Expected(seen=("interrupted", "turnComplete"), unseen=("generationComplete",), questions=1),
    "microphone-speech": Expected(seen=("turnComplete",)),
    "microphone-tone": Expected(seen=("turnComplete",)),
    "not-resumable": Expected(seen=("goAway",), unseen=("newHandle",), closed=1008),
    "quota-after-setup": Expected(seen=("setupComplete",), closed=1011),
    "resumed-too-early": Expected(seen=("turnComplete", "goAway"), closed=1008),
    "several-turns": Expected(seen=("turnComplete", "IN_PROGRESS")),
    "silent-after-setup-complete": Expected(seen=("setupComplete",), unseen=("modelTurn",)),
    "silent-before-setup-complete": Expected(unseen=("setupComplete",)),
    "slow-network": Expected(seen=("turnComplete",), questions=1),
    "start-window-over": Expected(unseen=("setupComplete",), closed=1011),
    "token-expired": Expected(unseen=("setupComplete",), closed=1011),
    "token-expires": Expected(seen=("turnComplete",), closed=1011),
    "token-spent": Expected(unseen=("setupComplete",), closed=1011),
    "tool-call": Expected(seen=("toolCall", "turnComplete")),
    "tool-call-cancelled": Expected(seen=("toolCall", "toolCallCancellation", "turnComplete")),
    "tool-call-non-blocking": Expected(seen=("toolCall", "turnComplete")),
    "unavailable-once": Expected(unseen=("setupComplete",), closed=1011),
}
MINTS = {
    "mint-failing": [500, 500, 500],
    "mint-not-json": [None, 200, 200],
    "mint-rate-limited": [429, 200, 200],
    "mint-unavailable-once": [503, 200, 200],
}


def reaction(message: Message, questions: list[str]) -> Message | None:
    """Return what the client says to a message: it answers calls, and asks the next question when it may."""
    if has(message, "toolCall"):
        calls = message["toolCall"]["functionCalls"]
        answers = [{"id": call["id"], "name": call["name"], "response": {"sky": "rain"}} for call in calls]
        return {"toolResponse": {"functionResponses": answers}}
    if (has(message, "setupComplete") or has(message, "serverContent", "turnComplete")) and questions:
        return {"realtimeInput": {"text": questions.pop(0)}}
    return None


def talk(gemini: Gemini, live: Live, questions: list[str], *, answers_calls: bool) -> tuple[list[Message], int | None]:
    """Talk until the server closes, or until nothing has come for some time although the clock was moved."""
    messages: list[Message] = []
    quiet_for = 0
    try:
        live.send({"setup": audio_setup(sessionResumption={}, tools=[WEATHER])})
        while quiet_for < 6:
            try:
                messages.append(live.receive_within(0.05))
            except TimeoutError:
                quiet_for += 1
                gemini.clock.advance(seconds=2.5)
                continue
            quiet_for = 0
            answer = reaction(messages[-1], questions)
            if answer and (answers_calls or "toolResponse" not in answer):
                live.send(answer)
    except ConnectionClosed as closed:
        return messages, closed.rcvd.code if closed.rcvd else 1006
    return messages, None


def test_every_ready_made_scenario_is_played_here() -> None:
    assert ready_made().keys() == CONNECTIONS.keys() | MINTS.keys() | {"mint-slow"}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_connection_does_what_its_scenario_says(gemini: Gemini, name: str) -> None:
    gemini.configure(pace=1.0 if name.endswith("mid-speech") else 0.0)
    gemini.close_seconds = 0.2 if name == "half-open" else gemini.close_seconds
    gemini.stand_in.play(load_scenario(name))
    expected = CONNECTIONS[name]
    with gemini.connect_with_key() as live:
        messages, closed = talk(
            gemini, live, ["Why?"] * expected.questions, answers_calls=name != "tool-call-cancelled"
        )
    text = str(messages)
    assert [name for name in expected.seen if f"'{name}'" not in text] == []
    assert [name for name in expected.unseen if f"'{name}'" in text] == []
    assert closed == expected.closed
    journal = gemini.stand_in.journal
    assert journal.connections[-1].scenario == name


@pytest.mark.parametrize("name", MINTS)
def test_minting_does_what_its_scenario_says(gemini: Gemini, name: str) -> None:
    gemini.stand_in.play(load_scenario(name))
    answers = [gemini.post({}) for _ in range(3)]
    assert [answer.status_code if answer.text.startswith("{") else None for answer in answers] == MINTS[name]


def test_the_slow_mint_takes_the_time_that_is_said(gemini: Gemini) -> None:
    gemini.stand_in.play(load_scenario("mint-slow"))
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(gemini.mint)
        gemini.stand_in.journal.wait_until(lambda journal: bool(journal.mints))
        gemini.clock.advance(seconds=7.9)
        with pytest.raises(TimeoutError):
            asking.result(0.15)
        gemini.clock.advance(seconds=0.1)
        assert asking.result(5)
