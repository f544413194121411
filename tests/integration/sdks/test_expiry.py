"""A token opens one session, soon, and the session ends."""

import time
from datetime import UTC, datetime

from integration.sdks.firebase_app import FirebaseApp, Outcome, call, sign_up
from integration.sdks.live_client import open_websocket


def wait_until_past(live_token: Outcome, name: str) -> None:
    deadline = datetime.fromisoformat(live_token[name])
    while datetime.now(UTC) <= deadline:
        time.sleep(0.02)


def test_a_token_that_is_not_used_in_time_opens_nothing(app: FirebaseApp) -> None:
    live_token = app.live_token_without_sdk(profile="short-start")
    wait_until_past(live_token, "newSessionExpireTime")

    session = open_websocket(app.scripts, live_token, stay=True)

    assert not session.opened
    assert session.closed == (1011, "new_session_expire_time deadline exceeded")


def test_a_session_ends_when_its_token_does_and_nothing_opens_after_it(app: FirebaseApp) -> None:
    handle = open_websocket(app.scripts, app.live_token_without_sdk(), "Hello! Who are you?").handle
    _, resuming, starting = app.take(
        sign_up(), call({"profile": "brief", "resumptionHandle": handle}), call({"profile": "brief"})
    )

    session = open_websocket(app.scripts, starting["result"], "Hello! Who are you?", stay=True)
    ended = datetime.now(UTC)
    again = open_websocket(app.scripts, starting["result"], stay=True)
    resumed = open_websocket(app.scripts, resuming["result"], stay=True)

    assert session.audio
    assert session.closed == (1011, "auth token has expired")
    assert ended >= datetime.fromisoformat(starting["result"]["expireTime"])
    assert again.closed == (1011, "Token has expired")
    assert resumed.closed == (1011, "Token has expired"), "with a handle too"
