"""What is mistaken for a Gemini API key. `make deploy` refuses it, and the doctor finds it in Secret Manager."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from live_tokens_operations.checks.key import payload_in
from live_tokens_operations.google.gemini_key import GeminiKey, NotAKeyError
from live_tokens_operations.google.look import Found


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        (json.dumps({"type": "service_account", "private_key": "x"}), "is not a key, but the key file of a service"),
        ('["AQ.0123456789abcdef"]', "is not a key, but JSON"),
        ("{", "is not a key, but JSON"),
        ("ya29.a0AfH6SMBx-sample", "is not a key, but an OAuth access token"),
        ("1//0gsample-refresh", "is not a key, but an OAuth refresh token"),
        ("auth_tokens/0a1b2c", "is not a key, but an ephemeral live token"),
        ("eyJhbGciOiJub25lIn0", "is not a key, but a JSON web token"),
        ("no key was given to Terraform", "is not a key, but Terraform's placeholder"),
        ("AQ.0123456789abcdef 0123", "is not a key: there are spaces in it"),
        ("AQ.0123456789abcdef\nAQ.0123456789abcdef", "has a line break in it: store it as one line"),
        ("AQ.0123456789\r\nabcdef", "has a line break in it"),
        ("AQ.0123456789\u2028abcdef", "has a line break in it"),
        (r"AQ.0123456789abcdef\n", "has a line break in it"),
        ("AQ.0123456789abcdef\0", "is not a key: it holds control characters"),
        ("AQ.schlüssel-0123456789", "is not a key: it holds other than ASCII"),
        *(
            (f"{quote}AQ.0123456789abcdef{quote}", "has quotes around it: store it without")
            for quote in ('"', "'", "`")
        ),
        ("“AQ.0123456789abcdef”", "has quotes around it"),
        ('AQ.0123456789abcdef"', "has quotes around it"),
        ("GEMINI_API_KEY=AQ.0123456789abcdef", "is a line of an .env file or the like: store only what stands behind"),
        ('GEMINI_API_KEY="AQ.0123456789abcdef"', "is a line of an .env file"),
        ("GEMINI_API_KEY = 'AQ.0123456789abcdef'", "is a line of an .env file"),
        ("export GEMINI_API_KEY=AQ.0123456789abcdef", "is a line of an .env file"),
        ("export  KEY=AQ.0123456789abcdef", "is a line of an .env file"),
        ("set TOKEN=AQ.0123456789abcdef", "is a line of an .env file"),
        ('$env:TOKEN = "AQ.0123456789abcdef"', "is a line of an .env file"),
        ('"GOOGLE_API_KEY": "AQ.0123456789abcdef"', "is a line of an .env file"),
        ("gemini_api_key: AQ.0123456789abcdef", "is a line of an .env file"),
        ("EXPO_PUBLIC_GEMINI_API_KEY=AQ.0123456789abcdef", "is a line of an .env file"),
        ("x-goog-api-key: AQ.0123456789abcdef", "is a line of an .env file"),
        ("# mine\nGEMINI_API_KEY=AQ.0123456789abcdef\nOTHER=1", "is a line of an .env file"),
        ("\ufeffGEMINI_API_KEY=AQ.0123456789abcdef", "is a line of an .env file"),
        ("\ufeffAQ.0123456789abcdef", "begins with a byte order mark (BOM)"),
        ("A\0Q\0.\0k\0e\0y\0", "is saved as UTF-16"),
        ("AQ.0123456789\u200babcdef", "has an invisible character in it"),
        ("AQ.0123456789abcdef\u00a0", "has an invisible character in it"),
    ],
)
def test_what_cannot_be_a_key_is_told_apart_and_not_repeated(typed: str, fault: str) -> None:
    _is_told_apart(typed, fault)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_a_key_that_a_shell_of_windows_saved_is_told_apart(encoding: str) -> None:
    """PowerShell's `>` writes UTF-16."""
    payload = payload_in({"payload": {"data": base64.b64encode("AQ.0123456789abcdef\r\n".encode(encoding)).decode()}})
    assert (payload.key, payload.fault) == (None, "is saved as UTF-16: save it as UTF-8 without a BOM")


def test_a_private_key_is_told_apart_and_not_repeated() -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _is_told_apart(pem.decode(), "is not a key, but a private key")


def _is_told_apart(typed: str, fault: str) -> None:
    with pytest.raises(NotAKeyError) as refused:
        GeminiKey.read(typed)
    assert str(refused.value).startswith(fault)
    assert typed in ("", " \n", "{") or typed not in str(refused.value)
    payload = payload_in({"payload": {"data": base64.b64encode(typed.encode()).decode()}})
    assert payload.key is None
    assert payload.fault == str(refused.value)


@pytest.mark.parametrize("key", ["AQ.Ab8-sample_0123456789", "AIzaSyA-sample-standard-key", "of-a-kind/to+come=", "x"])
def test_all_else_may_be_a_key_whatever_it_begins_with(key: str) -> None:
    assert GeminiKey.read(f" {key}\n").value == key
    assert payload_in({"payload": {"data": base64.b64encode(key.encode()).decode()}}).key == GeminiKey(key)


def test_a_key_does_not_appear_in_its_repr() -> None:
    assert "AQ.secret" not in repr(GeminiKey.read("AQ.secret"))


def test_an_answer_of_google_shows_nothing_of_itself() -> None:
    """It may be the one of `:access`, with the key in it."""
    assert "QVEu" not in repr(Found({"payload": {"data": "QVEuc2VjcmV0"}}))
