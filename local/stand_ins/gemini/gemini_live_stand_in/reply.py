"""One answer of the model, as the messages of the Live protocol, in Google's order and at speaking pace."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from typing import Any

from gemini_live_stand_in.speech import RATE, Chunk, Speech
from gemini_live_stand_in.turn_taking import Question

_AUDIO_TOKENS_PER_SECOND = 25
_CHARACTERS_PER_TOKEN = 4
_GENERATION_SPEED = 5  # Gemini generates faster than one can listen; the client buffers and plays


async def reply(
    question: Question, speech: Speech, setup: Mapping[str, Any], pace: float
) -> AsyncIterator[dict[str, Any]]:
    """Yield the messages of a reply; turnComplete is held until the audio would have been heard."""
    loop = asyncio.get_running_loop()
    if question.spoken_seconds and "inputAudioTranscription" in setup:
        text = f"You spoke for {question.spoken_seconds:.1f} seconds."
        yield {"serverContent": {"inputTranscription": {"text": text, "finished": True}}}
    chunks = list(speech.chunks())
    started = loop.time()
    for chunk in chunks:
        yield {"serverContent": _content(chunk, transcribed="outputAudioTranscription" in setup)}
        await asyncio.sleep(speech.seconds * pace / len(chunks) / _GENERATION_SPEED)
    yield {"serverContent": {"generationComplete": True}}
    await asyncio.sleep(max(0.0, started + speech.seconds * pace - loop.time()))
    yield {"serverContent": {"turnComplete": True}, "usageMetadata": _usage(question, speech)}


def interruption() -> tuple[dict[str, Any], ...]:
    """Return the messages that end a reply the user talked over: no generationComplete."""
    return {"serverContent": {"interrupted": True}}, {"serverContent": {"turnComplete": True}}


def _content(chunk: Chunk, *, transcribed: bool) -> dict[str, Any]:
    audio = {"mimeType": f"audio/pcm;rate={RATE}", "data": base64.b64encode(chunk.pcm).decode()}
    content: dict[str, Any] = {"modelTurn": {"role": "model", "parts": [{"inlineData": audio}]}}
    if transcribed and chunk.words:
        # Live 3.x bundles transcription and audio in one serverContent; clients must cope.
        content["outputTranscription"] = {"text": chunk.words}
    return content


def _usage(question: Question, speech: Speech) -> dict[str, Any]:
    text = -(-question.characters // _CHARACTERS_PER_TOKEN)
    heard = round(question.spoken_seconds * _AUDIO_TOKENS_PER_SECOND)
    said = round(speech.seconds * _AUDIO_TOKENS_PER_SECOND)
    prompt = [{"modality": "TEXT", "tokenCount": text}, {"modality": "AUDIO", "tokenCount": heard}]
    return {
        "promptTokenCount": text + heard,
        "responseTokenCount": said,
        "totalTokenCount": text + heard + said,
        "promptTokensDetails": [detail for detail in prompt if detail["tokenCount"]],
        "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": said}],
    }
