"""An app that calls the function with `stream()` of the Firebase SDK: it gets the same as from a call, and never waits.

The SDK reads event streams only. Whatever else comes, it settles nothing, and a script that waits for it fails.
"""

from collections.abc import Mapping

import pytest

from integration.sdks.firebase_app import SIGN_UP_ANONYMOUSLY, FirebaseApp, Outcome, Step, call, sign_up, stream

TOKENS_ONLY = {"profile": "tokens-only"}
REFUSED: Mapping[str, tuple[tuple[Step, ...], str, str]] = {
    "not signed in": ((stream(),), "functions/unauthenticated", "ID_TOKEN_MISSING"),
    "not for this user": ((SIGN_UP_ANONYMOUSLY, stream()), "functions/permission-denied", "USER_NOT_ALLOWED"),
    "a wrong call": ((sign_up(), stream({"model": "x"})), "functions/invalid-argument", "MALFORMED_REQUEST"),
    "too large": ((sign_up(), stream({"profile": "x" * 20_000})), "functions/invalid-argument", "MALFORMED_REQUEST"),
    "had enough": (
        (sign_up(), *[call(TOKENS_ONLY)] * 20, stream(TOKENS_ONLY)),
        "functions/resource-exhausted",
        "HOURLY_QUOTA_EXCEEDED",
    ),
}


def test_a_stream_ends_with_the_live_token_and_costs_no_more_than_one(app: FirebaseApp) -> None:
    _, streamed, called = app.take(sign_up(), stream(TOKENS_ONLY), call(TOKENS_ONLY))

    assert (streamed["chunks"], streamed["ended"]) == ([], "done")
    assert streamed["result"].keys() == called["result"].keys()
    assert streamed["result"]["token"].startswith("auth_tokens/")
    assert [outcome["result"]["quota"]["remaining"] for outcome in (streamed, called)] == [19, 18]


@pytest.mark.parametrize("name", REFUSED)
def test_a_stream_ends_with_the_error_that_a_call_ends_with(app: FirebaseApp, name: str) -> None:
    steps, code, reason = REFUSED[name]

    *_, outcome = app.take(*steps)

    _is_the_error(outcome, code, reason)


@pytest.mark.parametrize("reason", ["IDENTITY_UNAVAILABLE", "API_KEY_UNAVAILABLE", "GEMINI_UNAVAILABLE"])
def test_a_stream_ends_with_an_outage(app: FirebaseApp, lonely_functions: dict[str, str], reason: str) -> None:
    _, outcome = app.take(sign_up(), stream(), function_url=lonely_functions[reason])

    _is_the_error(outcome, "functions/unavailable", reason)


def test_keys_that_are_undefined_in_the_app_are_as_good_as_absent(app: FirebaseApp) -> None:
    """The SDK makes null of what is undefined."""
    nothing = {"profile": None, "resumptionHandle": None, "session": None}

    _, called, _, streamed = app.take(sign_up(), call(nothing), sign_up(), stream(nothing))

    assert [outcome["result"]["profile"] for outcome in (called, streamed)] == ["default"] * 2


def _is_the_error(outcome: Outcome, code: str, reason: str) -> None:
    """Both ways to wait for the end tell the same."""
    assert outcome["chunks"] == []
    assert outcome["ended"] == outcome["error"]
    assert (outcome["error"]["name"], outcome["error"]["code"]) == ("FirebaseError", code)
    assert outcome["error"]["details"]["reason"] == reason
