"""When it is the model's turn: client messages in, questions out. No I/O, no clock."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gemini_live_stand_in.model_traits import ModelTraits
from gemini_live_stand_in.refusals import (
    AUDIO_FORMAT,
    CLIENT_CONTENT_TOO_LATE,
    EXPLICIT_ACTIVITY,
    MEDIA_CHUNKS,
    MESSAGE_INVALID,
    TOOL_RESPONSE_ID,
    TOOL_RESPONSE_NAME,
    CloseError,
)
from gemini_live_stand_in.transcription import InputTranscript
from gemini_live_stand_in.voice_activity import Activity, VoiceActivity

DEFAULT_SILENCE_MS = 500

_NATIVE_RATE = 16_000
_LOWEST_RATE = 1_000  # below it a window of the voice detector would hold no sample worth the name

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One complete user turn, as far as the stand-in understands it: the text, and how much was spoken."""

    text: str = ""
    spoken_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What a client message brings about.

    Attributes:
        question: the user turn that it completes, if any.
        interrupts: whether it interrupts a running reply even without a question.
        history: whether it is of the initial history, which is not answered.
        told: what the server says about it at once.
        responses: the function responses in it.
    """

    question: Question | None = None
    interrupts: bool = False
    history: bool = False
    told: Sequence[Message] = ()
    responses: Sequence[Message] = ()


class TurnTaking:
    """Follows one connection's input. Voice detection is on unless the effective setup disables it."""

    def __init__(self, setup: Mapping[str, Any], traits: ModelTraits, words: Sequence[str | None] = ()) -> None:
        """Begin.

        Args:
            words: what the first turns are transcribed as; None is the transcript without a scenario.
        """
        self._traits = traits
        self._has_history = setup.get("historyConfig", {}).get("initialHistoryInClientContent", False)
        self._history_awaited = self._has_history and traits.initial_history
        detection = setup.get("realtimeInputConfig", {}).get("automaticActivityDetection", {})
        self._automatic = not detection.get("disabled", False)
        self._voice = VoiceActivity(detection.get("silenceDurationMs") or DEFAULT_SILENCE_MS)
        self._transcript = InputTranscript(words) if "inputAudioTranscription" in setup else None
        self._in_activity = False
        self._activity_seconds = 0.0
        self._text = ""

    def hear(self, message: Mapping[str, Any], *, after_model_turn: bool) -> Heard:
        """Take in one parsed client message; a second setup is refused.

        Args:
            after_model_turn: whether the model has spoken in this conversation.
        """
        if "clientContent" in message:
            if after_model_turn and not self._traits.late_client_content and not self._has_history:
                raise CloseError(CLIENT_CONTENT_TOO_LATE)
            return self._content(message["clientContent"])
        if "realtimeInput" in message:
            return self._realtime(message["realtimeInput"])
        if "toolResponse" in message:
            responses = message["toolResponse"].get("functionResponses", [])
            for response in responses:
                self._require_reference(response)
            return Heard(responses=responses)
        raise CloseError(MESSAGE_INVALID)

    def _require_reference(self, response: Mapping[str, Any]) -> None:
        if not response.get("id"):
            raise CloseError(TOOL_RESPONSE_ID)
        if self._traits.tool_response_name and not response.get("name"):
            raise CloseError(TOOL_RESPONSE_NAME)

    def _content(self, content: Mapping[str, Any]) -> Heard:
        for turn in content.get("turns", []):
            self._text += "".join(part.get("text", "") for part in turn.get("parts", []))
        # proto3: an absent turnComplete is false, and then the model keeps waiting.
        complete = content.get("turnComplete", False)
        if self._history_awaited:
            self._history_awaited = not complete
            return Heard(history=True)
        if complete:
            return Heard(self._ask_in_text(), interrupts=True)
        return Heard(interrupts=True, told=[{"serverContent": {"waitingForInput": True}}])

    def _realtime(self, realtime: Mapping[str, Any]) -> Heard:
        if "mediaChunks" in realtime and not self._traits.media_chunks:
            raise CloseError(MEDIA_CHUNKS)
        if self._automatic and ("activityStart" in realtime or "activityEnd" in realtime):
            raise CloseError(EXPLICIT_ACTIVITY)
        heard = Heard()
        if "activityStart" in realtime:
            self._in_activity = True
            self._activity_seconds = 0.0
            heard = Heard(interrupts=True)
        for blob in _blobs(realtime):
            heard = _both(heard, self._audio(blob))
        if "text" in realtime:
            self._text += realtime["text"]
            heard = _both(heard, Heard(self._ask_in_text()))
        if realtime.get("audioStreamEnd") and self._traits.audio_stream_end and self._voice.speaking:
            self._voice.stop()
            heard = _both(heard, self._end_of_speech(self._voice.spoken_seconds))
        if "activityEnd" in realtime and self._in_activity:
            self._in_activity = False
            heard = _both(heard, self._end_of_speech(self._activity_seconds))
        return heard

    def _audio(self, blob: Mapping[str, Any]) -> Heard:
        pcm: bytes = blob.get("data", b"")
        rate = _sample_rate(blob.get("mimeType", ""))
        if not rate:
            raise CloseError(AUDIO_FORMAT, mime_type=blob.get("mimeType", ""))
        if not self._automatic:
            self._activity_seconds += len(pcm) / 2 / rate
            return Heard(told=self._transcribe(self._activity_seconds) if self._in_activity else ())
        heard = Heard()
        for activity in self._voice.hear(pcm, rate):
            match activity:
                case Activity.STARTED:
                    heard = _both(heard, Heard(interrupts=True, told=self._voice_activity("ACTIVITY_START")))
                case Activity.ONGOING:
                    heard = _both(heard, Heard(told=self._transcribe(self._voice.spoken_seconds)))
                case Activity.ENDED:
                    heard = _both(heard, self._end_of_speech(self._voice.spoken_seconds))
        return heard

    def _end_of_speech(self, spoken_seconds: float) -> Heard:
        pieces = self._transcript.end(spoken_seconds) if self._transcript else ()
        told = [*self._voice_activity("ACTIVITY_END"), *map(_transcription, pieces)]
        return Heard(self._ask(spoken_seconds), told=told)

    def _transcribe(self, spoken_seconds: float) -> Sequence[Message]:
        return [_transcription(piece) for piece in self._transcript.hear(spoken_seconds)] if self._transcript else []

    def _voice_activity(self, kind: str) -> Sequence[Message]:
        return [{"voiceActivity": {"voiceActivityType": kind}}] if self._traits.voice_activity else []

    def _ask_in_text(self) -> Question:
        if self._transcript:
            self._transcript.skip()
        return self._ask()

    def _ask(self, spoken_seconds: float = 0.0) -> Question:
        self._history_awaited = False  # what comes after the first question is no initial history
        question = Question(self._text, spoken_seconds)
        self._text = ""
        return question


def _both(first: Heard, then: Heard) -> Heard:
    """Put together what two parts of one message bring about; the later question counts."""
    return Heard(then.question or first.question, first.interrupts or then.interrupts, told=[*first.told, *then.told])


def _blobs(realtime: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "audio" in realtime:
        yield realtime["audio"]
    for blob in realtime.get("mediaChunks", []):
        if blob.get("mimeType", "").startswith("audio/"):
            yield blob


def sounds_in(realtime: Mapping[str, Any]) -> Iterator[tuple[bytes, int]]:
    """Yield the PCM and the rate of each sound in a `realtimeInput`; without those of a format that is refused."""
    for blob in _blobs(realtime):
        rate = _sample_rate(blob.get("mimeType", ""))
        if rate:
            yield blob.get("data", b""), rate


def _transcription(piece: str) -> Message:
    return {"serverContent": {"inputTranscription": {"text": piece}}}


def _sample_rate(mime_type: str) -> int:
    """Read `audio/pcm;rate=16000`; without a rate it is 16 kHz. 0 is a format that is refused."""
    match = re.fullmatch(r"audio/pcm(?:\s*;\s*rate=(\d{1,6}))?", mime_type)
    rate = int(match.group(1) or _NATIVE_RATE) if match else 0
    return rate if rate >= _LOWEST_RATE else 0
