"""Google's SDKs on the scenarios of the Gemini stand-in: tool calls, interruptions, closes, what they send."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import trustme
from google import genai
from google.genai import errors, types
from google.genai.live import AsyncSession

from gemini_live_stand_in import ConnectionRecord, GeminiStandIn, StandInConfig, create_app, load_scenario
from gemini_live_stand_in.serving import serve
from integration.sdks.live_client import Session, spoken_question
from support.sdks.in_process_stand_ins import new_api_key
from support.sdks.node_scripts import NodeScripts
from support.sdks.secrets_seen import SecretsSeen

MODEL = "gemini-3.8-live"
CONFIG: Any = {
    "responseModalities": ["AUDIO"],
    "outputAudioTranscription": {},
    "inputAudioTranscription": {},
    "tools": [{"functionDeclarations": [{"name": "get_weather"}]}],
}
RAIN = {"sky": "rain"}


@dataclass(frozen=True)
class Gemini:
    """A stand-in, over HTTP and over TLS."""

    stand_in: GeminiStandIn
    key: str
    plain: str
    secure: str
    trust: ssl.SSLContext

    def play(self, scenario: str) -> None:
        self.stand_in.play(load_scenario(scenario))

    @property
    def talk(self) -> ConnectionRecord:
        journal = self.stand_in.journal
        journal.wait_until(lambda journal: journal.connections[-1].ending is not None, seconds=20)
        return journal.connections[-1]


@pytest.fixture(scope="module")
def gemini(secrets_seen: SecretsSeen, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gemini]:
    authority = trustme.CA()
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    server = tmp_path_factory.mktemp("tls") / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(server)
    key = new_api_key(secrets_seen)
    stand_in = GeminiStandIn(StandInConfig(api_keys=frozenset({key}), pace=0))
    app = create_app(stand_in)
    with serve(app) as plain, serve(app, tls=(server, server)) as secure:
        yield Gemini(stand_in, key, f"http://{plain}", f"https://{secure}", trust)


@asynccontextmanager
async def connected(gemini: Gemini) -> AsyncIterator[AsyncSession]:
    client = genai.Client(
        api_key=gemini.key,
        http_options=types.HttpOptions(
            base_url=gemini.secure, api_version="v1beta", async_client_args={"ssl": gemini.trust}
        ),
    )
    async with client.aio.live.connect(model=MODEL, config=CONFIG) as session:
        yield session


async def ask_in_python(session: AsyncSession, question: str) -> list[types.LiveServerMessage]:
    """Ask, answer all calls of tools, and return what came up to the end of the turn."""
    await session.send_client_content(turns={"role": "user", "parts": [{"text": question}]})
    messages = []
    async for message in session.receive():
        messages.append(message)
        calls = message.tool_call.function_calls or [] if message.tool_call else []
        for call in calls:
            response = types.FunctionResponse(id=call.id, name=call.name, response=RAIN)
            await session.send_tool_response(function_responses=[response])
    return messages


def in_python(gemini: Gemini, *questions: str) -> list[types.LiveServerMessage]:
    async def talk() -> list[types.LiveServerMessage]:
        async with connected(gemini) as session:
            return [message for question in questions for message in await ask_in_python(session, question)]

    return asyncio.run(talk())


def in_javascript(gemini: Gemini, scripts: NodeScripts, *turns: object) -> Session:
    document = {
        "token": gemini.key,
        "apiVersion": "v1beta",
        "baseUrl": gemini.plain,
        "model": MODEL,
        "config": CONFIG,
        "turns": turns,
        "toolResult": RAIN,
    }
    return Session.of(scripts.run("genai.mjs", document))


def transcript(messages: list[types.LiveServerMessage]) -> str:
    contents = [message.server_content for message in messages if message.server_content]
    return "".join(content.output_transcription.text or "" for content in contents if content.output_transcription)


def test_a_tool_call_is_answered_by_the_python_sdk(gemini: Gemini) -> None:
    gemini.play("tool-call")

    messages = in_python(gemini, "What is the weather in Paris?")

    (call,) = [call for message in messages if message.tool_call for call in message.tool_call.function_calls or []]
    assert (call.name, call.args) == ("get_weather", {"city": "Paris"})
    assert transcript(messages) == "It is raining in Paris."
    (response,) = gemini.talk.tool_responses
    assert (response.name, response.response, response.expected) == ("get_weather", RAIN, True)


def test_a_tool_call_is_answered_by_the_javascript_sdk(gemini: Gemini, scripts: NodeScripts) -> None:
    gemini.play("tool-call")

    session = in_javascript(gemini, scripts, {"text": "What is the weather in Paris?"})

    assert session.transcript == "It is raining in Paris."
    (response,) = gemini.talk.tool_responses
    assert (response.name, response.response, response.expected) == ("get_weather", RAIN, True)


def test_a_cancelled_call_is_seen_by_the_python_sdk(gemini: Gemini) -> None:
    gemini.play("tool-call-cancelled")

    async def talk() -> list[types.LiveServerMessage]:
        async with connected(gemini) as session:
            await session.send_client_content(turns={"role": "user", "parts": [{"text": "The weather?"}]})
            return [message async for message in session.receive()]

    messages = asyncio.run(talk())

    called = [call.id for message in messages if message.tool_call for call in message.tool_call.function_calls or []]
    cancelled = [message.tool_call_cancellation for message in messages if message.tool_call_cancellation]
    assert [cancellation.ids for cancellation in cancelled] == [called]
    assert transcript(messages) == "I cannot tell you the weather now."


def test_an_interruption_is_seen_by_both_sdks(gemini: Gemini, scripts: NodeScripts) -> None:
    gemini.play("interrupted")
    messages = in_python(gemini, "Hello?")
    assert any(message.server_content and message.server_content.interrupted for message in messages)

    gemini.play("interrupted")
    session = in_javascript(gemini, scripts, {"text": "Hello?"})
    assert any(message.get("serverContent", {}).get("interrupted") for message in session.messages)


def test_a_quota_that_is_used_up_closes_after_the_setup_in_both_sdks(gemini: Gemini, scripts: NodeScripts) -> None:
    gemini.play("quota-after-setup")

    async def stay() -> None:
        async with connected(gemini) as session:
            async for _ in session.receive():
                pass

    with pytest.raises(errors.APIError, match="You exceeded your current quota") as refused:
        asyncio.run(stay())
    assert refused.value.code == 1011

    gemini.play("quota-after-setup")
    quiet = {"audio": base64.b64encode(bytes(3200)).decode()}
    session = in_javascript(gemini, scripts, quiet)
    assert session.opened
    assert session.code == 1011
    assert session.reason.startswith("You exceeded your current quota")


def test_a_connection_that_is_dropped_is_an_error_in_both_sdks(gemini: Gemini, scripts: NodeScripts) -> None:
    gemini.play("drop-mid-speech")
    with pytest.raises(errors.APIError) as dropped:
        in_python(gemini, "Hello?")
    assert dropped.value.code == 1006

    gemini.play("drop-mid-speech")
    session = in_javascript(gemini, scripts, {"text": "Hello?"})
    assert session.audio
    assert session.code == 1006


def test_the_journal_measures_what_the_sdks_send(gemini: Gemini, scripts: NodeScripts) -> None:
    spoken = spoken_question()
    gemini.play("microphone-speech")

    async def speak() -> list[types.LiveServerMessage]:
        async with connected(gemini) as session:
            await session.send_realtime_input(audio=types.Blob(data=spoken, mime_type="audio/pcm;rate=16000"))
            return [message async for message in session.receive()]

    asyncio.run(speak())
    python = gemini.talk.audio
    in_javascript(gemini, scripts, {"audio": base64.b64encode(spoken).decode()})
    javascript = gemini.talk.audio

    assert python == javascript
    assert (python.bytes, python.rates) == (len(spoken), (16_000,))
    assert python.tone_hz, "the question is a tone"
