"""Apps without Google's SDK: `websocketUrl` and `setup` from the answer are enough."""

import pytest

from integration.sdks.firebase_app import FirebaseApp
from integration.sdks.live_client import Session, open_websocket


def test_the_url_and_the_setup_of_the_answer_open_a_session(app: FirebaseApp) -> None:
    session = open_websocket(app.scripts, app.live_token_without_sdk(), "Hello! Who are you?")

    assert session.messages[0] == {"setupComplete": {}}
    assert len(session.audio) > 24_000
    assert "Gemini" in session.transcript
    assert session.code == 1000, "the app ended it"


def test_a_fresh_token_with_the_last_handle_goes_on_with_the_conversation(app: FirebaseApp) -> None:
    first = open_websocket(app.scripts, app.live_token_without_sdk(), "Hello! Who are you?")

    second = open_websocket(
        app.scripts, app.live_token_without_sdk(resumptionHandle=first.handle), "What were we talking about?"
    )

    assert "remember" in second.transcript


def test_without_a_handle_a_fresh_token_begins_a_new_conversation(app: FirebaseApp) -> None:
    open_websocket(app.scripts, app.live_token_without_sdk(), "Hello! Who are you?")

    second = open_websocket(app.scripts, app.live_token_without_sdk(), "What were we talking about?")

    assert "remember" not in second.transcript


def test_a_spent_token_resumes_nothing_by_itself(app: FirebaseApp) -> None:
    """Every connection is authorised by the function: the handle in an app's own setup is not looked at."""
    live_token = app.live_token_without_sdk()
    first = open_websocket(app.scripts, live_token, "Hello! Who are you?")

    setup = live_token["setup"] | {"sessionResumption": {"handle": first.handle}}
    second = open_websocket(app.scripts, live_token, setup=setup, stay=True)

    assert second.closed == (1011, "Token has been used too many times")


def test_a_session_of_somebody_elses_setup_is_still_that_of_the_profile(app: FirebaseApp) -> None:
    setup = {"model": "models/a-dearer-one", "generationConfig": {"responseModalities": ["TEXT"]}}

    session = open_websocket(app.scripts, app.live_token_without_sdk(), "What do you speak with?", setup=setup)

    assert session.audio
    assert session.transcript


@pytest.mark.parametrize("version", ["v1alpha", "v1beta"])
def test_both_versions_of_the_api_take_the_token(app: FirebaseApp, version: str) -> None:
    live_token = app.live_token_without_sdk()

    session = open_websocket(
        app.scripts, live_token, url=live_token["websocketUrl"].replace(".v1beta.", f".{version}.")
    )

    assert session.opened


def test_the_slash_of_the_token_may_be_encoded(app: FirebaseApp) -> None:
    live_token = app.live_token_without_sdk()

    session: Session = open_websocket(
        app.scripts, live_token, url=live_token["websocketUrl"].replace("=auth_tokens/", "=auth_tokens%2F")
    )

    assert session.opened
