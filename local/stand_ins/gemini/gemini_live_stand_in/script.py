"""Plays the steps of a scenario in a session; after the last, and without a scenario, it answers turn by turn."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat
from typing import Any

from gemini_live_stand_in.conversations import Conversation
from gemini_live_stand_in.floor import Floor, TalkedOverError
from gemini_live_stand_in.frame import Frames
from gemini_live_stand_in.journal import ConnectionJournal
from gemini_live_stand_in.limits import Limits
from gemini_live_stand_in.model_traits import ModelTraits
from gemini_live_stand_in.records import UserTurn
from gemini_live_stand_in.refusals import CLOSE_REFUSALS
from gemini_live_stand_in.reply import Reply
from gemini_live_stand_in.scenario import (
    Answer,
    AwaitToolResponse,
    BareStep,
    Close,
    Drop,
    Expectation,
    GoAway,
    HalfOpen,
    Listen,
    LoseHandle,
    Silence,
    Step,
    Timed,
    ToolCall,
    Wait,
    step_name,
)
from gemini_live_stand_in.speech import in_turn
from gemini_live_stand_in.stand_in import GeminiStandIn
from gemini_live_stand_in.tool_calls import ToolCalls
from gemini_live_stand_in.wire import DropError, HalfOpenError


async def play_bare(
    steps: Sequence[BareStep], frames: Frames, stand_in: GeminiStandIn, journal: ConnectionJournal
) -> bool:
    """Play the steps that come before setupComplete, one after the other; return whether it falls silent.

    Raises:
        CloseError, DropError, HalfOpenError: a step ends the connection.
    """
    silent = False
    for step in steps:
        seconds = step.seconds if isinstance(step, Wait) else step.in_seconds
        over = stand_in.after(seconds)
        journal.note(step_name(type(step)), seconds=seconds)
        await frames.meanwhile(stand_in.until(over))
        silent |= isinstance(step, Silence)
        _end_if_it_ends(step)
    return silent


def _end_if_it_ends(step: BareStep) -> None:
    match step:
        case Close():
            raise step.close_error()
        case Drop():
            raise DropError
        case HalfOpen():
            raise HalfOpenError(step.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a script plays with: the parts of one session."""

    stand_in: GeminiStandIn
    setup: Mapping[str, Any]
    traits: ModelTraits
    conversation: Conversation
    floor: Floor
    calls: ToolCalls
    limits: Limits
    journal: ConnectionJournal
    send: Callable[[Mapping[str, Any]], Awaitable[None]]
    offer_resumption: Callable[[], Awaitable[None]]
    fall_silent: Callable[[], None]


class Script:
    """The steps of one connection, and where it is in them."""

    def __init__(self, steps: Sequence[Step], stage: Stage) -> None:
        self._steps = steps
        self._stage = stage
        self._has_turn = False

    async def play(self, tasks: asyncio.TaskGroup) -> None:
        """Play all steps, then answer for ever. Steps that are timed run beside the others.

        Raises:
            CloseError, DropError, HalfOpenError: a step ends the connection.
        """
        for step in chain(self._steps, repeat(Answer())):
            if isinstance(step, Timed) and step.in_seconds:
                over = self._stage.stand_in.after(step.in_seconds)
                self._stage.journal.note("timed", step=step_name(type(step)), seconds=step.in_seconds)
                tasks.create_task(self._do_at(over, step))
            elif isinstance(step, ToolCall):
                await self._call(step, tasks)
            else:
                await self._do(step)

    async def _do_at(self, moment: datetime, step: Timed) -> None:
        await self._stage.stand_in.until(moment)
        await self._do(step)

    async def _do(self, step: Any) -> None:
        stage = self._stage
        match step:
            case Listen():
                await self._listen(step)
            case Answer():
                await self._answer(step)
            case AwaitToolResponse():
                self._has_turn = await stage.calls.settled()
            case Wait():
                over = stage.stand_in.after(step.seconds)
                stage.journal.note("wait", seconds=step.seconds)
                await stage.stand_in.until(over)
            case GoAway():
                await stage.send(stage.limits.go_away(step.time_left_seconds, step.close_error()))
            case LoseHandle():
                stage.conversation.lost = CLOSE_REFUSALS[step.refusal]
                stage.journal.note("handle lost")
            case Silence():
                stage.fall_silent()
                stage.journal.note("silence")
            case _:
                _end_if_it_ends(step)

    async def _listen(self, step: Listen) -> None:
        turn = await self._users_turn(answers=False)
        self._has_turn = True
        if step.expect and (missed := _missed(step.expect, turn)):
            self._stage.journal.unmet(missed)

    async def _users_turn(self, *, answers: bool) -> UserTurn:
        question = await self._stage.floor.users_turn(answers=answers)
        self._stage.conversation.context.hear(len(question.text), question.spoken_seconds)
        return self._stage.journal.turn(question)

    async def _answer(self, step: Answer) -> None:
        stage = self._stage
        if not self._has_turn and not step.unprompted:
            await self._users_turn(answers=True)
        stage.floor.take()
        self._has_turn = False
        await self._say(self._reply(step))
        await stage.offer_resumption()
        stage.floor.leave()

    def _reply(self, step: Answer) -> Reply:
        stage, conversation, config = self._stage, self._stage.conversation, self._stage.stand_in.config
        speech = step.speech() or in_turn(conversation.turns)
        conversation.turns += 1
        model_turns = stage.traits.model_turns
        if stage.traits.interaction_status and config.model_turns is not None:
            model_turns = config.model_turns
        return Reply(
            speech.parts(step.model_turns or model_turns),
            conversation.context,
            transcribed="outputAudioTranscription" in stage.setup,
            status=stage.traits.interaction_status,
            pace=config.pace,
            pause=stage.floor.pause,
            stops_after_seconds=step.interrupted_after_seconds,
        )

    async def _say(self, reply: Reply) -> None:
        if "sessionResumption" in self._stage.setup:
            await self._stage.send({"sessionResumptionUpdate": {"resumable": False}})
        try:
            async for message in reply.messages():
                await self._stage.send(message)
        except TalkedOverError as stopped:
            for message in reply.interruption(answered=stopped.answered):
                await self._stage.send(message)

    async def _call(self, step: ToolCall, tasks: asyncio.TaskGroup) -> None:
        stage = self._stage
        if not self._has_turn:
            await self._users_turn(answers=False)
        for name in stage.calls.undeclared(step.calls):
            stage.journal.unmet(f"a declaration of the function {name} in the setup")
        message, ids = stage.calls.begin(step.calls)
        if step.cancel_after_seconds is not None:
            tasks.create_task(self._cancel_at(stage.stand_in.after(step.cancel_after_seconds), ids))
        await stage.send(message)
        self._has_turn = not step.wait or await stage.calls.settled()

    async def _cancel_at(self, moment: datetime, ids: Sequence[str]) -> None:
        await self._stage.stand_in.until(moment)
        cancellation = self._stage.calls.cancel(ids)
        if cancellation:
            await self._stage.send(cancellation)


def _missed(expected: Expectation, turn: UserTurn) -> str | None:
    """Return in words what a turn should have been and was not."""
    sound = turn.sound
    seconds = sound.speech_seconds
    kind = f"a tone of {expected.hz:g} Hz" if expected.hz is not None else "speech"
    right_kind = sound.is_tone_of(expected.hz) if expected.hz is not None else seconds > 0 and sound.tone_hz is None
    if right_kind and expected.min_seconds <= seconds and seconds <= (expected.max_seconds or seconds):
        return None
    length = f"from {expected.min_seconds:g} s" + (f" to {expected.max_seconds:g} s" if expected.max_seconds else "")
    came = f"a tone of {sound.tone_hz:g} Hz" if sound.tone_hz else "speech" if seconds else "quiet"
    return f"{kind} {length}; there came {came} of {seconds:g} s"
