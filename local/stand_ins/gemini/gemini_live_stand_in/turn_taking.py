"""When it is the model's turn: client messages in, questions out. No I/O, no clock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gemini_live_stand_in.refusals import (
    AUDIO_FORMAT,
    EXPLICIT_ACTIVITY,
    MEDIA_CHUNKS,
    MESSAGE_INVALID,
    TOOL_RESPONSE_ID,
    CloseError,
)
from gemini_live_stand_in.voice_activity import Activity, VoiceActivity

DEFAULT_SILENCE_MS = 500

_NATIVE_RATE = 16_000
_LOWEST_RATE = 1_000  # below it a window of the voice detector would hold no sample worth the name


@dataclass(frozen=True, slots=True)
class Question:
    """One complete user turn, as far as the stand-in understands it: how much there was."""

    characters: int = 0
    spoken_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """The question a client message completes, if any, and whether it interrupts a running reply even so."""

    question: Question | None = None
    interrupts: bool = False


class TurnTaking:
    """Follows one connection's input. Voice detection is on unless the effective setup disables it."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        detection = setup.get("realtimeInputConfig", {}).get("automaticActivityDetection", {})
        self._automatic = not detection.get("disabled", False)
        self._voice = VoiceActivity(detection.get("silenceDurationMs") or DEFAULT_SILENCE_MS)
        self._in_activity = False
        self._activity_seconds = 0.0
        self._characters = 0

    def hear(self, message: Mapping[str, Any]) -> Heard:
        """Take in one parsed client message; a second setup is refused."""
        if "clientContent" in message:
            return self._content(message["clientContent"])
        if "realtimeInput" in message:
            return self._realtime(message["realtimeInput"])
        if "toolResponse" in message:
            for response in message["toolResponse"].get("functionResponses", []):
                if not response.get("id"):
                    raise CloseError(TOOL_RESPONSE_ID)
            return Heard()
        raise CloseError(MESSAGE_INVALID)

    def _content(self, content: Mapping[str, Any]) -> Heard:
        for turn in content.get("turns", []):
            self._characters += sum(len(part.get("text", "")) for part in turn.get("parts", []))
        # proto3: an absent turnComplete is false, and then the model keeps waiting.
        return Heard(self._ask() if content.get("turnComplete") else None, interrupts=True)

    def _realtime(self, realtime: Mapping[str, Any]) -> Heard:
        if "mediaChunks" in realtime:
            raise CloseError(MEDIA_CHUNKS)
        if self._automatic and ("activityStart" in realtime or "activityEnd" in realtime):
            raise CloseError(EXPLICIT_ACTIVITY)
        heard = Heard()
        if "activityStart" in realtime:
            self._in_activity = True
            self._activity_seconds = 0.0
            heard = Heard(interrupts=True)
        if "audio" in realtime:
            heard = self._audio(realtime["audio"], heard)
        if "text" in realtime:
            self._characters += len(realtime["text"])
            heard = Heard(self._ask())
        if realtime.get("audioStreamEnd") and self._voice.speaking:
            self._voice.stop()
            heard = Heard(self._ask(self._voice.spoken_seconds))
        if "activityEnd" in realtime and self._in_activity:
            self._in_activity = False
            heard = Heard(self._ask(self._activity_seconds))
        return heard

    def _audio(self, blob: Mapping[str, Any], heard: Heard) -> Heard:
        pcm: bytes = blob.get("data", b"")
        rate = _sample_rate(blob.get("mimeType", ""))
        if not self._automatic:
            self._activity_seconds += len(pcm) / 2 / rate
            return heard
        for activity in self._voice.hear(pcm, rate):
            if activity is Activity.ENDED:
                heard = Heard(self._ask(self._voice.spoken_seconds))
            else:
                # Keeps a question that an earlier part of the same audio has completed.
                heard = Heard(heard.question, interrupts=True)
        return heard

    def _ask(self, spoken_seconds: float = 0.0) -> Question:
        question = Question(self._characters, spoken_seconds)
        self._characters = 0
        return question


def _sample_rate(mime_type: str) -> int:
    """Read `audio/pcm;rate=16000`; without a rate it is 16 kHz."""
    match = re.fullmatch(r"audio/pcm(?:\s*;\s*rate=(\d{1,6}))?", mime_type)
    rate = int(match.group(1) or _NATIVE_RATE) if match else 0
    if rate < _LOWEST_RATE:
        raise CloseError(AUDIO_FORMAT, mime_type=mime_type)
    return rate
