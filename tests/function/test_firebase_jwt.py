"""`firebase_jwt`: what is a signed token, which key it names, and what a key proves of it."""

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import assume, given
from hypothesis import strategies as st

from function.made_up import PROJECT
from function.signed_tokens import (
    KEY_ID,
    app_check_token,
    id_token,
    other_spellings,
    private_key,
    sign_text,
)
from function.unsigned_id_tokens import unsigned
from live_tokens.firebase_jwt import (
    CLOCK_SKEW_SECONDS,
    BadTokenError,
    ExpiredTokenError,
    key_id_in,
    verified_claims,
)

REQUIRED = ("aud", "exp", "iat", "iss", "sub")
TOMORROW = int(time.time()) + 86_400
HEADER = json.dumps({"alg": "RS256", "kid": KEY_ID})
NO_JWT = [
    *("", " ", "x", "a.b", "a.b.c.d", "..", "...", ".b.c", "a..c", "a.b.", "a b c"),
    *(" a.b.c", "a.b.c ", "a.b.c\n", "a b.c.d", "a.b.c=", "a.b/c.d", "a.b+c.d", "ä.b.c", "a.b.c\0", "Bearer a.b.c"),
    *(f"a.{'b' * 8_190}.c", "." * 9_000),
]


def verify(token: str, audience: str = PROJECT, *, only_audience: bool = True, key: Any = None) -> dict[str, Any]:
    key = private_key().public_key() if key is None else key
    return dict(verified_claims(token, key, audience, REQUIRED, only_audience=only_audience))


def fault_in(token: str, **options: Any) -> BadTokenError:
    with pytest.raises(BadTokenError) as fault:
        verify(token, **options)
    return fault.value


# --- which key


def test_a_signed_token_names_its_key() -> None:
    assert key_id_in(id_token()) == key_id_in(app_check_token(), typ="JWT") == KEY_ID


@pytest.mark.parametrize("no_jwt", NO_JWT, ids=lambda value: repr(value[:12]))
def test_what_is_no_jwt_names_none(no_jwt: str) -> None:
    with pytest.raises(BadTokenError, match=r"^not a JWT$"):
        key_id_in(no_jwt)


@given(st.text(max_size=40))
def test_whatever_has_not_three_parts_is_no_jwt_and_never_quoted(text: str) -> None:
    assume(text.count(".") != 2)
    with pytest.raises(BadTokenError) as fault:
        key_id_in(text)
    assert str(fault.value) == "not a JWT"


@pytest.mark.parametrize("token", [id_token(), app_check_token()], ids=["ID token", "App Check token"])
def test_a_token_has_one_spelling_so_that_a_spent_one_stays_spent(token: str) -> None:
    for spelling in other_spellings(token):
        with pytest.raises(BadTokenError, match=r"^not a JWT$"):
            key_id_in(spelling)


@pytest.mark.parametrize(
    ("token", "fault"),
    [
        (f"{unsigned()}AAAA", "another algorithm"),
        (id_token({"alg": "HS256"}), "another algorithm"),
        (id_token({"alg": "none"}), "another algorithm"),
        (id_token({"alg": ["RS256"]}), "another algorithm"),
        (id_token({"kid": ""}), "no key id"),
        (id_token({"kid": 7}), "no key id"),
        (id_token({"kid": None}), "no key id"),
        (sign_text(json.dumps({"alg": "RS256"}), "{}"), "no key id"),
        (sign_text("[]", "{}"), "no header"),
        (sign_text("[" * 900, "{}"), "JSONDecodeError"),
        (sign_text("no JSON", "{}"), "JSONDecodeError"),
        (app_check_token({"alg": "HS256"}), "another algorithm"),
        (app_check_token({"kid": None}), "no key id"),
    ],
)
def test_a_header_that_firebase_would_not_write_names_none(token: str, fault: str) -> None:
    with pytest.raises(BadTokenError, match=f"^{fault}$"):
        key_id_in(token)


@pytest.mark.parametrize("typ", [None, "jwt", "at+jwt", 7])
def test_a_token_that_has_to_say_what_it_is_says_it(typ: object) -> None:
    token = app_check_token({"typ": typ})
    assert key_id_in(token) == KEY_ID
    with pytest.raises(BadTokenError, match=r"^another type$"):
        key_id_in(token, typ="JWT")


# --- what a key proves


def test_what_the_key_has_signed_is_read() -> None:
    claims = verify(id_token(plan="pro"))
    assert (claims["sub"], claims["plan"]) == ("user-1", "pro")


def test_what_another_key_has_signed_proves_nothing() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    assert str(fault_in(id_token(), key=other)) == "InvalidSignatureError"


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_what_the_public_key_itself_has_signed_as_if_it_were_a_secret_proves_nothing(algorithm: str) -> None:
    secret = b"made-up secret of more than sixty-four bytes, as long as the longest of these hashes"
    token = jwt.encode({"sub": "user-1"}, secret, algorithm, {"kid": KEY_ID})
    assert str(fault_in(token, key=secret)) == "InvalidAlgorithmError"


@pytest.mark.parametrize("audience", [PROJECT, f"projects/{PROJECT}"])
def test_a_token_for_others_proves_nothing(audience: str) -> None:
    assert verify(id_token(aud=audience), audience)["aud"] == audience
    assert str(fault_in(id_token(aud="another-app"), audience=audience)) == "InvalidAudienceError"


def test_an_audience_among_others_is_one_unless_it_must_be_the_only_one() -> None:
    token = id_token(aud=["another-app", PROJECT])
    assert verify(token, only_audience=False)["aud"] == ["another-app", PROJECT]
    assert str(fault_in(token)) == str(fault_in(id_token(aud=[PROJECT]))) == "InvalidAudienceError"


@pytest.mark.parametrize("claim", REQUIRED)
def test_a_claim_that_is_required_is_required(claim: str) -> None:
    assert str(fault_in(id_token(None, **{claim: None}))) == "MissingRequiredClaimError"


@pytest.mark.parametrize("claims", [{"iat": 5}, {"nbf": 5}, {"exp": -5}], ids=["ahead", "not yet", "just over"])
def test_clocks_may_differ_by_some_seconds(claims: dict[str, int]) -> None:
    now = int(time.time())
    assert max(map(abs, claims.values())) < CLOCK_SKEW_SECONDS
    assert verify(id_token(None, **{name: now + seconds for name, seconds in claims.items()}))["sub"] == "user-1"


def test_an_expired_token_is_told_apart_if_the_key_has_signed_it() -> None:
    token = id_token(iat=int(time.time()) - 4000, exp=int(time.time()) - 400)
    with pytest.raises(ExpiredTokenError, match=r"^expired$"):
        verify(token)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    assert type(fault_in(token, key=other)) is BadTokenError


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_of_tomorrow_proves_nothing_today(claim: str) -> None:
    assert str(fault_in(id_token(None, **{claim: TOMORROW}))) == "ImmatureSignatureError"


@pytest.mark.parametrize(
    "token",
    [
        id_token({"crit": ["exp"]}),
        id_token(exp=float("inf")),
        id_token(exp=[1]),
        id_token(iat=float("nan")),
        sign_text(HEADER, "[]"),
        sign_text(HEADER, "[" * 2_000),
        sign_text(HEADER, "no JSON"),
    ],
)
def test_a_token_that_cannot_be_read_proves_nothing(token: str) -> None:
    assert str(fault_in(token)).isidentifier()  # the name of an error, without its text
