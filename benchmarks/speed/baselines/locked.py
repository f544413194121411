"""What every baseline locks its tokens to: the config of this function's default profile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

MODEL = "gemini-3.8-live"
CONFIG: dict[str, Any] = {
    "response_modalities": ["AUDIO"],
    "system_instruction": (
        "You are a friendly assistant in a mobile app. Answer in one or two short spoken sentences."
    ),
    "speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}}},
    "input_audio_transcription": {},
    "output_audio_transcription": {},
    "context_window_compression": {"trigger_tokens": 25000, "sliding_window": {"target_tokens": 8000}},
    "session_resumption": {},
}


def token_config() -> Any:
    """Return what google-genai takes for one locked, single-use token."""
    now = datetime.now(UTC)
    return {
        "uses": 1,
        "expire_time": now + timedelta(minutes=10),
        "new_session_expire_time": now + timedelta(minutes=1),
        "live_connect_constraints": {"model": MODEL, "config": CONFIG},
    }
