"""What the stand-in logs: every event, and never a credential."""

import hashlib
import logging

import pytest

from gemini_live_stand_in import StandInConfig
from stand_ins.gemini_client import KEY, Gemini, audio_setup, live_path


def test_each_event_is_one_line_and_no_line_holds_a_credential(
    gemini: Gemini, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        token = gemini.mint_locked()
        gemini.post({"x": 1})
        gemini.post({}, key="AIza-wrong")
        gemini.works(token)
        gemini.closing_of(token)
        with gemini.open(f"{live_path('')}?key={KEY}") as live:
            live.start(audio_setup())
        with gemini.open(f"{live_path()}?access_token={token}x") as live:
            live.closing()
    text = caplog.text
    for secret in (token, token.removeprefix("auth_tokens/"), KEY, "AIza-wrong"):
        assert secret not in text
    lines = [record.getMessage() for record in caplog.records if record.name == "gemini_live_stand_in"]
    fingerprint = hashlib.sha256(token.encode()).hexdigest()[:12]
    assert lines[0].startswith(f"mint: token {fingerprint}, uses 1")
    assert lines[1:3] == ["mint refused: 400 INVALID_ARGUMENT"] * 2
    assert lines.count(f"connect: v1beta, token {fingerprint}") == 2
    assert "close: 1011 Token has been used too many times" in lines
    assert "connect: v1beta, API key" in lines
    assert any(line.startswith("close: 1007 Missing or malformed auth token") for line in lines)


@pytest.mark.parametrize(
    "settings",
    [
        {"connection_seconds": 0},
        {"go_away_seconds": -1},
        {"pace": -0.1},
        {"api_keys": frozenset({""})},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        StandInConfig(**{"api_keys": frozenset({KEY})} | settings)  # type: ignore[arg-type]
