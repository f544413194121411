"""The Live WebSocket: handshake, credentials, messages, and how connections end."""

from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidStatus

from stand_ins.gemini_client import (
    KEY,
    LEAKED_KEY,
    MODEL,
    SETUP_COMPLETE,
    Gemini,
    Message,
    audio_setup,
    live_path,
    named,
)

UNREGISTERED = (
    1008,
    (
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API c"
    ),
)
KEY_NOT_VALID = (1007, "API key not valid. Please pass a valid API key.")
MALFORMED = (
    1007,
    (
        "Missing or malformed auth token in request. Obtain one from CreateAuthToken and pass it in an "
        "`access_token` query paramete"
    ),
)
INVALID = (1007, "Request contains an invalid argument.")


# --- handshake


@pytest.mark.parametrize("version", ["v1alpha", "v1beta"])
@pytest.mark.parametrize("slashes", ["", "/"])
def test_both_versions_work_with_one_leading_slash_or_two(gemini: Gemini, version: str, slashes: str) -> None:
    path = f"{slashes}{live_path('Constrained', version)}?access_token={gemini.mint()}"
    with gemini.open(path) as live:
        assert live.start() == SETUP_COMPLETE


@pytest.mark.parametrize(("minted", "connected"), [("v1alpha", "v1beta"), ("v1beta", "v1alpha")])
def test_a_token_works_on_the_other_version_too(gemini: Gemini, minted: str, connected: str) -> None:
    with gemini.connect(gemini.mint(version=minted), version=connected) as live:
        assert live.start() == SETUP_COMPLETE


@pytest.mark.parametrize(
    "path",
    [
        live_path("Constrained", "v1"),
        live_path("", "v1"),
        live_path("Unconstrained"),
        "/ws/google.ai.generativelanguage.v1beta.GenerativeService/BidiGenerateContent",
        "/" + "/" + live_path(),
        "/v1beta/auth_tokens",
        "/",
    ],
)
def test_v1_and_unknown_paths_fail_at_the_handshake(gemini: Gemini, path: str) -> None:
    token = gemini.mint()
    with pytest.raises(InvalidStatus) as refused, gemini.open(f"{path}?access_token={token}"):
        pass
    assert refused.value.response.status_code == 404


# --- credentials, checked before any frame is sent


def test_a_valid_key_opens_an_unlocked_session_on_the_plain_rpc(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        assert live.start() == SETUP_COMPLETE
    with gemini.open(f"{live_path('')}?key={KEY}") as live:
        assert live.start() == SETUP_COMPLETE


@pytest.mark.parametrize(
    ("query", "header", "closing"),
    [
        ("", {}, UNREGISTERED),
        ("?access_token={token}", {}, UNREGISTERED),
        ("?access_token={bare}", {}, UNREGISTERED),
        ("", {"authorization": "Token {token}"}, UNREGISTERED),
        ("?key={token}", {}, KEY_NOT_VALID),
        ("?key=AIza-wrong", {}, KEY_NOT_VALID),
        ("", {"x_goog_api_key": "{token}"}, KEY_NOT_VALID),
        ("", {"x_goog_api_key": "{token}", "authorization": "Token {token}"}, KEY_NOT_VALID),
        (
            "",
            {"authorization": "Bearer ya29.bogus"},
            (1008, "Expected OAuth 2 access token, login cookie or other valid authentication credential"),
        ),
        (
            f"?key={LEAKED_KEY}",
            {},
            (1008, "Your API key was reported as leaked. Please use another API key."),
        ),
    ],
)
@pytest.mark.parametrize("version", ["v1alpha", "v1beta"])
def test_the_plain_rpc_accepts_nothing_but_a_valid_key(
    gemini: Gemini, version: str, query: str, header: dict[str, str], closing: tuple[int, str]
) -> None:
    token = gemini.mint()
    words = {"token": token, "bare": token.removeprefix("auth_tokens/")}
    path = live_path("", version) + query.format(**words)
    with gemini.open(path, **{name: value.format(**words) for name, value in header.items()}) as live:
        assert live.closing() == closing


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ("?access_token={token}", {}),
        ("?access_token={quoted}", {}),
        ("", {"authorization": "Token {token}"}),
        ("", {"authorization": "Token {token}", "x_goog_api_key": "{token}"}),
    ],
)
def test_the_constrained_rpc_takes_the_token_by_query_or_header(
    gemini: Gemini, query: str, header: dict[str, str]
) -> None:
    token = gemini.mint()
    words = {"token": token, "quoted": quote(token, safe="")}
    path = live_path() + query.format(**words)
    with gemini.open(path, **{name: value.format(**words) for name, value in header.items()}) as live:
        assert live.start() == SETUP_COMPLETE


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ("", {}),
        ("?access_token=", {}),
        ("?access_token={bare}", {}),
        ("?access_token={token}0", {}),
        ("?access_token=authTokens/{bare}", {}),
        ("?access_token={never}", {}),
        ("?access_token={token}&access_token={token}", {}),
        ("?key={token}", {}),
        (f"?key={KEY}", {}),
        ("", {"authorization": "Bearer {token}"}),
        ("", {"authorization": "{token}"}),
        ("", {"x_goog_api_key": "{token}"}),
    ],
)
def test_the_constrained_rpc_accepts_nothing_but_a_minted_token(
    gemini: Gemini, query: str, header: dict[str, str]
) -> None:
    token = gemini.mint()
    words = {"token": token, "bare": token.removeprefix("auth_tokens/"), "never": "auth_tokens/" + "0" * 64}
    path = live_path() + query.format(**words)
    with gemini.open(path, **{name: value.format(**words) for name, value in header.items()}) as live:
        assert live.closing() == MALFORMED


# --- the first frame


@pytest.mark.parametrize("binary", [False, True])
def test_the_setup_may_be_text_or_binary_and_in_either_spelling(gemini: Gemini, binary: bool) -> None:
    frame = f'{{"setup":{{"model":"{MODEL}","generation_config":{{"response_modalities":["AUDIO"]}}}}}}'
    with gemini.connect(gemini.mint()) as live:
        live.send_raw(frame.encode() if binary else frame)
        assert live.receive() == SETUP_COMPLETE


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"setup":null}',
        "\N{SNOWMAN}",
        b"\xff\xfe",
        "[" * 100_000,
        '{"realtimeInput":{"text":"hello"}}',
        '{"clientContent":{"turnComplete":true}}',
        '{"toolResponse":{}}',
        '{"setup":{},"realtimeInput":{"text":"hello"}}',
    ],
)
def test_a_first_frame_that_is_no_setup_is_refused(gemini: Gemini, frame: str | bytes) -> None:
    with gemini.connect(gemini.mint_locked()) as live:
        live.send_raw(frame)
        assert live.closing() == INVALID


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            {"setup": {"x": 1}},
            "Invalid JSON payload received. Unknown name \"x\" at 'setup': Cannot find field.",
        ),
        (
            {"setup": {"generationConfig": {"voice": "Kore"}}},
            "Invalid JSON payload received. Unknown name \"voice\" at 'setup.generation_config': Cannot find field.",
        ),
        (
            {"setup": {"sessionResumption": {"transparent": True}}},
            (
                "Invalid JSON payload received. Unknown name \"transparent\" at 'setup.session_resumption': "
                "Cannot find field."
            ),
        ),
        (
            {"setup": {"model": 1}},
            "Invalid value at 'setup.model' (TYPE_STRING), 1",
        ),
        (
            {"contextUpdate": {}},
            'Invalid JSON payload received. Unknown name "contextUpdate": Cannot find field.',
        ),
    ],
)
def test_a_bad_setup_is_refused_with_the_place(gemini: Gemini, message: Message, reason: str) -> None:
    with gemini.connect_with_key() as live:
        live.send(message)
        assert live.closing() == (1007, reason[:123])


def test_reasons_are_cut_at_123_bytes_and_never_inside_a_character(gemini: Gemini) -> None:
    # The text before the name is 46 bytes long, so the cut at 123 falls inside the 39th "é".
    with gemini.connect_with_key() as live:
        live.send_raw('{"setup":{"' + "é" * 200 + '":1}}')
        code, reason = live.closing()
    assert code == 1007
    assert reason == 'Invalid JSON payload received. Unknown name "' + "é" * 39
    assert len(reason.encode()) == 123


@pytest.mark.parametrize(
    "setup",
    [
        {"generationConfig": {"responseModalities": "audio"}},
        {"generation_config": {"response_modalities": "AUDIO"}},
        {
            "generationConfig": {"responseModalities": ["AUDIO"]},
            "tools": {"functionDeclarations": [{"name": "search", "parameters": {"type": "object", "required": "q"}}]},
        },
        {
            "generationConfig": {"responseModalities": ["AUDIO"]},
            "systemInstruction": {"parts": {"text": "Be brief."}},
        },
    ],
)
def test_a_setup_may_hold_one_value_where_a_list_is_meant(gemini: Gemini, setup: Message) -> None:
    with gemini.connect_with_key() as live:
        assert live.start({"model": MODEL} | setup) == SETUP_COMPLETE
    assert gemini.works(gemini.mint_locked({"model": MODEL} | setup), {})


@pytest.mark.parametrize(
    "message",
    [
        {"clientContent": {"turns": [{"role": "user", "parts": {"text": "hello"}}], "turnComplete": True}},
        {"client_content": {"turns": {"parts": {"text": "hello"}}, "turn_complete": True}},
    ],
)
def test_a_turn_may_hold_one_value_where_a_list_is_meant(gemini: Gemini, message: Message) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send(message)
        assert live.turn()[-1]["usageMetadata"]["promptTokenCount"] == 2


# --- messages after the setup


@pytest.mark.parametrize(
    ("message", "closing"),
    [
        ({"setup": audio_setup()}, INVALID),
        (
            {"realtimeInput": {"mediaChunks": [{"data": "AAAA", "mimeType": "audio/pcm"}]}},
            (1007, "realtime_input.media_chunks is deprecated. Use audio, video, or text instead."),
        ),
        (
            {"contextUpdate": {"systemInstruction": {"parts": [{"text": "Obey me."}]}}},
            (1007, 'Invalid JSON payload received. Unknown name "contextUpdate": Cannot find field.'),
        ),
        (
            {"realtimeInput": {"txt": "x"}},
            (1007, "Invalid JSON payload received. Unknown name \"txt\" at 'realtime_input': Cannot find field."),
        ),
        (
            {"toolResponse": {"functionResponses": [{"name": "f", "response": {}}]}},
            (1007, "tool_response.function_responses: id is required"),
        ),
        ({"clientContent": {}, "realtimeInput": {}}, INVALID),
        ({}, INVALID),
    ],
)
def test_bad_messages_close_the_session(gemini: Gemini, message: Message, closing: tuple[int, str]) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send(message)
        assert live.closing() == closing


def test_a_tool_response_with_an_id_is_accepted_and_not_answered(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        live.send({"tool_response": {"function_responses": [{"id": "1", "name": "f", "response": {"any": [1]}}]}})
        assert len(named(live.ask(), "serverContent", "turnComplete")) == 1


# --- resumption updates and the end of a connection


def test_a_handle_comes_after_setup_and_after_each_turn_if_asked_for(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        assert live.start(audio_setup(sessionResumption={})) == SETUP_COMPLETE
        updates = [live.receive()]
        for _ in range(2):
            live.ask()
            updates.append(live.receive())
    assert all(update["sessionResumptionUpdate"]["resumable"] for update in updates)
    assert len({update["sessionResumptionUpdate"]["newHandle"] for update in updates}) == 3


def test_a_session_is_not_resumable_while_the_model_generates(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start(audio_setup(sessionResumption={}))
        live.receive_until("sessionResumptionUpdate", "newHandle")
        messages = live.ask()
    assert messages[0] == {"sessionResumptionUpdate": {"resumable": False}}
    assert len(named(messages, "sessionResumptionUpdate")) == 1


def test_no_handle_comes_unasked(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        assert not named([*live.ask(), *live.ask()], "sessionResumptionUpdate")


def test_go_away_is_said_before_the_connection_limit(gemini: Gemini) -> None:
    gemini.configure(connection_seconds=100, go_away_seconds=9.5)
    with gemini.connect_with_key() as live:
        live.start()
        gemini.clock.advance(seconds=90)
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        gemini.clock.advance(seconds=0.5)
        assert live.receive() == {"goAway": {"timeLeft": "9.5s"}}
        with pytest.raises(TimeoutError):
            live.receive_within(0.15)
        gemini.clock.advance(seconds=9.5)
        assert live.closing() == (1008, "The operation was aborted.")


def test_a_connection_lasts_ten_minutes_by_default_with_a_minute_of_warning(gemini: Gemini) -> None:
    with gemini.connect_with_key() as live:
        live.start()
        gemini.clock.advance(minutes=9)
        assert live.receive() == {"goAway": {"timeLeft": "60s"}}
        gemini.clock.advance(minutes=1)
        assert live.closing() == (1008, "The operation was aborted.")


def test_a_session_ends_in_the_middle_of_a_reply_too(gemini: Gemini) -> None:
    gemini.configure(pace=1.0)
    with gemini.connect_with_key() as live:
        live.start()
        live.send({"realtimeInput": {"text": "hello"}})
        live.receive_until("serverContent", "modelTurn")
        gemini.clock.advance(minutes=10)
        assert live.closing() == (1008, "The operation was aborted.")
