"""A conversation over its leases, with the stand-in for Gemini: when it asks the function for what."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from gemini_live_stand_in import GeminiStandIn, StandInConfig, create_app
from gemini_live_stand_in.serving import serve
from gemini_live_stand_in.speech import GREETING, RECORDINGS
from live_tokens_operations.client.conversation import Conversation, ConversationRefusedError
from operations.client.made_up_function import KEY, MadeUpFunction

HELLO = "Hello, I am the stand-in for Gemini."
REMEMBERED = set(RECORDINGS.values()) - {RECORDINGS[GREETING]}
JUST_BEFORE = timedelta(seconds=530)
RENEWABLE = timedelta(seconds=542)


@dataclass(slots=True)
class Service:
    """A function whose clock, and that of its client, can be moved."""

    function: MadeUpFunction
    later: float = field(default=0.0)

    def clock(self) -> float:
        return time.monotonic() + self.later

    def move(self, by: timedelta) -> None:
        self.later += by.total_seconds()
        self.function.later += by

    def talk(self, **data: str) -> Conversation:
        return Conversation(self.function.call, data, clock=self.clock, seconds=10)


@contextmanager
def service(connection_seconds: float = 600, go_away_seconds: float = 0, pace: float = 0) -> Iterator[Service]:
    config = StandInConfig(
        api_keys=frozenset({KEY}), connection_seconds=connection_seconds, go_away_seconds=go_away_seconds, pace=pace
    )
    with serve(create_app(GeminiStandIn(config))) as address:
        yield Service(MadeUpFunction(address))


def test_before_the_lease_can_be_renewed_nothing_is_asked_of_the_function() -> None:
    with service() as running, running.talk() as talk:
        assert talk.ask("Who are you?").transcript == HELLO
        running.move(JUST_BEFORE)
        assert talk.ask("And who am I?").transcript in REMEMBERED
        assert len(running.function.calls) == 1
        assert talk.swaps == []


def test_a_lease_is_renewed_at_the_end_of_a_turn_and_the_talk_is_remembered() -> None:
    with service() as running, running.talk(profile="leased") as talk:
        session, first = talk.session, talk.token["expireTime"]
        talk.ask("Who are you?", heard=lambda _: running.move(RENEWABLE if running.later == 0 else timedelta()))
        assert [swap.renewed for swap in talk.swaps] == [True]
        assert running.function.kinds == ["first", "renewal"]
        assert running.function.calls[1].keys() == {"profile", "session", "resumptionHandle"}
        assert running.function.calls[1]["session"] == session == talk.session
        assert talk.token["expireTime"] > first
        assert talk.ask("And who am I?").transcript in REMEMBERED


def test_a_lease_is_renewed_in_a_pause() -> None:
    with service() as running, running.talk() as talk:
        talk.ask("Who are you?")
        running.move(RENEWABLE)
        talk.pause(0.1)
        assert running.function.kinds == ["first", "renewal"]
        assert talk.ask("And who am I?").transcript in REMEMBERED


def test_a_turn_that_would_outlast_the_lease_is_cut_at_the_last_moment_and_asked_again() -> None:
    with service(pace=1) as running:
        running.function.window = timedelta(seconds=0.2)
        with running.talk() as talk:
            opened = running.clock()
            talk.ask("Who are you?")
            running.move(timedelta(seconds=opened + 540 - 0.1 - running.clock()))
            leases_when_heard: list[int] = []
            reply = talk.ask("And who am I?", heard=lambda _: leases_when_heard.append(len(running.function.kinds)))
            assert reply.transcript in REMEMBERED
            assert leases_when_heard[-1] == 2
        assert [swap.renewed for swap in talk.swaps] == [True]


def test_a_lost_connection_is_opened_again_with_the_newest_handle_and_the_same_lease() -> None:
    with service(connection_seconds=1) as running, running.talk() as talk:
        talk.ask("Who are you?")
        talk.pause(1.5)
        assert talk.ask("And who am I?").transcript in REMEMBERED
        assert set(running.function.kinds[1:]) == {"reconnect"}
        assert [swap.renewed for swap in talk.swaps] == [False] * len(talk.swaps)


def test_a_connection_that_the_server_will_close_is_left_before() -> None:
    with service(connection_seconds=600, go_away_seconds=599.5) as running, running.talk() as talk:
        talk.ask("Who are you?")
        talk.pause(1.2)
        assert "reconnect" in running.function.kinds
        assert talk.ask("And who am I?").transcript in REMEMBERED


def test_when_a_renewal_is_refused_the_talk_goes_on_to_the_end_of_its_lease_and_no_further() -> None:
    with service(connection_seconds=2) as running, running.talk() as talk:
        talk.ask("Who are you?")
        running.function.blocked = True
        running.move(RENEWABLE)
        talk.pause(0.1)
        assert talk.refusal is not None
        assert talk.refusal.reason == "USER_BLOCKED"
        assert talk.ask("And who am I?").transcript in REMEMBERED
        assert len(running.function.calls) == 2, "a refused renewal is not tried again"
        with pytest.raises(ConversationRefusedError) as quiet:
            talk.pause(3)
        assert quiet.value.refusal is not None
        assert quiet.value.refusal.reason == "USER_BLOCKED"


def test_a_renewal_that_meets_an_outage_is_tried_again_a_little_later() -> None:
    with service() as running, running.talk() as talk:
        talk.ask("Who are you?")
        running.function.outages = 1
        running.move(RENEWABLE)
        talk.pause(0.1)
        talk.pause(0.1)
        assert running.function.kinds == ["first"]
        assert len(running.function.calls) == 2, "not at once"
        running.move(timedelta(seconds=6))
        assert talk.ask("And who am I?").transcript in REMEMBERED
        assert running.function.kinds == ["first", "renewal"]


def test_the_end_of_a_conversation_gives_its_slot_back() -> None:
    with service() as running:
        with running.talk() as talk:
            session = talk.session
            with pytest.raises(ConversationRefusedError, match="TOO_MANY_SESSIONS"), running.talk():
                pass
        assert running.function.calls[-1] == {"end": session}
        assert running.function.open_sessions == 0
