"""Only what Firebase signed for this project, not long ago, is an ID token. An emulator checks none of it."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from http import HTTPStatus

import pytest
import requests

from support.production.function_process import FunctionProcess, Refusal
from support.production.id_tokens import IdTokens, SigningKey, encode, encode_json
from support.production.local_google import LocalGoogle

INVALID = Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_INVALID")
EXPIRED = Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_EXPIRED")
MISSING = Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_MISSING")
NOT_ALLOWED = Refusal(403, "PERMISSION_DENIED", "USER_NOT_ALLOWED")

CUSTOM_TOKEN_AUDIENCE = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"

MakeToken = Callable[[IdTokens, str], str]


def _now() -> int:
    return int(time.time())


def _with_claims(**claims: object) -> MakeToken:
    return lambda tokens, uid: tokens.good(uid, **claims)


def _with_header(**changes: object) -> MakeToken:
    return lambda tokens, uid: encode(tokens.header(**changes), tokens.claims(uid), tokens.key.sign)


def _signed_by(sign: Callable[[bytes], bytes], **header: object) -> MakeToken:
    return lambda tokens, uid: encode(tokens.header(**header), tokens.claims(uid), sign)


def _signed_with_the_certificate_as_secret(tokens: IdTokens, uid: str) -> str:
    def sign(message: bytes) -> bytes:
        return hmac.digest(tokens.key.certificate.encode(), message, hashlib.sha256)

    return encode(tokens.header(alg="HS256"), tokens.claims(uid), sign)


def _as_the_emulator_makes_it(tokens: IdTokens, uid: str) -> str:
    return encode({"alg": "none", "typ": "JWT"}, tokens.claims(uid), lambda _: b"")


def _with_a_payload_put_in_later(tokens: IdTokens, uid: str) -> str:
    header, _, signature = tokens.good(uid).split(".")
    _, payload, _ = tokens.good(uid, sub="somebody-else").split(".")
    return f"{header}.{payload}.{signature}"


def _with_json(payload: str, **header: object) -> MakeToken:
    return lambda tokens, _: encode_json(json.dumps(dict(tokens.header(**header))), payload)


def _text(text: str) -> MakeToken:
    return lambda _tokens, _uid: text


OUTDATED_OR_EARLY = {
    "expired": (_with_claims(iat=_now() - 7200, exp=_now() - 3600), EXPIRED),
    "expired just beyond the skew": (_with_claims(exp=_now() - 30), EXPIRED),
    "issued in the future": (_with_claims(iat=_now() + 3600, exp=_now() + 7200), INVALID),
    "without an expiry": (_with_claims(exp=None), INVALID),
    "without a time of issue": (_with_claims(iat=None), INVALID),
}
FOR_SOMEBODY_ELSE = {
    "for another project": (_with_claims(aud="another-project"), INVALID),
    "for several projects": (_with_claims(aud=["sample-app-1a2b", "another-project"]), INVALID),
    "without an audience": (_with_claims(aud=None), INVALID),
    "from another issuer": (_with_claims(iss="https://securetoken.google.com/another-project"), INVALID),
    "a session cookie": (_with_claims(iss="https://session.firebase.google.com/sample-app-1a2b"), INVALID),
    "a custom token": (_with_claims(aud=CUSTOM_TOKEN_AUDIENCE, iss="x@sample.iam.gserviceaccount.com"), INVALID),
    "of nobody": (_with_claims(sub=""), INVALID),
    "without a subject": (_with_claims(sub=None), INVALID),
    "of a number": (_with_claims(sub=42), INVALID),
    "of an endless name": (_with_claims(sub="u" * 129), INVALID),
    "of a tenant": (_with_claims(firebase={"sign_in_provider": "password", "tenant": "t-1"}), NOT_ALLOWED),
}
FORGED = {
    "signed by another key": (_signed_by(SigningKey.generate("another").sign), INVALID),
    "signed by an unknown key": (_signed_by(SigningKey.generate("another").sign, kid="another"), INVALID),
    "with an unknown kid": (_with_header(kid="another"), INVALID),
    "without a kid": (_with_header(kid=None), INVALID),
    "with a kid that is a list": (_with_header(kid=["0a1b2c3d4e5f"]), INVALID),
    "algorithm none": (_signed_by(lambda _: b"", alg="none"), INVALID),
    "without an algorithm": (_with_header(alg=None), INVALID),
    "as the Auth emulator makes it": (_as_the_emulator_makes_it, INVALID),
    "HS256 with the public certificate as secret": (_signed_with_the_certificate_as_secret, INVALID),
    "with its signature taken off": (_signed_by(lambda _: b""), INVALID),
    "with another payload put in": (_with_a_payload_put_in_later, INVALID),
}
GARBAGE = {
    "one letter": (_text("x"), INVALID),
    "three letters": (_text("a.b.c"), INVALID),
    "two parts": (_text("eyJhbGciOiJSUzI1NiJ9.e30"), INVALID),
    "not base64": (_text("!!!.???.###"), INVALID),
    "broken base64": (_text("aaaaa.bbbbb.ccccc"), INVALID),
    "not ASCII": (_text("é.è.ê"), INVALID),
    "very long": (_text("e" * 8000), INVALID),
    "very long, in three parts": (_text(".".join(["e" * 2600] * 3)), INVALID),
    "payload is not JSON": (_with_json("{"), INVALID),
    "payload is a list": (_with_json("[]"), INVALID),
    "payload is nested too deeply": (_with_json("[" * 5000), INVALID),
    "header is nested too deeply": (lambda _tokens, _uid: encode_json("[" * 5000, "{}"), INVALID),
    "payload is a number too long": (_with_json("9" * 5000), INVALID),
    "like a custom token of old": (_with_json('{"v": 0, "d": {"uid": "u"}}', alg="HS256", kid=None), INVALID),
    "like one of old, with nothing in it": (_with_json('{"v": 0, "d": null}', alg="HS256", kid=None), INVALID),
}
BAD = {**OUTDATED_OR_EARLY, **FOR_SOMEBODY_ELSE, **FORGED, **GARBAGE}


@pytest.mark.parametrize(("make_token", "refusal"), BAD.values(), ids=BAD)
def test_a_bad_id_token_is_refused_and_costs_nothing(
    keyless_function: FunctionProcess, google: LocalGoogle, make_token: MakeToken, refusal: Refusal
) -> None:
    id_token = make_token(google.id_tokens, google.sign_up())
    before = google.traffic

    answer = keyless_function.call(id_token)

    assert answer.refusal == refusal
    assert google.traffic == before
    if refusal.http == 401:
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_an_id_token_longer_than_any_header_may_be_does_not_even_reach_the_function(
    keyless_function: FunctionProcess, google: LocalGoogle
) -> None:
    before = google.traffic, keyless_function.audit_events()

    response = requests.post(
        keyless_function.url, json={"data": None}, headers={"Authorization": f"Bearer {'e' * 9000}"}, timeout=60
    )

    assert response.status_code == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    assert (google.traffic, keyless_function.audit_events()) == before


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic dTpw"}, {"Authorization": "Bearer"}])
def test_no_id_token_is_refused_and_costs_nothing(
    keyless_function: FunctionProcess, google: LocalGoogle, headers: dict[str, str]
) -> None:
    before = google.traffic, google.certificates.requests

    answer = keyless_function.call(None, headers=headers)

    assert answer.refusal == MISSING
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert (google.traffic, google.certificates.requests) == before


@pytest.mark.parametrize(
    "claims",
    [{"exp": -2}, {"iat": 2}],
    ids=["just expired", "issued by a clock that is ahead"],
)
def test_a_clock_that_is_a_little_off_does_no_harm(
    function: FunctionProcess, google: LocalGoogle, claims: dict[str, int]
) -> None:
    changes = {name: _now() + seconds for name, seconds in claims.items()}

    assert function.call(google.id_tokens.good(google.sign_up(), **changes)).http == 200
