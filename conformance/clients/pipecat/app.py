"""pipecat: https://docs.pipecat.ai/server/services/s2s/gemini-live, a pipeline with the service and its context.

The transport is left out: frames of the microphone are queued, and what comes out is printed.
"""

import asyncio

from google.genai import types
from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMRunFrame,
    TTSTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.google.gemini_live.llm import GeminiLiveLLMService
from pipecat.services.llm_service import FunctionCallParams
from voice_app import API_VERSION, INSTRUCTION, KEY, MODEL, URL, hang_up, microphone, tell, weather


class Printer(FrameProcessor):
    """Prints what a loudspeaker and a screen would show."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSTextFrame):
            tell("said", text=frame.text)
        elif isinstance(frame, InterruptionFrame):
            tell("interrupted")
        await self.push_frame(frame, direction)


class Alarm(FrameProcessor):
    """Prints the errors, which travel up."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, ErrorFrame):
            tell("told", text=str(frame.error)[:300])
        await self.push_frame(frame, direction)


async def get_weather(params: FunctionCallParams, city: str) -> None:
    """Return the weather in a city."""
    tell("tool", name="get_weather")
    await params.result_callback(await weather(city))


async def main() -> None:
    llm = GeminiLiveLLMService(
        api_key=KEY,
        settings=GeminiLiveLLMService.Settings(model=f"models/{MODEL}", system_instruction=INSTRUCTION),
        tools=[get_weather],
        http_options=types.HttpOptions(base_url=URL, api_version=API_VERSION),
    )
    pair = LLMContextAggregatorPair(LLMContext())
    pipeline = Pipeline([Alarm(), pair.user(), llm, Printer(), pair.assistant()])
    task = PipelineTask(pipeline, params=PipelineParams(audio_in_sample_rate=16_000), idle_timeout_secs=None)

    async def listen() -> None:
        await task.queue_frame(LLMRunFrame())
        tell("open")
        async for chunk in microphone():
            if chunk is not None:
                await task.queue_frame(InputAudioRawFrame(audio=chunk, sample_rate=16_000, num_channels=1))
        await task.queue_frame(EndFrame())

    running = asyncio.create_task(PipelineRunner(handle_sigint=False).run(task))
    listening = asyncio.create_task(listen())
    await asyncio.wait([running, listening], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        tell("over")
    hang_up()


asyncio.run(main())
