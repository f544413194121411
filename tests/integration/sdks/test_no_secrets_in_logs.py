"""Runs last: what the tests have sent and received must be in nobody's log."""

from pathlib import Path

from integration.sdks.firebase_app import FirebaseApp, call, credentials, sign_up
from integration.sdks.live_client import open_websocket
from support.sdks.secrets_seen import SecretsSeen


def test_no_log_holds_a_key_a_token_a_sign_in_a_handle_or_a_password(
    app: FirebaseApp, secrets_seen: SecretsSeen, run_directory: Path
) -> None:
    account = credentials()
    handle = open_websocket(app.scripts, app.live_token(), "Hello! Who are you?").handle
    app.take(
        sign_up(account), call({"resumptionHandle": handle}), {"step": "signIn", **account}, call({"profile": "?"})
    )

    logs = {path: path.read_text(errors="replace") for path in run_directory.rglob("*.log")}

    credentials_seen = {"apiKey", "token", "idToken", "refreshToken", "password"}
    assert secrets_seen.names == credentials_seen | {"newHandle", "resumptionHandle"}
    assert "Live token issued" in app.stack.logs
    assert "Live token refused" in app.stack.logs
    found = {str(path.relative_to(run_directory)): sorted(secrets_seen.found_in(text)) for path, text in logs.items()}
    assert not any(found.values()), found
    assert not set(secrets_seen.found_in(app.stack.logs))
