"""A running Live session: from the accepted setup to the close."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from gemini_live_stand_in.conversations import Conversation
from gemini_live_stand_in.floor import Floor
from gemini_live_stand_in.frame import Frames
from gemini_live_stand_in.journal import ConnectionJournal
from gemini_live_stand_in.limits import Limits
from gemini_live_stand_in.model_traits import traits_of
from gemini_live_stand_in.refusals import CloseError
from gemini_live_stand_in.scenario import Connection, Listen
from gemini_live_stand_in.script import Script, Stage, play_bare
from gemini_live_stand_in.stand_in import GeminiStandIn
from gemini_live_stand_in.tool_calls import ToolCalls
from gemini_live_stand_in.turn_taking import Heard, TurnTaking
from gemini_live_stand_in.wire import DropError, HalfOpenError


class Session:
    """One connection whose setup was accepted. `run()` ends with an exception, whoever ends the session."""

    def __init__(
        self,
        websocket: WebSocket,
        frames: Frames,
        stand_in: GeminiStandIn,
        part: Connection,
        journal: ConnectionJournal,
        setup: Mapping[str, Any],
        conversation: Conversation,
        expire_time: datetime | None,
    ) -> None:
        traits = traits_of(setup.get("model", ""))
        self._websocket = websocket
        self._frames = frames
        self._stand_in = stand_in
        self._part = part
        self._journal = journal
        self._setup = setup
        self._conversation = conversation
        self._silent = False
        self._refused_resumption = False
        self._sending = asyncio.Lock()
        words = [step.input_transcription for step in part.steps if isinstance(step, Listen)]
        self._turn_taking = TurnTaking(setup, traits, words)
        self._floor = Floor()
        self._calls = ToolCalls(setup, blocking=traits.blocking_tools)
        self._limits = Limits(stand_in, expire_time)
        self._stage = Stage(
            stand_in=stand_in,
            setup=setup,
            traits=traits,
            conversation=conversation,
            floor=self._floor,
            calls=self._calls,
            limits=self._limits,
            journal=journal,
            send=self._send,
            offer_resumption=self._offer_resumption,
            fall_silent=self._fall_silent,
        )

    async def run(self) -> None:
        """Talk until the client leaves, a rule is broken, a limit is reached or the scenario ends it."""
        if await play_bare(self._part.on_setup, self._frames, self._stand_in, self._journal):
            await self.stay_silent()
        await self._send({"setupComplete": {}})
        await self._offer_resumption()
        await self._until_the_end(self._talk)

    async def stay_silent(self) -> None:
        """Answer nothing until the client leaves or a limit is reached."""
        self._fall_silent()
        await self._until_the_end(lambda _tasks: self._frames.ignore())

    async def _until_the_end(self, talk: Callable[[asyncio.TaskGroup], Coroutine[None, None, None]]) -> None:
        closing: Exception | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._limits.watch(self._send))
                tasks.create_task(talk(tasks))
        except* (CloseError, WebSocketDisconnect, DropError, HalfOpenError) as ends:
            closing = ends.exceptions[0]
        if closing:
            raise closing

    async def _talk(self, tasks: asyncio.TaskGroup) -> None:
        tasks.create_task(Script(self._part.steps, self._stage).play(tasks))
        while True:
            message = await self._frames.read()
            await self._hear(self._turn_taking.hear(message, after_model_turn=self._conversation.turns > 0))

    async def _hear(self, heard: Heard) -> None:
        if heard.interrupts or heard.question:
            await self._floor.talk_over(answered=heard.question is not None)
            cancellation = self._calls.talk_over()
            if cancellation:
                await self._send(cancellation)
        for told in heard.told:
            await self._send(told)
        for response in heard.responses:
            self._journal.tool_response(response, expected=self._calls.answer(response["id"]))
        if heard.history:
            self._conversation.turns += 1
        if heard.question:
            self._floor.hand_over(heard.question)

    async def _offer_resumption(self) -> None:
        if "sessionResumption" not in self._setup:
            return
        if self._part.resumable:
            handle = self._stand_in.conversations.new_handle(self._conversation)
            await self._send({"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}})
        elif not self._refused_resumption:
            self._refused_resumption = True
            await self._send({"sessionResumptionUpdate": {"resumable": False}})

    def _fall_silent(self) -> None:
        self._silent = True

    async def _send(self, message: Mapping[str, Any]) -> None:
        async with self._sending:
            await self._stand_in.until(self._stand_in.after(self._part.delay_seconds))
            if self._silent:
                return
            self._journal.said(message)
            # Google sends its JSON in binary frames; clients that expect text frames must fail here too.
            await self._websocket.send_bytes(json.dumps(message).encode())
