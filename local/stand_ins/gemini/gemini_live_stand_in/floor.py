"""Whose turn it is to speak: hands over the user's turns, and stops the model when the user talks over it."""

import asyncio
from collections import deque

from gemini_live_stand_in.turn_taking import Question


class TalkedOverError(Exception):
    """The model stops in the middle of an answer.

    Attributes:
        answered: whether a question did it, which is answered at once.
    """

    def __init__(self, *, answered: bool) -> None:
        self.answered = answered
        super().__init__("talked over")


class Floor:
    """Shared by the task that listens and the task that speaks; the floor is the model's from `take` to `leave`."""

    def __init__(self) -> None:
        self._turns: deque[Question] = deque()
        self._taker: asyncio.Future[Question] | None = None
        self._taker_answers = False
        self._stop: asyncio.Future[bool] | None = None
        self._left = asyncio.Event()

    def hand_over(self, question: Question) -> None:
        """Give the model a turn of the user's, at once if it waits for one."""
        if self._taker is None or self._taker.done():
            self._turns.append(question)
            return
        if self._taker_answers:
            self.take()  # not when its task runs again, or a second question before that would not interrupt
        self._taker.set_result(question)

    async def users_turn(self, *, answers: bool) -> Question:
        """Wait for a turn of the user's; if the model answers it, the floor is the model's from then on."""
        if self._turns:
            question = self._turns.popleft()
            if answers:
                self.take()
            return question
        self._taker, self._taker_answers = asyncio.get_running_loop().create_future(), answers
        return await self._taker

    def take(self) -> None:
        """The model speaks."""
        if self._stop is None:
            self._stop = asyncio.get_running_loop().create_future()
            self._left.clear()

    def leave(self) -> None:
        """The model has said all, also that it was interrupted."""
        self._stop = None
        self._left.set()

    async def talk_over(self, *, answered: bool) -> None:
        """Stop the model if it speaks, and wait until it has left the floor."""
        if self._stop is None:
            return
        if not self._stop.done():
            self._stop.set_result(answered)
        await self._left.wait()

    async def pause(self, seconds: float) -> None:
        """Let the model's sound be heard for so long.

        Raises:
            TalkedOverError: the user talks over it.
        """
        if self._stop is None:
            return
        await asyncio.wait({self._stop}, timeout=seconds)
        if self._stop.done():
            raise TalkedOverError(answered=self._stop.result())
