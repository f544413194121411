"""`model_prices`: one dated table, and nothing is said of a model without a row."""

import pytest

from live_tokens.model_prices import AS_OF, PRICES, SOURCE, prices_of


@pytest.mark.parametrize("model", ["gemini-3.8-live", "models/gemini-3.8-live", "gemini-3.8-live-001"])
def test_a_model_has_the_prices_of_its_family_with_or_without_its_prefix(model: str) -> None:
    prices = prices_of(model)
    assert prices is not None
    assert prices.model.name == "gemini-3.8-live"


@pytest.mark.parametrize(
    "model", ["gemini-3.8-live-extended-thinking", "gemini-3.1-flash-live-preview", "gemini-9", ""]
)
def test_a_model_without_a_row_has_no_price(model: str) -> None:
    assert prices_of(model) is None


def test_the_table_says_when_and_where_its_prices_were_quoted() -> None:
    assert AS_OF == "2026-10-09"
    assert SOURCE.startswith("https://ai.google.dev/")


def test_the_price_of_a_minute_of_audio_is_that_of_its_tokens() -> None:
    """Google names both, and 25 tokens for a second of audio; its price of a minute is rounded up."""
    for prices in PRICES:
        assert prices.audio_in_minute * 1_000_000 / (60 * 25) >= prices.audio_in_million
        assert prices.audio_in_minute * 1_000_000 / (60 * 25) < prices.audio_in_million * 2
