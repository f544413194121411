"""The three ways that a developer tried in vain, and the one that works.

Source: https://discuss.ai.google.dev/t/116522 ("Method doesn't allow unregistered callers")
"""

from urllib.parse import quote

import pytest

from integration.sdks.firebase_app import FirebaseApp
from integration.sdks.live_client import open_websocket

KEY_NOT_VALID = (1007, "API key not valid. Please pass a valid API key.")
EXPECTED_OAUTH = (1008, "Expected OAuth 2 access token, login cookie or other valid authentication credential")
UNREGISTERED = (
    1008,
    (
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API c"
    ),
)


@pytest.mark.parametrize(
    ("version", "query", "headers", "closed"),
    [
        ("v1alpha", "?key={encoded}", {}, KEY_NOT_VALID),
        ("v1alpha", "", {"Authorization": "Bearer {token}"}, EXPECTED_OAUTH),
        ("v1alpha", "", {"x-goog-api-key": "{token}"}, KEY_NOT_VALID),
        ("v1beta", "?access_token={token}", {}, UNREGISTERED),
    ],
    ids=["key in the query", "Bearer header", "x-goog-api-key header", "right place, wrong method"],
)
def test_each_attempt_of_the_forum_post_fails_as_it_did_there_and_the_answers_url_works_with_the_same_token(
    app: FirebaseApp, version: str, query: str, headers: dict[str, str], closed: tuple[int, str]
) -> None:
    live_token = app.live_token_without_sdk()
    token = live_token["token"]
    wrong = (
        f"ws://{app.stack.gemini_host}/ws/google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContent"
    )

    refused = open_websocket(
        app.scripts,
        live_token,
        url=wrong + query.format(token=token, encoded=quote(token, safe="")),
        headers={name: value.format(token=token) for name, value in headers.items()},
        stay=True,
    )
    right = open_websocket(app.scripts, live_token, "Hello! Who are you?")

    assert refused.closed == closed
    assert not refused.opened
    assert right.audio
