"""One answer of the model, as the messages of the Live protocol, in Google's order and at speaking pace."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gemini_live_stand_in.floor import TalkedOverError
from gemini_live_stand_in.speech import RATE, Chunk, Speech
from gemini_live_stand_in.usage import Context

_GENERATION_SPEED = 5  # Gemini generates faster than one can listen; the client buffers and plays

Message = dict[str, Any]


@dataclass(slots=True)
class Reply:
    """The answer to one question: one model turn, or several.

    Attributes:
        turns: what is said in each model turn.
        context: grows by what was said.
        transcribed: whether `outputTranscription` comes with the audio.
        status: whether `interactionStatus` comes with the turns.
        pace: 1.0 speaks in real time, 0 does not wait at all.
        pause: waits while the model speaks, unless the user talks over it.
        stops_after_seconds: of sound; then the model stops as if it had heard the user.

    Raises:
        TalkedOverError: the user talks over the model.
    """

    turns: Sequence[Speech]
    context: Context
    transcribed: bool
    status: bool
    pace: float
    pause: Callable[[float], Awaitable[None]]
    stops_after_seconds: float | None = None
    _heard: float = 0.0
    _said: float = 0.0

    async def messages(self) -> AsyncIterator[Message]:
        """Yield the messages; each turnComplete is held until its audio would have been heard."""
        yet_to_come = len(self.turns)
        for speech in self.turns:
            yet_to_come -= 1
            async for message in self._turn(speech, more=yet_to_come > 0):
                yield message

    def interruption(self, *, answered: bool) -> tuple[Message, Message]:
        """Return the messages that end a reply the user talked over: no generationComplete, and the usage so far.

        Args:
            answered: whether the interruption is a question that is answered at once.
        """
        return {"serverContent": {"interrupted": True}}, self._turn_complete(more=answered)

    async def _turn(self, speech: Speech, *, more: bool) -> AsyncIterator[Message]:
        loop = asyncio.get_running_loop()
        chunks = list(speech.chunks())
        started = loop.time()
        for index, chunk in enumerate(chunks):
            if self.stops_after_seconds is not None and self._heard >= self.stops_after_seconds:
                raise TalkedOverError(answered=False)
            self._said += chunk.seconds
            self._heard += chunk.seconds
            yield {"serverContent": self._content(chunk) | (self._status(more=True) if index == 0 else {})}
            await self.pause(speech.seconds * self.pace / len(chunks) / _GENERATION_SPEED)
        yield {"serverContent": {"generationComplete": True}}
        await self.pause(max(0.0, started + speech.seconds * self.pace - loop.time()))
        yield self._turn_complete(more=more)

    def _content(self, chunk: Chunk) -> Message:
        audio = {"mimeType": f"audio/pcm;rate={RATE}", "data": base64.b64encode(chunk.pcm).decode()}
        content: Message = {"modelTurn": {"role": "model", "parts": [{"inlineData": audio}]}}
        if self.transcribed and chunk.words:
            # Live 3.x bundles transcription and audio in one serverContent; clients must cope.
            content["outputTranscription"] = {"text": chunk.words}
        return content

    def _turn_complete(self, *, more: bool) -> Message:
        usage = self.context.say(self._said)
        self._said = 0.0
        return {"serverContent": {"turnComplete": True} | self._status(more=more), "usageMetadata": usage}

    def _status(self, *, more: bool) -> Message:
        if not self.status:
            return {}
        return {"interactionStatus": "IN_PROGRESS" if more else "IDLE"}
