"""What Google charges for Live models, as it was quoted on one day. A model without a row has no price here.

When Google changes a price, change the row and the day, then the table of docs/threat-model.md and the default of
worst_case_usd_per_minute in infra/, which tests compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from live_tokens.model_rules import LIVE_38, Model

AS_OF = "2026-10-09"
"""The day of the quotes."""

SOURCE = "https://ai.google.dev/gemini-api/docs/pricing"


@dataclass(frozen=True, slots=True)
class ModelPrices:
    """Prices of one family of models, in US dollars.

    Attributes:
        audio_in_minute: a minute of audio to the model.
        audio_out_minute: a minute of audio from the model.
        audio_in_million: a million tokens of audio to the model. Every turn is billed for the whole context again.
        text_out_million: a million tokens of text from the model: transcriptions.
        search_thousand: a thousand searches with Google, beyond those that are free.
        context_tokens: how large the context can become.
    """

    model: Model
    audio_in_minute: Decimal
    audio_out_minute: Decimal
    audio_in_million: Decimal
    text_out_million: Decimal
    search_thousand: Decimal
    context_tokens: int


PRICES = (
    ModelPrices(
        model=LIVE_38,
        audio_in_minute=Decimal("0.005"),
        audio_out_minute=Decimal("0.018"),
        audio_in_million=Decimal("3.00"),
        text_out_million=Decimal("4.50"),
        search_thousand=Decimal("14.00"),
        context_tokens=131_072,
    ),
)
"""The table."""


def prices_of(model: str) -> ModelPrices | None:
    """Return the prices of a model, named with or without `models/`, or None where none are known."""
    name = model.removeprefix("models/")
    return next((prices for prices in PRICES if prices.model.ids.fullmatch(name)), None)
