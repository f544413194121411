"""`POST auth_tokens`: what is minted, what is refused, and in which words."""

import json
import re

import pytest

from stand_ins.gemini_client import KEY, LEAKED_KEY, MODEL, Gemini, Message, audio_setup

UNREGISTERED = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)


@pytest.mark.parametrize("version", ["v1alpha", "v1beta"])
def test_the_reply_is_the_name_of_a_token_and_nothing_else(gemini: Gemini, version: str) -> None:
    response = gemini.post({"uses": 1}, version=version)
    assert response.status_code == 200
    assert list(response.json()) == ["name"]
    assert re.fullmatch(r"auth_tokens/[0-9a-f]{64}", response.json()["name"])


def test_every_token_is_another_one(gemini: Gemini) -> None:
    assert gemini.mint() != gemini.mint()


def test_an_empty_body_mints_as_the_python_sdk_relies_on(gemini: Gemini) -> None:
    assert gemini.request("POST", "/v1beta/auth_tokens", b"", x_goog_api_key=KEY).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/auth_tokens"),
        ("GET", "/v1beta/auth_tokens"),
        ("GET", "/v1alpha/auth_tokens"),
        ("GET", "/v1beta/auth_tokens/abc"),
        ("DELETE", "/v1beta/auth_tokens/abc"),
        ("POST", "/v1beta/auth_tokens/"),
        ("POST", "/v1beta/authTokens"),
        ("GET", "/"),
    ],
)
def test_every_other_method_and_path_is_not_found(gemini: Gemini, method: str, path: str) -> None:
    response = gemini.request(method, path, b"{}", x_goog_api_key=KEY)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == 404
    assert response.json()["error"]["status"] == "NOT_FOUND"


def test_the_key_may_travel_in_the_query(gemini: Gemini) -> None:
    assert gemini.request("POST", f"/v1beta/auth_tokens?key={KEY}", b"{}").status_code == 200


def test_no_key_is_forbidden(gemini: Gemini) -> None:
    response = gemini.post({}, key=None)
    assert response.status_code == 403
    assert response.json() == {"error": {"code": 403, "message": UNREGISTERED, "status": "PERMISSION_DENIED"}}


@pytest.mark.parametrize("key", ["AIza-wrong", "auth_tokens/" + "a" * 64])
def test_a_bad_key_is_an_invalid_argument(gemini: Gemini, key: str) -> None:
    response = gemini.post({}, key=key)
    error = response.json()["error"]
    assert (response.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"] == "API key not valid. Please pass a valid API key."
    assert error["details"][0]["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert error["details"][0]["reason"] == "API_KEY_INVALID"


def test_an_unknown_auth_key_is_unauthenticated(gemini: Gemini) -> None:
    response = gemini.post({}, key="AQ.unknown")
    error = response.json()["error"]
    assert (response.status_code, error["status"]) == (401, "UNAUTHENTICATED")
    assert error["details"][0]["reason"] == "ACCESS_TOKEN_TYPE_UNSUPPORTED"


def test_a_known_auth_key_is_a_key_like_any_other(gemini: Gemini) -> None:
    gemini.stand_in.replace_api_keys({"AQ.known"})
    assert gemini.post({}, key="AQ.known").status_code == 200


def test_a_leaked_key_is_forbidden(gemini: Gemini) -> None:
    response = gemini.post({}, key=LEAKED_KEY)
    error = response.json()["error"]
    assert (response.status_code, error["status"]) == (403, "PERMISSION_DENIED")
    assert error["message"] == "Your API key was reported as leaked. Please use another API key."


def test_keys_can_be_rotated_while_it_runs(gemini: Gemini) -> None:
    token = gemini.mint_locked()
    gemini.stand_in.replace_api_keys({"new-key"})
    assert gemini.post({}, key=KEY).status_code == 400
    assert gemini.post({}, key="new-key").status_code == 200
    assert gemini.works(token), "tokens outlive the key they were minted with"


@pytest.mark.parametrize("key", ["AIza-wrong", None, LEAKED_KEY])
def test_the_shape_is_checked_before_the_key(gemini: Gemini, key: str | None) -> None:
    response = gemini.post({"liveConnectConstraints": {}}, key=key)
    assert response.status_code == 400
    assert response.json()["error"]["message"] == (
        "Invalid JSON payload received. Unknown name \"liveConnectConstraints\" at 'auth_token': Cannot find field."
    )


@pytest.mark.parametrize("version", ["v1alpha", "v1beta"])
@pytest.mark.parametrize(
    ("body", "name", "place"),
    [
        ({"authToken": {"uses": 1}}, "authToken", "auth_token"),
        ({"config": {}}, "config", "auth_token"),
        ({"live_connect_constraints": {}}, "live_connect_constraints", "auth_token"),
        (
            {"bidiGenerateContentSetup": {"setup": audio_setup()}},
            "setup",
            "auth_token.bidi_generate_content_setup",
        ),
        (
            {"bidiGenerateContentSetup": {"config": {}}},
            "config",
            "auth_token.bidi_generate_content_setup",
        ),
        (
            {"bidi_generate_content_setup": {"generation_config": {"speech_config": {"voice": "Kore"}}}},
            "voice",
            "auth_token.bidi_generate_content_setup.generation_config.speech_config",
        ),
        (
            {"bidiGenerateContentSetup": {"tools": [{}, {"functionDeclarations": [{"nam": "f"}]}]}},
            "nam",
            "auth_token.bidi_generate_content_setup.tools[1].function_declarations[0]",
        ),
    ],
)
def test_unknown_names_are_refused_at_every_depth(
    gemini: Gemini, version: str, body: Message, name: str, place: str
) -> None:
    response = gemini.post(body, version=version)
    error = response.json()["error"]
    assert (response.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"] == (
        f"Invalid JSON payload received. Unknown name \"{name}\" at '{place}': Cannot find field."
    )
    assert error["details"][0]["fieldViolations"][0]["field"] == place


def test_the_mixed_spelling_of_the_python_sdk_is_accepted(gemini: Gemini) -> None:
    """Captured from google-genai 3.4.0: camelCase outside, snake_case inside."""
    captured = {
        "expireTime": gemini.clock.in_future(minutes=30),
        "newSessionExpireTime": gemini.clock.in_future(minutes=1),
        "uses": 1,
        "bidiGenerateContentSetup": {
            "model": "models/gemini-2.5-flash-native-audio-preview-12-2025",
            "generationConfig": {
                "responseModalities": ["AUDIO"],
                "temperature": 0.7,
                "topP": 0.9,
                "maxOutputTokens": 512,
                "mediaResolution": "MEDIA_RESOLUTION_LOW",
                "speechConfig": {
                    "voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}},
                    "language_code": "en-US",
                },
                "thinkingConfig": {"include_thoughts": False, "thinking_budget": 0},
                "enableAffectiveDialog": True,
            },
            "systemInstruction": {"parts": [{"text": "You are a helpful assistant."}], "role": "user"},
            "tools": [
                {"googleSearch": {}},
                {
                    "functionDeclarations": [
                        {
                            "description": "d",
                            "name": "get_weather",
                            "parameters": {
                                "properties": {"city": {"type": "STRING"}},
                                "required": ["city"],
                                "type": "OBJECT",
                            },
                        }
                    ]
                },
            ],
            "sessionResumption": {},
            "inputAudioTranscription": {},
            "outputAudioTranscription": {},
            "realtimeInputConfig": {
                "automatic_activity_detection": {"disabled": False, "silence_duration_ms": 300},
                "turn_coverage": "TURN_INCLUDES_ONLY_ACTIVITY",
            },
            "contextWindowCompression": {"trigger_tokens": 25600, "sliding_window": {"target_tokens": 12800}},
            "proactivity": {"proactive_audio": True},
        },
        "fieldMask": "model,generationConfig.responseModalities,generationConfig.temperature,generationConfig.topP,"
        "generationConfig.maxOutputTokens,generationConfig.mediaResolution,generationConfig.speechConfig,"
        "generationConfig.thinkingConfig,generationConfig.enableAffectiveDialog,systemInstruction.parts,"
        "systemInstruction.role,tools,sessionResumption,inputAudioTranscription,outputAudioTranscription,"
        "realtimeInputConfig,contextWindowCompression,proactivity",
    }
    assert gemini.works(gemini.mint(captured))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"uses": "x"}, "Invalid value at 'auth_token.uses' (TYPE_INT32), \"x\""),
        ({"uses": 1.5}, "Invalid value at 'auth_token.uses' (TYPE_INT32), 1.5"),
        ({"uses": True}, "Invalid value at 'auth_token.uses' (TYPE_INT32), true"),
        ({"uses": 2**31}, "Invalid value at 'auth_token.uses' (TYPE_INT32), 2147483648"),
        (
            {"fieldMask": ["model"]},
            (
                "Invalid JSON payload received. Unknown name \"fieldMask\" at 'auth_token': "
                "Proto field is not repeating, cannot start list."
            ),
        ),
        (
            {"bidiGenerateContentSetup": {"tools": "search"}},
            (
                "Invalid value at 'auth_token.bidi_generate_content_setup.tools' "
                '(type.googleapis.com/google.ai.generativelanguage.v1beta.Tool), "search"'
            ),
        ),
        (
            {"bidiGenerateContentSetup": "models/x"},
            (
                "Invalid value at 'auth_token.bidi_generate_content_setup' "
                '(type.googleapis.com/google.ai.generativelanguage.v1beta.BidiGenerateContentSetup), "models/x"'
            ),
        ),
    ],
)
def test_wrong_types_are_refused_with_the_place(gemini: Gemini, body: Message, message: str) -> None:
    response = gemini.post(body)
    assert response.status_code == 400
    assert response.json()["error"]["message"] == message


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b"null", b"\xff", b"uses=1", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(gemini: Gemini, content: bytes) -> None:
    response = gemini.request("POST", "/v1beta/auth_tokens", content, x_goog_api_key=KEY)
    assert response.status_code == 400
    assert response.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert response.json()["error"]["message"].startswith("Invalid JSON payload received.")


@pytest.mark.parametrize("field", ["expireTime", "newSessionExpireTime"])
@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-22T15:30:00",
        "2026-11-22 15:30:00Z",
        "2026-11-22",
        "2026-13-22T15:30:00Z",
        "15:30",
        "",
        1763825400,
    ],
)
def test_a_time_without_offset_or_otherwise_not_rfc_3339_is_refused(
    gemini: Gemini, field: str, moment: str | int
) -> None:
    response = gemini.post({field: moment})
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith("Invalid value at 'auth_token.")
    assert "google.protobuf.Timestamp" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-22T15:30:00Z",
        "2026-11-22T15:30:00+00:00",
        "2026-11-22T16:30:00.123456789+01:00",
    ],
)
def test_every_rfc_3339_offset_is_understood(gemini: Gemini, moment: str) -> None:
    token = gemini.mint_locked(expireTime=moment, newSessionExpireTime=moment)
    gemini.clock.advance(minutes=29)
    assert gemini.works(token)
    gemini.clock.advance(minutes=2)
    assert gemini.closing_of(token) == (1011, "Token has expired")


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("expireTime", "expire_time"),
        ("newSessionExpireTime", "new_session_expire_time"),
    ],
)
def test_both_expiries_must_be_less_than_20_hours_ahead(gemini: Gemini, field: str, name: str) -> None:
    response = gemini.post({field: gemini.clock.in_future(hours=20)})
    assert response.status_code == 400
    assert response.json()["error"]["message"] == f"{name} is too far in the future. Maximum lifetime is 20h"
    assert gemini.post({field: gemini.clock.in_future(hours=20, seconds=-1)}).status_code == 200


@pytest.mark.parametrize(
    "mask",
    [
        "tools.0",
        "system_instruction",
        "generationConfig.top_p",
        "generation_config",
        "maxOutputTokens",
        "temperature",
        "model,nonsense",
        "model,",
        "model, tools",
        "tools.googleSearch",
        "model.x",
        "*",
    ],
)
def test_a_mask_of_anything_but_known_camel_case_paths_is_refused(gemini: Gemini, mask: str) -> None:
    response = gemini.post({"bidiGenerateContentSetup": audio_setup(), "fieldMask": mask})
    assert response.status_code == 400
    assert response.json()["error"]["message"] == "field_mask is invalid for BidiGenerateContentSetup"


@pytest.mark.parametrize(
    "mask",
    [
        "model,generationConfig",
        "model,generationConfig.responseModalities",
        "model,generationConfig,systemInstruction.parts,systemInstruction.role",
        (
            "model,generationConfig,systemInstruction,tools,realtimeInputConfig,inputAudioTranscription,"
            "outputAudioTranscription,contextWindowCompression"
        ),
    ],
)
def test_masks_of_known_camel_case_paths_are_accepted(gemini: Gemini, mask: str) -> None:
    assert gemini.post({"bidiGenerateContentSetup": audio_setup(), "fieldMask": mask}).status_code == 200


@pytest.mark.parametrize(
    ("setup", "mask"),
    [
        ({}, "model"),
        ({}, "generationConfig"),
        ({}, "model,generationConfig.temperature"),
        ({"tools": []}, "model,generationConfig"),
        ({"sessionResumption": {}}, "model,generationConfig"),
        (
            {"systemInstruction": {"parts": {"text": "x"}, "role": "user"}},
            "model,generationConfig,systemInstruction.parts",
        ),
        ({"inputAudioTranscription": {}}, "model,generationConfig,outputAudioTranscription"),
    ],
)
def test_a_setup_with_a_field_that_the_mask_does_not_name_is_refused(gemini: Gemini, setup: Message, mask: str) -> None:
    response = gemini.post({"bidiGenerateContentSetup": audio_setup(**setup), "fieldMask": mask})
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["status"] == "INVALID_ARGUMENT"
    assert error["message"] == "BidiGenerateContentSetup contains fields that are not specified in field_mask"


def test_fields_that_the_setup_sets_to_null_need_no_mask(gemini: Gemini) -> None:
    body = {"bidiGenerateContentSetup": {"model": MODEL, "tools": None}, "fieldMask": "model"}
    assert gemini.post(body).status_code == 200


def test_a_negative_number_of_uses_is_refused(gemini: Gemini) -> None:
    assert gemini.post({"uses": -1}).status_code == 400


def test_an_unknown_model_is_accepted_at_mint(gemini: Gemini) -> None:
    assert gemini.post({"bidiGenerateContentSetup": {"model": "models/no-such-model"}}).status_code == 200


def test_the_body_is_recorded_as_it_was_sent(gemini: Gemini) -> None:
    body = {"uses": 1, "bidi_generate_content_setup": {"model": MODEL}}
    gemini.post(body, version="v1alpha")
    gemini.post({"nonsense": 1})
    first, refused = gemini.stand_in.mint_requests
    assert (first.path, first.body) == ("/v1alpha/auth_tokens", body)
    assert refused.body == {"nonsense": 1}


def test_a_recorded_request_says_how_the_key_travelled_but_never_the_key(gemini: Gemini) -> None:
    body = {"bidiGenerateContentSetup": audio_setup(sessionResumption={"handle": "secret-handle"})}
    gemini.post(body)
    gemini.request("POST", f"/v1beta/auth_tokens?key={KEY}", json.dumps(body).encode(), authorization=f"Bearer {KEY}")
    by_header, by_query = gemini.stand_in.mint_requests
    assert by_header.headers["x-goog-api-key"] == "(hidden)"
    assert "x-goog-api-key" not in by_query.headers
    assert KEY not in str([by_header.headers, by_query.headers, by_query.path])
    assert "secret-handle" not in repr(by_header)


def test_no_key_shows_in_any_repr(gemini: Gemini) -> None:
    token = gemini.mint()
    stand_in = gemini.stand_in
    shown = repr([stand_in, stand_in.config, stand_in.mint_requests, stand_in.tokens.find(token)])
    assert KEY not in shown
    assert LEAKED_KEY not in shown
    assert token not in shown
