"""`firebase_emulated_id_tokens`: whom an unsigned token is for is all that is asked of it."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from function.made_up import AMPLE, PROJECT
from function.unsigned_id_tokens import CLAIMS, segment, unsigned
from live_tokens.errors import IdTokenInvalid
from live_tokens.firebase_emulated_id_tokens import EmulatedIdTokens


@pytest.fixture(autouse=True)
def _in_front_of_an_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the address of nobody: no token is worth a question."""
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:1")


def claims_of(id_token: str, project: str = PROJECT) -> dict[str, object]:
    return dict(EmulatedIdTokens(project).claims_of(id_token, AMPLE))


def refusal_of(id_token: str, project: str = PROJECT) -> IdTokenInvalid:
    with pytest.raises(IdTokenInvalid) as refusal:
        claims_of(id_token, project)
    return refusal.value


def test_a_token_of_this_project_says_who_signed_in() -> None:
    assert claims_of(unsigned()) == CLAIMS | {"uid": "user-1"}


def test_a_long_id_token_is_still_one() -> None:
    id_token = unsigned(custom="x" * 5_000)
    assert len(id_token) < 8_192
    assert claims_of(id_token)["sub"] == "user-1"


@pytest.mark.parametrize(
    "id_token",
    [
        unsigned(aud="another-app"),
        unsigned(iss="https://securetoken.google.com/another-app"),
        unsigned(iss=None),
        unsigned(sub=None),
        unsigned(sub=""),
        unsigned(sub=7),
        unsigned(sub="u" * 129),
        f"{segment({})}.{segment([CLAIMS])}.",
        f"{segment([])}.{segment(CLAIMS)}.",
        f"{segment(b'{')}.{segment(CLAIMS)}.",
        f"{segment(b'{}')}.{segment(bytes([0xFF]))}.",
        "a.b.c",
        "aaaaa.bbbb.",
    ],
)
def test_a_token_that_is_not_of_this_project_is_invalid(id_token: str) -> None:
    refusal_of(id_token)


@pytest.mark.parametrize("part", ["header", "claims"])
def test_a_token_nested_beyond_reading_is_invalid(part: str) -> None:
    nested = segment(b"[" * 5_000)
    refusal_of(f"{nested}.{segment(CLAIMS)}." if part == "header" else f"{segment({})}.{nested}.")


@given(st.text() | st.from_regex(r"[\w-]{1,9}\.[\w-]{1,9}\.[\w-]{0,9}") | st.binary(max_size=40).map(segment))
@example(unsigned()[:-1])
def test_whatever_comes_it_is_a_bad_sign_in_and_no_crash(text: str) -> None:
    for id_token in (text, f"{text}.{text}.{text}", f"{segment({})}.{text}."):
        refusal_of(id_token)


def test_a_refusal_does_not_quote_the_token() -> None:
    refusal = refusal_of("c2VjcmV0.c2VjcmV0.c2VjcmV0")
    shown = f"{refusal!r} {refusal} {refusal.diagnosis}"
    assert "c2VjcmV0" not in shown
    assert base64.b64decode("c2VjcmV0").decode() not in shown


def test_two_projects_live_side_by_side() -> None:
    ours, theirs = EmulatedIdTokens(PROJECT), EmulatedIdTokens("another-app")
    assert ours.claims_of(unsigned(), AMPLE)["sub"] == "user-1"
    with pytest.raises(IdTokenInvalid):
        theirs.claims_of(unsigned(), AMPLE)
