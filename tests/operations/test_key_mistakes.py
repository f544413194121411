"""What is mistaken for a Gemini API key: `make deploy` refuses it, and the doctor finds it in Secret Manager.

The doctor is the milder one: of a form that it does not know, Gemini has the last word.
"""

import base64

import pytest

from live_tokens_deploy.gemini_key import GeminiKey, NotAKeyError
from live_tokens_doctor.google_api import Found
from live_tokens_doctor.key import payload_in


@pytest.mark.parametrize(
    "mistaken",
    [
        "",
        " \n",
        '{"type": "service_account"}',
        '["AQ.0123456789abcdef"]',
        "ya29.a0AfH6SMBx-sample",
        "1//0gsample-refresh",
        "auth_tokens/0a1b2c",
        "-----BEGIN PRIVATE KEY-----",
        "eyJhbGciOi.eyJzdWIi.c2ln",
        "eyJhbGciOiJub25lIn0",
        "AQ.0123456789abcdef 0123",
        "AQ.0123456789abcdef\nAQ.0123456789abcdef",
        "AQ.schlüssel-0123456789",
    ],
)
def test_neither_make_deploy_nor_the_doctor_takes_it_for_a_key(mistaken: str) -> None:
    with pytest.raises(NotAKeyError):
        GeminiKey.read(mistaken)
    payload = payload_in({"payload": {"data": base64.b64encode(mistaken.encode()).decode()}})
    assert (payload.key, bool(payload.fault)) == (None, True)


@pytest.mark.parametrize("key", ["AQ.Ab8-sample_0123456789", "AIzaSyA-sample-standard-key-0123456789"])
def test_what_make_deploy_stores_the_doctor_takes_for_a_key(key: str) -> None:
    stored = GeminiKey.read(f" {key}\n").value
    assert payload_in({"payload": {"data": base64.b64encode(stored.encode()).decode()}}).key == key


def test_an_answer_of_google_shows_nothing_of_itself() -> None:
    """It may be the one of `:access`, with the key in it."""
    assert "QVEu" not in repr(Found({"payload": {"data": "QVEuc2VjcmV0"}}))
