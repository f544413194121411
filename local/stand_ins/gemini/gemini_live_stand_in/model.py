"""Whether a model exists and can do what the effective setup asks of it."""

from collections.abc import Collection, Mapping
from typing import Any

from gemini_live_stand_in.refusals import (
    MODALITIES,
    MODEL_MISSING,
    MODEL_NAME_FORMAT,
    MODEL_NOT_FOUND,
    PROACTIVE_AUDIO_REQUIRED,
    THINKING_UNSUPPORTED,
    CloseError,
)

_DEFAULT_MODALITIES = ["TEXT"]
_NOT_THINKING_ALWAYS_PROACTIVE = "gemini-3.8-live"


def require_model(setup: Mapping[str, Any], models: Collection[str], version: str) -> None:
    """Refuse a setup that the named model cannot run."""
    model: str = setup.get("model", "")
    if not model:
        raise CloseError(MODEL_MISSING)
    if not model.startswith("models/"):
        raise CloseError(MODEL_NAME_FORMAT)
    name = model.removeprefix("models/")
    if name not in models:
        raise CloseError(MODEL_NOT_FOUND, model=model, version=version)
    generation = setup.get("generationConfig", {})
    modalities = generation.get("responseModalities") or _DEFAULT_MODALITIES
    if set(modalities) != {"AUDIO"}:
        raise CloseError(MODALITIES, modalities=", ".join(modalities))
    if name == _NOT_THINKING_ALWAYS_PROACTIVE:
        if "thinkingConfig" in generation:
            raise CloseError(THINKING_UNSUPPORTED)
        if setup.get("proactivity", {}).get("proactiveAudio") is False:
            raise CloseError(PROACTIVE_AUDIO_REQUIRED)
