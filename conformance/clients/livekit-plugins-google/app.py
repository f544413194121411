"""livekit-plugins-google: https://docs.livekit.io/agents/models/realtime/plugins/gemini, a RealtimeModel in a session.

The room is left out: what hears and plays is the input and output of the session, as LiveKit's own console mode has it.
"""

import asyncio

from google.genai import types
from livekit import rtc
from livekit.agents import Agent, AgentSession, function_tool
from livekit.agents.voice import io
from livekit.plugins import google
from voice_app import API_VERSION, INSTRUCTION, KEY, MODEL, URL, hang_up, microphone, tell, weather, words


class Ear(io.AudioInput):
    """The microphone."""

    def __init__(self) -> None:
        super().__init__(label="microphone")
        self._chunks = microphone()

    async def __anext__(self) -> rtc.AudioFrame:
        while (chunk := await anext(self._chunks)) is None:
            pass
        return rtc.AudioFrame(chunk, 16_000, 1, len(chunk) // 2)


class Loudspeaker(io.AudioOutput):
    """Plays at once: the user of this test hears by reading."""

    def __init__(self) -> None:
        super().__init__(label="loudspeaker", capabilities=io.AudioOutputCapabilities(pause=False), sample_rate=24_000)
        self._seconds = 0.0

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if not self._seconds:
            self.on_playback_started(created_at=asyncio.get_running_loop().time())
        self._seconds += frame.duration

    def flush(self) -> None:
        super().flush()
        if self._seconds:
            played, self._seconds = self._seconds, 0.0
            self.on_playback_finished(playback_position=played, interrupted=False)

    def clear_buffer(self) -> None:
        played, self._seconds = self._seconds, 0.0
        tell("interrupted")
        if played:
            self.on_playback_finished(playback_position=played, interrupted=True)


class Screen(io.TextOutput):
    """Shows what the model says."""

    def __init__(self) -> None:
        super().__init__(label="screen", next_in_chain=None)

    async def capture_text(self, text: str) -> None:
        tell("said", text=text)

    def flush(self) -> None:
        pass


@function_tool
async def get_weather(city: str) -> dict[str, str]:
    """Return the weather in a city."""
    tell("tool", name="get_weather")
    return await weather(city)


async def main() -> None:
    model = google.realtime.RealtimeModel(
        model=MODEL,
        api_key=KEY,
        api_version=API_VERSION,
        http_options=types.HttpOptions(base_url=URL, api_version=API_VERSION),
    )
    session = AgentSession(llm=model)
    closed = asyncio.Event()
    session.on("error", lambda event: tell("told", text=words(getattr(event.error, "error", event.error))))
    session.on("close", lambda _: closed.set())
    session.input.audio = Ear()
    session.output.audio = Loudspeaker()
    session.output.transcription = Screen()
    await session.start(agent=Agent(instructions=INSTRUCTION, tools=[get_weather]))
    tell("open")
    await closed.wait()
    tell("over")
    hang_up()


asyncio.run(main())
