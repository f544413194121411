"""What the smoke test holds in its hands shows no credential, wherever a traceback or a log prints it."""

from datetime import UTC, datetime

from live_tokens_operations.smoke.checks import HeldSession
from live_tokens_operations.smoke.contract import LiveToken

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def test_a_session_that_was_held_shows_neither_its_token_nor_its_resumption_handle() -> None:
    url = "wss://example.com/?access_token=auth_tokens/secret"
    token = LiveToken("auth_tokens/secret", url, {"model": "models/m"}, "v1beta", "models/m", NOW, NOW, NOW)

    shown = repr(HeldSession(token, "secret-handle"))

    assert "models/m" in shown
    assert "secret" not in shown
