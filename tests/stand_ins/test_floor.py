"""Whose turn it is to speak, without a network."""

import asyncio
from collections.abc import Coroutine

import pytest

from gemini_live_stand_in.floor import Floor, TalkedOverError
from gemini_live_stand_in.turn_taking import Question


def play(scene: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, 5))


def test_a_turn_is_handed_over_before_and_after_somebody_waits_for_it() -> None:
    async def scene() -> None:
        floor = Floor()
        waiting = asyncio.ensure_future(floor.users_turn(answers=False))
        await asyncio.sleep(0)
        for text in ("one", "two", "three"):
            floor.hand_over(Question(text))
        turns = [await waiting, await floor.users_turn(answers=False), await floor.users_turn(answers=False)]
        assert [turn.text for turn in turns] == ["one", "two", "three"]

    play(scene())


def test_a_second_question_interrupts_before_the_answer_to_the_first_has_begun() -> None:
    async def scene() -> None:
        floor = Floor()
        answering = asyncio.ensure_future(floor.users_turn(answers=True))
        await asyncio.sleep(0)
        floor.hand_over(Question("one"))
        talking = asyncio.ensure_future(floor.talk_over(answered=True))
        await answering
        floor.take()
        with pytest.raises(TalkedOverError) as stopped:
            await floor.pause(60)
        assert stopped.value.answered
        assert not talking.done(), "not before the model has said that it was interrupted"
        floor.leave()
        await talking

    play(scene())


def test_talking_over_nobody_changes_nothing() -> None:
    async def scene() -> None:
        floor = Floor()
        await floor.talk_over(answered=True)
        floor.take()
        await floor.pause(0)
        floor.leave()
        await floor.talk_over(answered=False)

    play(scene())


def test_a_question_that_is_only_listened_to_leaves_the_floor_to_the_user() -> None:
    async def scene() -> None:
        floor = Floor()
        floor.hand_over(Question("one"))
        await floor.users_turn(answers=False)
        await floor.talk_over(answered=True)
        floor.hand_over(Question("two"))
        await floor.users_turn(answers=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(floor.talk_over(answered=True), 0.05)

    play(scene())
