"""Whether a model exists and can do what the effective setup asks of it."""

from collections.abc import Collection, Mapping
from typing import Any

from gemini_live_stand_in.model_rules import require_rules
from gemini_live_stand_in.refusals import MODEL_MISSING, MODEL_NAME_FORMAT, MODEL_NOT_FOUND, CloseError


def require_model(setup: Mapping[str, Any], models: Collection[str], version: str) -> None:
    """Refuse a setup that the named model cannot run.

    Raises:
        CloseError: Google closes the connection.
        SilenceError: Google never answers.
    """
    model: str = setup.get("model", "")
    if not model:
        raise CloseError(MODEL_MISSING)
    if not model.startswith("models/"):
        raise CloseError(MODEL_NAME_FORMAT)
    name = model.removeprefix("models/")
    if name not in models:
        raise CloseError(MODEL_NOT_FOUND, model=model, version=version)
    require_rules(name, setup)
