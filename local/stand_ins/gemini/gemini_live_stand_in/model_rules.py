"""Google's rules per model for the effective setup, as a dated table.

Which model refuses what, and who says so. Codes, texts and their provenance are in refusals.py. What Google's pages
only call "not supported", such as URL context on gemini-3.8-live, is taken: nobody has seen it refused.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gemini_live_stand_in.refusals import (
    BLOCKING_UNSUPPORTED,
    FIELD_OF_OTHER_MODELS,
    MODALITIES,
    PROACTIVE_AUDIO_REQUIRED,
    SETUP_UNANSWERED,
    THINKING_LEVEL_MISSING,
    THINKING_LEVEL_UNKNOWN,
    THINKING_UNSUPPORTED,
    WINDOW_MISSING,
    CloseError,
    CloseRefusal,
    Silence,
    SilenceError,
)

Setup = Mapping[str, Any]
Words = Mapping[str, str]

EVERY_MODEL = "every model"
LIVE_3_8 = "gemini-3.8-live"
EXTENDED_THINKING = "gemini-3.8-live-extended-thinking"
LIVE_3_1 = "gemini-3.1-flash-live-preview"

_NO_WORDS: Words = {}
_DEFAULT_MODALITIES = ["TEXT"]
_EXTENDED_LEVELS = frozenset({"LOW", "MEDIUM", "HIGH"})


@dataclass(frozen=True, slots=True)
class ModelRule:
    """One thing that a model refuses.

    Attributes:
        broken_by: returns the words for the refusal's text if a setup breaks the rule, else None.
        sources: who says so, and when.
    """

    model: str
    broken_by: Callable[[Setup], Words | None]
    refusal: CloseRefusal | Silence
    sources: str


def require_rules(model: str, setup: Setup) -> None:
    """Refuse a setup that breaks a rule of a model, with the first such rule of the table.

    Raises:
        CloseError: Google closes the connection.
        SilenceError: Google never answers.
    """
    for rule in RULES:
        if rule.model not in (EVERY_MODEL, model):
            continue
        words = rule.broken_by(setup)
        if words is None:
            continue
        if isinstance(rule.refusal, Silence):
            raise SilenceError(rule.refusal)
        raise CloseError(rule.refusal, **words)


def _generation(setup: Setup) -> Setup:
    generation: Setup = setup.get("generationConfig", {})
    return generation


def _if(broken: bool) -> Words | None:  # noqa: FBT001  # the one thing it is about
    return _NO_WORDS if broken else None


def _other_than_audio(setup: Setup) -> Words | None:
    modalities = _generation(setup).get("responseModalities") or _DEFAULT_MODALITIES
    return None if set(modalities) == {"AUDIO"} else {"modalities": ", ".join(modalities)}


def _no_window(setup: Setup) -> Words | None:
    compression = setup.get("contextWindowCompression")
    return _if(compression is not None and "slidingWindow" not in compression)


def _proactivity_field(setup: Setup) -> Words | None:
    return {"name": "proactivity", "place": "setup"} if "proactivity" in setup else None


def _affective_field(setup: Setup) -> Words | None:
    if "enableAffectiveDialog" not in _generation(setup):
        return None
    return {"name": "enableAffectiveDialog", "place": "setup.generation_config"}


def _level(setup: Setup) -> str:
    level: str = _generation(setup).get("thinkingConfig", {}).get("thinkingLevel", "THINKING_LEVEL_UNSPECIFIED")
    return level


def _no_thinking_level(setup: Setup) -> Words | None:
    return _if(_level(setup) == "THINKING_LEVEL_UNSPECIFIED")


def _other_thinking_level(setup: Setup) -> Words | None:
    return None if _level(setup) in _EXTENDED_LEVELS else {"level": _level(setup)}


def _blocking_tool(setup: Setup) -> Words | None:
    return _if(any(declaration.get("behavior") == "BLOCKING" for declaration in _declarations(setup)))


def _declarations(setup: Setup) -> Iterator[Setup]:
    for tool in setup.get("tools", []):
        yield from tool.get("functionDeclarations", [])


def _thinking(setup: Setup) -> Words | None:
    return _if("thinkingConfig" in _generation(setup))


def _not_proactive(setup: Setup) -> Words | None:
    return _if(setup.get("proactivity", {}).get("proactiveAudio") is False)


def _affective_and_proactive(setup: Setup) -> Words | None:
    affective = _generation(setup).get("enableAffectiveDialog", False)
    return _if(affective and setup.get("proactivity", {}).get("proactiveAudio", False))


RULES = (
    # Unknown fields first: Google finds them while it reads the message.
    ModelRule(EXTENDED_THINKING, _proactivity_field, FIELD_OF_OTHER_MODELS, "third party 2026-09-29"),
    ModelRule(EXTENDED_THINKING, _affective_field, FIELD_OF_OTHER_MODELS, "third party 2026-09-29"),
    ModelRule(EVERY_MODEL, _other_than_audio, MODALITIES, "third party, undated; cookbook#386"),
    ModelRule(
        EVERY_MODEL, _no_window, WINDOW_MISSING, "pipecat#4560 (2026-05-26); livekit/agents#2376; tau2-bench#510"
    ),
    ModelRule(
        EXTENDED_THINKING,
        _no_thinking_level,
        THINKING_LEVEL_MISSING,
        "third party 2026-09-21 and 2026-09-29; cookbook#1379; firebase-android-sdk#8616",
    ),
    ModelRule(EXTENDED_THINKING, _other_thinking_level, THINKING_LEVEL_UNKNOWN, "third party 2026-09-29"),
    ModelRule(
        EXTENDED_THINKING,
        _blocking_tool,
        BLOCKING_UNSUPPORTED,
        "gemini-skills#81 (2026-09-15); third party 2026-09-29",
    ),
    ModelRule(
        LIVE_3_8,
        _thinking,
        THINKING_UNSUPPORTED,
        "third party 2026-10-01; hermes-agent#114116; https://ai.google.dev/gemini-api/docs/models/gemini-3.8-live",
    ),
    ModelRule(
        LIVE_3_8,
        _not_proactive,
        PROACTIVE_AUDIO_REQUIRED,
        "https://ai.google.dev/gemini-api/docs/models/gemini-3.8-live",
    ),
    ModelRule(LIVE_3_1, _affective_and_proactive, SETUP_UNANSWERED, "PatterAI/Patter#210"),
)
"""The first rule that a setup breaks decides."""
