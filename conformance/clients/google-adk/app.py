"""google-adk: https://adk.dev/streaming, the guide to bidirectional streaming: run_live with session resumption.

ADK connects again by itself where `session_resumption` is set.
"""

import asyncio

from google.adk.agents import Agent, LiveRequestQueue
from google.adk.agents.run_config import RunConfig, StreamingMode
from google.adk.models import Gemini
from google.adk.runners import InMemoryRunner
from google.genai import types
from voice_app import API_VERSION, INSTRUCTION, KEY, MODEL, URL, hang_up, microphone, tell, weather, words


async def get_weather(city: str) -> dict[str, str]:
    """Return the weather in a city."""
    tell("tool", name="get_weather")
    return await weather(city)


OPTIONS = types.HttpOptions(base_url=URL, api_version=API_VERSION)
AGENT = Agent(
    name="assistant",
    model=Gemini(model=MODEL, client_kwargs={"api_key": KEY, "http_options": OPTIONS}),
    instruction=INSTRUCTION,
    tools=[get_weather],
)
CONFIG = RunConfig(
    streaming_mode=StreamingMode.BIDI,
    response_modalities=[types.Modality.AUDIO],
    input_audio_transcription=types.AudioTranscriptionConfig(),
    output_audio_transcription=types.AudioTranscriptionConfig(),
    session_resumption=types.SessionResumptionConfig(),
)


async def listen(requests: LiveRequestQueue) -> None:
    async for chunk in microphone():
        if chunk is not None:
            requests.send_realtime(types.Blob(data=chunk, mime_type="audio/pcm;rate=16000"))


async def talk(runner: InMemoryRunner, requests: LiveRequestQueue) -> None:
    session = await runner.session_service.create_session(app_name="app", user_id="user")
    tell("open")
    try:
        async for event in runner.run_live(
            user_id="user", session_id=session.id, live_request_queue=requests, run_config=CONFIG
        ):
            if event.output_transcription and event.partial:  # the whole text comes once more at the end
                tell("said", text=event.output_transcription.text or "")
            if event.interrupted:
                tell("interrupted")
            if event.error_code:
                tell("told", text=f"{event.error_code}: {event.error_message}")
    except Exception as error:
        tell("told", text=words(error))
    tell("over")


async def main() -> None:
    requests = LiveRequestQueue()
    runner = InMemoryRunner(agent=AGENT, app_name="app")
    tasks = [asyncio.create_task(listen(requests)), asyncio.create_task(talk(runner, requests))]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    hang_up()


asyncio.run(main())
