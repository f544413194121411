"""A running Live session: from setupComplete to the close."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from gemini_live_stand_in.conversations import Conversation
from gemini_live_stand_in.frame import read_message
from gemini_live_stand_in.model_traits import traits_of
from gemini_live_stand_in.refusals import CONNECTION_LIMIT, TOKEN_EXPIRED_RUNNING, CloseError
from gemini_live_stand_in.reply import Reply
from gemini_live_stand_in.speech import first_reply, later_reply
from gemini_live_stand_in.stand_in import GeminiStandIn
from gemini_live_stand_in.turn_taking import Question, TurnTaking

_WATCH_SECONDS = 0.05  # how often the limits are compared with the stand-in's clock, which tests may move


class Session:
    """One connection that got its setupComplete. `run()` ends with CloseError or WebSocketDisconnect."""

    def __init__(
        self,
        websocket: WebSocket,
        stand_in: GeminiStandIn,
        setup: Mapping[str, Any],
        conversation: Conversation,
        expire_time: datetime | None,
    ) -> None:
        self._websocket = websocket
        self._stand_in = stand_in
        self._setup = setup
        self._conversation = conversation
        self._expire_time = expire_time
        self._started = stand_in.now()
        self._traits = traits_of(setup.get("model", ""))
        self._turn_taking = TurnTaking(setup, self._traits)
        self._reply: Reply | None = None
        self._replying: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Talk until the client leaves, a rule is broken or a limit is reached."""
        await self._send({"setupComplete": {}})
        await self._offer_resumption()
        await self._until_the_end(self._listen)

    async def stay_silent(self) -> None:
        """Answer nothing until the client leaves or a limit is reached."""
        await self._until_the_end(self._ignore)

    async def _until_the_end(self, receive: Callable[[asyncio.TaskGroup], Coroutine[None, None, None]]) -> None:
        closing: Exception | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch_limits())
                tasks.create_task(receive(tasks))
        except* (CloseError, WebSocketDisconnect) as ends:
            closing = ends.exceptions[0]
        if closing:
            raise closing

    async def _ignore(self, _tasks: asyncio.TaskGroup) -> None:
        while True:
            await read_message(self._websocket)

    async def _listen(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            message = await read_message(self._websocket)
            heard = self._turn_taking.hear(message, after_model_turn=self._conversation.turns > 0)
            if heard.interrupts or heard.question:
                await self._interrupt(answered=heard.question is not None)
            for told in heard.told:
                await self._send(told)
            if heard.history:
                self._conversation.turns += 1
            if heard.question:
                self._reply = self._answer(heard.question)
                self._replying = tasks.create_task(self._say(self._reply))

    def _answer(self, question: Question) -> Reply:
        conversation, config = self._conversation, self._stand_in.config
        speech = later_reply() if conversation.turns else first_reply()
        conversation.turns += 1
        conversation.context.hear(question.characters, question.spoken_seconds)
        model_turns = self._traits.model_turns
        if self._traits.interaction_status and config.model_turns is not None:
            model_turns = config.model_turns
        return Reply(
            speech.parts(model_turns),
            conversation.context,
            transcribed="outputAudioTranscription" in self._setup,
            status=self._traits.interaction_status,
            pace=config.pace,
        )

    async def _say(self, reply: Reply) -> None:
        if "sessionResumption" in self._setup:
            await self._send({"sessionResumptionUpdate": {"resumable": False}})
        async for message in reply.messages():
            await self._send(message)
        await self._offer_resumption()

    async def _interrupt(self, *, answered: bool) -> None:
        if self._reply is None or self._replying is None or self._replying.done():
            return
        self._replying.cancel()
        await asyncio.wait({self._replying})
        for message in self._reply.interruption(answered=answered):
            await self._send(message)
        await self._offer_resumption()

    async def _offer_resumption(self) -> None:
        if "sessionResumption" in self._setup:
            handle = self._stand_in.conversations.new_handle(self._conversation)
            await self._send({"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}})

    async def _watch_limits(self) -> None:
        config = self._stand_in.config
        warned = False
        while True:
            now = self._stand_in.now()
            if self._expire_time and now >= self._expire_time:
                raise CloseError(TOKEN_EXPIRED_RUNNING)
            left = config.connection_seconds - (now - self._started).total_seconds()
            if left <= 0:
                raise CloseError(CONNECTION_LIMIT)
            if left <= config.go_away_seconds and not warned:
                warned = True
                await self._send({"goAway": {"timeLeft": f"{round(left, 3):g}s"}})
            await asyncio.sleep(_WATCH_SECONDS)

    async def _send(self, message: Mapping[str, Any]) -> None:
        # Google sends its JSON in binary frames; clients that expect text frames must fail here too.
        await self._websocket.send_bytes(json.dumps(message).encode())
