"""`gemini_lock`: nothing weaker than a full lock goes out, and no profile that would make one gets in."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st

from function.fake_http_server import FakeHttpServer, answer_json
from function.made_up import AMPLE, CALLER, HANDLE, ISSUED_AT, KEY, PROFILE
from function.transports import upstream
from live_tokens.config_check import check_config
from live_tokens.gemini_lock import IncompleteLockError, find_config_faults, refuse_incomplete_lock, token_request
from live_tokens.gemini_minter import GeminiMinter, silence_experimental_warning
from live_tokens.issuing import Profile
from live_tokens.profiles import ProfileError
from support.loaded_profiles import load_profiles

SHIPPED_PROFILES = Path(__file__).parents[2] / "functions" / "profiles"

FULL_LOCK = {
    "uses": 1,
    "expireTime": "2026-11-22T15:15:00+00:00",
    "newSessionExpireTime": "2026-11-22T15:01:00+00:00",
    "bidiGenerateContentSetup": {
        "model": "models/gemini-3.8-live",
        "generationConfig": {"responseModalities": ["AUDIO"]},
        "sessionResumption": {},
    },
}


def outgoing(body: object) -> httpx2.Request:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx2.Request("POST", "https://gemini.invalid/v1beta/auth_tokens", content=content)


def without(name: str) -> dict[str, object]:
    return {other: value for other, value in FULL_LOCK.items() if other != name}


def with_setup(*left_out: str, **changed: object) -> dict[str, object]:
    setup = dict(FULL_LOCK["bidiGenerateContentSetup"]) | changed  # type: ignore[call-overload]
    return FULL_LOCK | {"bidiGenerateContentSetup": {k: v for k, v in setup.items() if k not in left_out}}


# --- on the way out


@pytest.mark.parametrize("resumption", [{}, {"handle": HANDLE}])
def test_a_full_lock_passes(resumption: dict[str, str]) -> None:
    refuse_incomplete_lock(outgoing(with_setup(sessionResumption=resumption)))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(without("bidiGenerateContentSetup"), id="no setup"),
        pytest.param(FULL_LOCK | {"bidiGenerateContentSetup": None}, id="setup is null"),
        pytest.param(FULL_LOCK | {"bidiGenerateContentSetup": {}}, id="setup is empty"),
        pytest.param(FULL_LOCK | {"bidiGenerateContentSetup": "all"}, id="setup is no object"),
        pytest.param(without("uses"), id="uses left to Google"),
        *(pytest.param(FULL_LOCK | {"uses": uses}, id=f"uses {uses!r}") for uses in (0, 2, -1, None, "1")),
        pytest.param(FULL_LOCK | {"fieldMask": "model"}, id="field mask"),
        pytest.param(FULL_LOCK | {"fieldMask": ""}, id="empty field mask"),
        pytest.param(FULL_LOCK | {"fieldMask": None}, id="field mask is null"),
        pytest.param(FULL_LOCK | {"field_mask": "model"}, id="field mask in Google's other spelling"),
        pytest.param(without("expireTime"), id="no expiry"),
        pytest.param(without("newSessionExpireTime"), id="no expiry of new sessions"),
        pytest.param(FULL_LOCK | {"expireTime": "2026-11-22T15:15:00"}, id="naive expiry"),
        pytest.param(FULL_LOCK | {"newSessionExpireTime": "2026-11-22T15:01:00"}, id="naive expiry of new sessions"),
        pytest.param(FULL_LOCK | {"expireTime": "soon"}, id="expiry is no time"),
        pytest.param(FULL_LOCK | {"expireTime": 1_795_000_000}, id="expiry is a number"),
        pytest.param(FULL_LOCK | {"newSessionExpireTime": None}, id="expiry of new sessions is null"),
        pytest.param(with_setup("model"), id="no model"),
        pytest.param(with_setup(model=""), id="empty model"),
        pytest.param(with_setup(model=None), id="model is null"),
        pytest.param(with_setup(model="gemini-3.8-live"), id="model is no resource name"),
        pytest.param(with_setup("generationConfig"), id="empty config"),
        pytest.param(with_setup("sessionResumption"), id="no session resumption"),
        pytest.param([FULL_LOCK], id="list"),
        pytest.param(None, id="null"),
        pytest.param(b"", id="no body"),
        pytest.param(b"{", id="not JSON"),
        pytest.param(b"\xff", id="not text"),
    ],
)
def test_a_weakened_lock_is_stopped(body: object) -> None:
    with pytest.raises(IncompleteLockError):
        refuse_incomplete_lock(outgoing(body))


json_values = st.recursive(
    st.none() | st.integers(0, 2) | st.sampled_from(["models/x", "2026-11-22T15:15:00+00:00"]),
    lambda inner: st.dictionaries(st.sampled_from([*FULL_LOCK, "model", "sessionResumption"]), inner),
    max_leaves=5,
)


@given(st.binary() | json_values)
def test_whatever_goes_out_is_a_full_lock_or_is_stopped(body: object) -> None:
    with pytest.raises(IncompleteLockError):
        refuse_incomplete_lock(outgoing(body))


def test_a_stopped_request_is_not_quoted() -> None:
    with pytest.raises(IncompleteLockError) as stop:
        refuse_incomplete_lock(outgoing(FULL_LOCK | {"uses": 0}))
    assert stop.value.args == ()


# --- what is asked for


@pytest.mark.parametrize("handle", [None, HANDLE])
def test_a_request_locks_everything_for_one_use(handle: str | None) -> None:
    request = token_request(PROFILE, handle, ISSUED_AT + PROFILE.session, ISSUED_AT + PROFILE.start_within)
    assert request.uses == 1
    assert request.lock_additional_fields is None
    assert request.expire_time == ISSUED_AT + PROFILE.session
    assert request.new_session_expire_time == ISSUED_AT + PROFILE.start_within
    assert request.live_connect_constraints == types.LiveConnectConstraints(
        model="models/gemini-3.8-live",
        config=types.LiveConnectConfig(
            response_modalities=[types.Modality.AUDIO], session_resumption=types.SessionResumptionConfig(handle=handle)
        ),
    )


def test_a_handle_does_not_stay_in_the_profile() -> None:
    token_request(PROFILE, HANDLE, ISSUED_AT, ISSUED_AT)
    assert PROFILE.config == {"response_modalities": ["AUDIO"]}


# --- before the start


def faults_in(config: Mapping[str, object]) -> list[str]:
    return find_config_faults(replace(PROFILE, config=config))


@pytest.mark.parametrize("name", [file.stem for file in SHIPPED_PROFILES.glob("*.toml")])
def test_every_shipped_profile_is_fault_free(name: str) -> None:
    assert load_profiles(SHIPPED_PROFILES, find_config_faults).files[name].profile.name == name


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"temprature": 1.0}, "config.temprature: "),
        ({"speech_config": {"voiceConfig": {}}}, "config.speech_config.voiceConfig: "),
        ({"temperature": "hot"}, "config.temperature: "),
        ({"system_instruction": 7}, "config.system_instruction: "),
        ({"safety_settings": [{"metod": 1}]}, "config.safety_settings[0].metod: "),
        ({"temperature": float("nan")}, "[config] leaves the lock incomplete"),
        ({"response_modalities": ["SMELL"]}, "[config] has a value that google-genai does not know."),
        ({"explicit_vad_signal": True}, "[config]: google-genai cannot make a request of it."),
        ({"tools": ["google_search"]}, "[config]: google-genai cannot make a request of it."),
        ({"generation_config": {"seed": 1}, "top_p": 0.5}, "[config]: google-genai cannot make a request of it."),
        ({}, "[config] leaves the lock incomplete"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_request_that_cannot_be_made_is_one_fault_in_words_of_ours(config: Mapping[str, object], named: str) -> None:
    (fault,) = faults_in(config)
    assert fault.startswith(named)
    for raw in ("AttributeError", "Extra inputs", "Input should", "no attribute", "hot", "SMELL"):
        assert raw not in fault


def test_each_field_that_google_genai_does_not_take_is_a_fault_of_its_own() -> None:
    first, second = sorted(faults_in({"temprature": 1.0, "seed": "x"}))
    assert first.startswith("config.seed: ")
    assert second.startswith("config.temprature: ")


def test_looking_for_faults_leaves_no_warning() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        faults_in({"response_modalities": ["SMELL"]})
    assert caught == []


CHOOSING = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 60
session_seconds = 900
[config]
response_modalities = ["AUDIO"]
[choices.language]
field = "speech_config.language_code"
values = ["en-US", "de-DE"]
"""


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("media_resolution", "MEDIA_RESOLUTION_MIDDLE", 'config.media_resolution is "MEDIA_RESOLUTION_MIDDLE"'),
        ("media_resolution", "Kore", 'config.media_resolution is "Kore"'),
        ("speech_config.voice", "Kore", "config.speech_config.voice"),
        ("speech_config.voice_config", "Kore", "config.speech_config.voice_config"),
        ("temprature", "0.5", "config.temprature"),
        ("temperature", "0.5", 'config.temperature is "0.5"; it must be a number'),
        ("explicit_vad_signal", "true", "config.explicit_vad_signal"),
    ],
)
def test_a_choice_that_google_genai_does_not_take_stops_the_start(
    tmp_path: Path, field: str, value: str, named: str
) -> None:
    text = f'{CHOOSING}[choices.other]\nfield = "{field}"\nvalues = ["{value}"]\n'
    (tmp_path / "default.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as refusal:
        load_profiles(tmp_path, find_config_faults)
    (fault,) = refusal.value.faults
    assert fault.startswith(f"default.toml: {named}")


def test_a_chosen_text_is_in_the_lock(tmp_path: Path) -> None:
    (tmp_path / "default.toml").write_text(CHOOSING, encoding="utf-8")
    profile = load_profiles(tmp_path, find_config_faults).for_caller("default", CALLER, {"language": "de-DE"})
    constraints = token_request(profile, None, ISSUED_AT, ISSUED_AT).live_connect_constraints
    assert constraints is not None
    assert constraints.config is not None
    assert constraints.config.speech_config is not None
    assert constraints.config.speech_config.language_code == "de-DE"


# --- nothing is left out in silence

WANTED: dict[str, object] = {
    "generation_config": {"seed": 7},
    "response_modalities": ["AUDIO"],
    "temperature": 0.7,
    "top_p": 0.7,
    "top_k": 7,
    "max_output_tokens": 7,
    "media_resolution": "MEDIA_RESOLUTION_LOW",
    "seed": 7,
    "speech_config": {"language_code": "en-US"},
    "thinking_config": {"thinking_budget": 7},
    "enable_affective_dialog": True,
    "system_instruction": "Be kind.",
    "tools": [{"google_search": {}}],
    "input_audio_transcription": {},
    "output_audio_transcription": {},
    "realtime_input_config": {"activity_handling": "NO_INTERRUPTION"},
    "context_window_compression": {"trigger_tokens": 7},
    "proactivity": {"proactive_audio": True},
    "history_config": {"initial_history_in_client_content": True},
    "avatar_config": {"avatar_name": "Kit"},
    "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    "translation_config": {"target_language_code": "de"},
    "labels": {"team": "voice"},
    "explicit_vad_signal": True,
    "session_resumption": {},
    "http_options": {},
}
NOT_SENT = {"explicit_vad_signal", "session_resumption", "http_options"}


def test_every_field_of_google_genai_is_tried_below() -> None:
    assert set(WANTED) == set(types.LiveConnectConfig.model_fields)


@pytest.fixture(scope="module")
def shared_minter(_running_server: FakeHttpServer) -> GeminiMinter:
    return GeminiMinter("v1beta", upstream(), _running_server.host_and_port)


@pytest.mark.parametrize("name", WANTED)
def test_a_field_of_a_profile_is_either_in_the_request_or_a_fault(
    server: FakeHttpServer, shared_minter: GeminiMinter, name: str
) -> None:
    server.answer_with(answer_json({"name": "auth_tokens/x"}))
    profile = replace(PROFILE, config={name: WANTED[name]})
    if name not in NOT_SENT:
        with warnings.catch_warnings():
            silence_experimental_warning()
            shared_minter.mint(KEY, profile, None, None, AMPLE)
        (request,) = server.received
        assert leaves(WANTED[name]) <= leaves(request.json()["bidiGenerateContentSetup"])
    else:
        faults = check_config(
            profile.model, {"response_modalities": ["AUDIO"]} | dict(profile.config), trust=True
        ).refusals
        assert [fault.split(": ")[0] for fault in faults] == [f"config.{name}"]


def leaves(value: object) -> set[object]:
    match value:
        case dict():
            return set().union(*(leaves(inner) for inner in value.values()))
        case list():
            return set().union(*map(leaves, value))
    return {value}


def test_a_profile_without_a_model_is_a_fault() -> None:
    assert find_config_faults(Profile("x", "", PROFILE.start_within, PROFILE.session, PROFILE.config)) != []
