"""A running Live session: from setupComplete to the close."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from gemini_live_stand_in.conversations import Conversation
from gemini_live_stand_in.frame import read_message
from gemini_live_stand_in.refusals import CONNECTION_LIMIT, TOKEN_EXPIRED_RUNNING, CloseError
from gemini_live_stand_in.reply import interruption, reply
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
        self._turn_taking = TurnTaking(setup)
        self._replying: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Talk until the client leaves, a rule is broken or a limit is reached."""
        await self._send({"setupComplete": {}})
        await self._offer_resumption()
        closing: Exception | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch_limits())
                tasks.create_task(self._listen(tasks))
        except* (CloseError, WebSocketDisconnect) as ends:
            closing = ends.exceptions[0]
        if closing:
            raise closing

    async def _listen(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            heard = self._turn_taking.hear(await read_message(self._websocket))
            if heard.interrupts or heard.question:
                await self._interrupt()
            if heard.question:
                self._replying = tasks.create_task(self._reply(heard.question))

    async def _reply(self, question: Question) -> None:
        speech = later_reply() if self._conversation.turns else first_reply()
        self._conversation.turns += 1
        async for message in reply(question, speech, self._setup, self._stand_in.config.pace):
            await self._send(message)
        await self._offer_resumption()

    async def _interrupt(self) -> None:
        if self._replying is None or self._replying.done():
            return
        self._replying.cancel()
        await asyncio.wait({self._replying})
        for message in interruption():
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
