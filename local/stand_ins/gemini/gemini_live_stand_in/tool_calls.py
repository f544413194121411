"""The calls of functions that wait for the app's response."""

import asyncio
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gemini_live_stand_in.scenario import FunctionCall

Message = dict[str, Any]


class ToolCalls:
    """The open calls of one connection."""

    def __init__(self, setup: Mapping[str, Any], *, blocking: bool) -> None:
        """Begin.

        Args:
            setup: the effective setup, with the declarations of the functions.
            blocking: whether a function without a `behavior` is BLOCKING for the model.
        """
        self._behaviors = {
            declaration.get("name", ""): declaration.get("behavior", "BLOCKING" if blocking else "NON_BLOCKING")
            for tool in setup.get("tools", [])
            for declaration in tool.get("functionDeclarations", [])
        }
        self._numbers = itertools.count(1)
        self._open: dict[str, str] = {}
        self._talked_over = False
        self._settled = asyncio.Event()
        self._settled.set()

    def undeclared(self, calls: Iterable[FunctionCall]) -> Iterator[str]:
        """Yield the names of functions that the setup does not declare."""
        return (call.name for call in calls if call.name not in self._behaviors)

    def begin(self, calls: Iterable[FunctionCall]) -> tuple[Message, Sequence[str]]:
        """Open calls; return the message that asks for them, and their ids."""
        asked: list[Message] = [
            {"id": call.id or f"function-call-{next(self._numbers)}", "name": call.name, "args": dict(call.args)}
            for call in calls
        ]
        self._open |= {call["id"]: call["name"] for call in asked}
        self._talked_over = False
        self._settled.clear()
        return {"toolCall": {"functionCalls": asked}}, [call["id"] for call in asked]

    def answer(self, call: str) -> bool:
        """Close the call of an id; return whether it was open."""
        was_open = self._open.pop(call, None) is not None
        self._settle()
        return was_open

    def cancel(self, calls: Iterable[str]) -> Message | None:
        """Give up those of some calls that are open; return the message that says so, if any are."""
        given_up = [call for call in calls if self._open.pop(call, None) is not None]
        self._settle()
        return {"toolCallCancellation": {"ids": given_up}} if given_up else None

    def talk_over(self) -> Message | None:
        """Give up the calls that are BLOCKING; return the message that says so, if there are any."""
        message = self.cancel([call for call, name in self._open.items() if self._blocks(name)])
        self._talked_over |= message is not None
        return message

    async def settled(self) -> bool:
        """Wait until no call is open; return whether the model may go on, because the user did not talk over one."""
        await self._settled.wait()
        return not self._talked_over

    def _blocks(self, name: str) -> bool:
        return self._behaviors.get(name) != "NON_BLOCKING"

    def _settle(self) -> None:
        if not self._open:
            self._settled.set()
