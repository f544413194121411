"""The recipes for claims that others write do what the page says, with claims as those write them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from live_tokens.errors import UserNotAllowed
from live_tokens.issuing import Caller
from support.documents import ROOT
from support.loaded_profiles import load_profiles

PROFILE = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 60
session_seconds = 900
[config]
response_modalities = ["AUDIO"]
"""
CALLER = Caller("user-1", "password")


def recipe(name: str) -> str:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    return page.split(f"<!-- recipe: {name} -->\n```toml\n", 1)[1].split("```", 1)[0]


@pytest.mark.parametrize(
    ("name", "claims", "per_hour"),
    [
        ("revenuecat", {"revenueCatEntitlements": ["premium"]}, 40),
        ("revenuecat", {"revenueCatEntitlements": ["premium", "team"]}, 100),
        ("revenuecat", {"revenueCatEntitlements": ["basic", "premium"]}, 40),
        ("revenuecat", {"revenueCatEntitlements": ["basic"]}, None),
        ("revenuecat", {"revenueCatEntitlements": []}, None),
        ("revenuecat", {}, None),
        ("stripe", {"stripeRole": "premium"}, 40),
        ("stripe", {"stripeRole": "basic"}, 10),
        ("stripe", {"stripeRole": "free"}, None),
        ("stripe", {}, None),
    ],
)
def test_a_recipe_lets_those_in_who_pay(
    tmp_path: Path, name: str, claims: Mapping[str, object], per_hour: int | None
) -> None:
    (tmp_path / "default.toml").write_text(PROFILE + recipe(name), encoding="utf-8")
    profiles = load_profiles(tmp_path, lambda _: [])
    caller = replace(CALLER, claims=claims)
    if per_hour is None:
        with pytest.raises(UserNotAllowed):
            profiles.for_caller("default", caller)
    else:
        assert profiles.for_caller("default", caller).quota.per_hour == per_hour
