"""google-genai: https://googleapis.github.io/python-genai/#live and https://ai.google.dev/gemini-api/docs/live-session.

The documentation leaves resumption to the user: keep the newest handle, and connect again with it after goAway or when
the connection ends. It says nothing of time limits, so there are none here. A connection on which the model never spoke
is not tried again.
"""

import asyncio
import contextlib
import datetime

from google import genai
from google.genai import errors, types
from google.genai.live import AsyncSession
from voice_app import API_VERSION, INSTRUCTION, KEY, MINT, MODEL, URL, hang_up, microphone, tell, weather, words
from websockets.exceptions import ConnectionClosed

OPTIONS = types.HttpOptions(base_url=URL, api_version=API_VERSION)
WEATHER = types.FunctionDeclaration(
    name="get_weather",
    parameters=types.Schema(type=types.Type.OBJECT, properties={"city": types.Schema(type=types.Type.STRING)}),
)


class Talk:
    """A conversation over as many connections as it takes."""

    def __init__(self) -> None:
        self.session: AsyncSession | None = None
        self.handle: str | None = None
        self.spoke = self.speaking = self.leaving = False
        self.tools: dict[str, asyncio.Task[None]] = {}

    async def listen(self) -> None:
        """Send the microphone to whatever session there is."""
        async for chunk in microphone():
            with contextlib.suppress(ConnectionClosed, errors.APIError):
                if self.session is None:
                    continue
                if chunk is None:
                    await self.session.send_realtime_input(audio_stream_end=True)
                else:
                    await self.session.send_realtime_input(
                        audio=types.Blob(data=chunk, mime_type="audio/pcm;rate=16000")
                    )

    async def run(self, client: genai.Client) -> None:
        """Talk, and connect again while there is a handle."""
        while True:
            resumed, self.spoke, self.speaking, self.leaving = bool(self.handle), False, False, False
            try:
                async with client.aio.live.connect(model=MODEL, config=self.config()) as session:
                    tell("open", resumed=resumed)
                    self.session = session
                    while not await self.turn(session):
                        pass
            except (errors.APIError, ConnectionClosed, OSError) as error:
                tell("told", text=words(error))
                if self.handle is None or not self.spoke:
                    return
            finally:
                self.session = None

    def config(self) -> types.LiveConnectConfig:
        return types.LiveConnectConfig(
            response_modalities=[types.Modality.AUDIO],
            system_instruction=INSTRUCTION,
            tools=[types.Tool(function_declarations=[WEATHER])],
            input_audio_transcription=types.AudioTranscriptionConfig(),
            output_audio_transcription=types.AudioTranscriptionConfig(),
            session_resumption=types.SessionResumptionConfig(handle=self.handle),
        )

    async def turn(self, session: AsyncSession) -> bool:
        """Read to the end of a turn; return whether the server is about to close."""
        async for message in session.receive():
            if (update := message.session_resumption_update) and update.resumable and update.new_handle:
                self.handle = update.new_handle
            if (content := message.server_content) and content.model_turn:
                self.spoke = self.speaking = True
            if content and content.output_transcription:
                tell("said", text=content.output_transcription.text or "")
            if content and content.interrupted:
                tell("interrupted")
            for call in (message.tool_call and message.tool_call.function_calls) or []:
                tell("tool", name=call.name)
                self.tools[call.id or ""] = asyncio.create_task(self.answer(session, call))
            for cancelled in (message.tool_call_cancellation and message.tool_call_cancellation.ids) or []:
                tell("cancelled", id=cancelled)
                self.tools.pop(cancelled).cancel()
            self.leaving = self.leaving or bool(message.go_away and self.handle)
            if self.leaving and not self.speaking:
                return True
        self.speaking = False
        return self.leaving

    async def answer(self, session: AsyncSession, call: types.FunctionCall) -> None:
        response = await weather(**(call.args or {}))
        await session.send_tool_response(
            function_responses=types.FunctionResponse(id=call.id, name=call.name, response=response)
        )


async def main() -> None:
    key = KEY
    if MINT:
        soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=30)
        backend = genai.Client(api_key=KEY, http_options=OPTIONS)
        token = await backend.aio.auth_tokens.create(config=types.CreateAuthTokenConfig(uses=1, expire_time=soon))
        key = token.name or ""
    talk = Talk()
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(talk.listen())
        talking = tasks.create_task(talk.run(genai.Client(api_key=key, http_options=OPTIONS)))
        await asyncio.wait([listening, talking], return_when=asyncio.FIRST_COMPLETED)
        if talking.done() and not talking.exception():
            tell("over")
        hang_up()


asyncio.run(main())
