"""Google's Python SDK with tokens of the function. It speaks wss only."""

import asyncio
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
from starlette.datastructures import Headers

from gemini_live_stand_in.serving import serve
from integration.sdks.firebase_app import FirebaseApp, Outcome, call, sign_up
from integration.sdks.live_client import spoken_question
from support.sdks.in_process_stand_ins import InProcessStandIns

# That tokens are experimental, and of v1alpha only, though the documentation names v1beta.
pytestmark = pytest.mark.filterwarnings("ignore:The SDK's ephemeral token support")


@dataclass(frozen=True)
class Secure:
    """The Gemini stand-in over TLS, with the tokens that the function minted over plain HTTP."""

    base_url: str
    trust: ssl.SSLContext


@pytest.fixture(scope="module")
def secure(in_process: InProcessStandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    authority = trustme.CA()
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    server = tmp_path_factory.mktemp("tls") / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(server)
    with serve(in_process.observer, tls=(server, server)) as address:
        yield Secure(f"https://{address}", trust)


@pytest.fixture
def live_token(app: FirebaseApp, in_process: InProcessStandIns) -> Outcome:
    return app.live_token_without_sdk(in_process.function_url)


@asynccontextmanager
async def connected(
    secure: Secure, live_token: Outcome, model: str | None = None, config: types.LiveConnectConfigDict | None = None
) -> AsyncIterator[AsyncSession]:
    client = genai.Client(
        api_key=live_token["token"],
        http_options=types.HttpOptions(
            base_url=secure.base_url,
            api_version=live_token["apiVersion"],
            async_client_args={"ssl": secure.trust},
        ),
    )
    async with client.aio.live.connect(model=model or live_token["model"], config=config or {}) as session:
        yield session


async def turn(session: AsyncSession) -> list[types.LiveServerMessage]:
    return [message async for message in session.receive()]


def transcript(messages: list[types.LiveServerMessage]) -> str:
    contents = [message.server_content for message in messages if message.server_content]
    return "".join(content.output_transcription.text or "" for content in contents if content.output_transcription)


def audio(messages: list[types.LiveServerMessage]) -> bytes:
    return b"".join(message.data or b"" for message in messages)


def test_it_opens_a_session_and_is_answered_in_speech(secure: Secure, live_token: Outcome) -> None:
    async def talk() -> list[types.LiveServerMessage]:
        async with connected(secure, live_token) as session:
            await session.send_client_content(turns={"role": "user", "parts": [{"text": "Hello! Who are you?"}]})
            return await turn(session)

    messages = asyncio.run(talk())

    assert len(audio(messages)) > 24_000
    assert "Gemini" in transcript(messages)
    assert messages[-1].usage_metadata
    assert messages[-1].usage_metadata.total_token_count


def test_it_is_heard_when_it_speaks(secure: Secure, live_token: Outcome) -> None:
    async def talk() -> list[types.LiveServerMessage]:
        async with connected(secure, live_token) as session:
            await session.send_realtime_input(
                audio=types.Blob(data=spoken_question(), mime_type="audio/pcm;rate=16000")
            )
            return await turn(session)

    messages = asyncio.run(talk())

    contents = [message.server_content for message in messages if message.server_content]
    assert any(content.input_transcription for content in contents)
    assert audio(messages)


def test_it_presents_the_token_in_a_header_to_the_method_that_takes_tokens(
    secure: Secure, live_token: Outcome, in_process: InProcessStandIns
) -> None:
    async def open_only() -> None:
        async with connected(secure, live_token):
            pass

    asyncio.run(open_only())

    handshake = in_process.observer.handshakes[-1]
    assert Headers(scope=handshake)["authorization"] == f"Token {live_token['token']}"
    assert handshake["query_string"] == b""
    assert handshake["path"].endswith("GenerativeService.BidiGenerateContentConstrained")


@pytest.mark.parametrize(
    ("model", "config"),
    [("models/a-dearer-one", None), (None, {"response_modalities": ["TEXT"], "temperature": 2.0})],
    ids=["another model", "another config"],
)
def test_the_locked_setup_wins_over_its_own(
    secure: Secure, live_token: Outcome, model: str | None, config: Any
) -> None:
    async def talk() -> list[types.LiveServerMessage]:
        async with connected(secure, live_token, model, config) as session:
            await session.send_client_content(turns={"role": "user", "parts": [{"text": "What do you speak with?"}]})
            return await turn(session)

    messages = asyncio.run(talk())

    assert audio(messages), "in speech, as the profile says"
    assert transcript(messages), "only the profile asks for a transcript"


def test_what_the_firebase_sdk_chose_wins_over_what_the_session_asks_for(
    secure: Secure, app: FirebaseApp, in_process: InProcessStandIns
) -> None:
    chosen = {"voice": "Puck", "level": "an expert"}
    _, taken = app.take(
        sign_up(), call({"profile": "choosing", "choices": chosen}), function_url=in_process.function_url
    )
    another: Any = {
        "speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Charon"}}},
        "system_instruction": "You talk to a child.",
    }

    async def talk() -> list[types.LiveServerMessage]:
        async with connected(secure, taken["result"], config=another) as session:
            await session.send_client_content(turns={"role": "user", "parts": [{"text": "Hello!"}]})
            return await turn(session)

    assert audio(asyncio.run(talk()))
    assert taken["result"]["choices"] == chosen
    token = in_process.gemini.tokens.find(taken["result"]["token"])
    assert token is not None
    effective = token.lock.effective_setup({"generationConfig": another, "systemInstruction": {}})
    speech = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}}}
    assert effective["generationConfig"] == {"responseModalities": ["AUDIO"], "speechConfig": speech}
    assert effective["systemInstruction"]["parts"] == [{"text": "You talk to an expert."}]


def test_a_second_session_with_the_same_token_is_refused(secure: Secure, live_token: Outcome) -> None:
    async def open_only() -> None:
        async with connected(secure, live_token):
            pass

    asyncio.run(open_only())
    with pytest.raises(errors.APIError, match="Token has been used too many times") as refused:
        asyncio.run(open_only())

    assert refused.value.code == 1011
