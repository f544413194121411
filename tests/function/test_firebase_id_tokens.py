"""`firebase_id_tokens`: signed tokens, and certificates that come or do not. `tests/integration` has more of both."""

import json
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from function.fake_http_server import Answer, FakeHttpServer, answer_json
from function.made_up import AMPLE, PROJECT
from function.signed_tokens import KEY_ID, certificate, id_token, sign_text
from function.transports import upstream
from function.unsigned_id_tokens import unsigned
from live_tokens.deadline import Deadline
from live_tokens.errors import IdentityUnavailable, IdTokenExpired, IdTokenInvalid, TokenNotIssued
from live_tokens.firebase_id_tokens import SignedIdTokens, read_certificates
from live_tokens.public_keys import PublicKeys

TOMORROW = int(time.time()) + 86_400


def tokens_with(server: FakeHttpServer, answer: Answer) -> SignedIdTokens:
    server.answer_with(answer)
    return SignedIdTokens(
        PROJECT, PublicKeys(upstream(), f"http://{server.host_and_port}/certificates", read_certificates)
    )


def published() -> Answer:
    return answer_json({KEY_ID: certificate()})


def refusal_of(tokens: SignedIdTokens, token: str) -> TokenNotIssued:
    with pytest.raises(TokenNotIssued) as refusal:
        tokens.claims_of(token, AMPLE)
    return refusal.value


def test_a_signed_token_of_this_project_says_who_signed_in(server: FakeHttpServer) -> None:
    claims = tokens_with(server, published()).claims_of(id_token(plan="pro"), AMPLE)
    assert (claims["sub"], claims["plan"]) == ("user-1", "pro")


def test_what_is_no_jwt_is_refused_before_anything_connects(server: FakeHttpServer) -> None:
    refusal = refusal_of(tokens_with(server, published()), "a.b")
    assert (type(refusal), refusal.diagnosis) == (IdTokenInvalid, "not a JWT")
    assert server.received == []


IDENTITY_TOOLKIT = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"
OTHER = {"kid": "of-another-key"}


@pytest.mark.parametrize(
    ("token", "diagnosis"),
    [
        *(
            (id_token(OTHER, iss=issuer, aud="1234.apps.googleusercontent.com"), f"unknown key id; {kind}")
            for issuer, kind in [
                ("https://accounts.google.com", "Google's own ID token: sign in to Firebase with it"),
                ("accounts.google.com", "Google's own ID token: sign in to Firebase with it"),
                ("https://appleid.apple.com", "Apple's own ID token: sign in to Firebase with it"),
                ("https://session.firebase.google.com/my-app-1a2b", "a session cookie"),
                ("https://firebaseappcheck.googleapis.com/1234", "an App Check token"),
                ("https://securetoken.google.com/another-app", "an ID token of another Firebase project"),
            ]
        ),
        (
            sign_text('{"alg": "RS256", "typ": "JWT"}', json.dumps({"iss": "x@x.iam", "aud": IDENTITY_TOOLKIT})),
            "no key id; a custom token: sign in to Firebase",
        ),
        (
            id_token(aud="another-app", iss="https://securetoken.google.com/another-app"),
            "InvalidAudienceError; an ID token",
        ),
        (id_token(iss="https://securetoken.google.com/another-app"), "another issuer; an ID token of another Firebase"),
    ],
)
def test_what_is_sent_in_place_of_an_id_token_of_this_project_is_named(
    server: FakeHttpServer, token: str, diagnosis: str
) -> None:
    refusal = refusal_of(tokens_with(server, published()), token)
    assert type(refusal) is IdTokenInvalid
    assert str(refusal.diagnosis).startswith(diagnosis)


@pytest.mark.parametrize(
    ("token", "kind"),
    [("ya29.a0AfH6SMBx-sample", "an access token of Google"), (unsigned(), "an unsigned token, as the")],
)
def test_what_is_no_signed_token_is_named_before_anything_connects(
    server: FakeHttpServer, token: str, kind: str
) -> None:
    refusal = refusal_of(tokens_with(server, published()), token)
    assert str(refusal.diagnosis).startswith(f"not a JWT; {kind}")
    assert server.received == []


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"iss": "https://accounts.google.com.evil.example/secret-words"},
        {"iss": ["https://accounts.google.com"]},
        {"iss": "secret-words"},
        {"iss": None, "aud": None},
    ],
)
def test_what_nobody_knows_is_not_named_and_never_quoted(server: FakeHttpServer, claims: dict[str, object]) -> None:
    refusal = refusal_of(tokens_with(server, published()), id_token(OTHER, **claims))
    assert refusal.diagnosis == "unknown key id"


@pytest.mark.parametrize(
    "token",
    [
        unsigned(),
        f"{unsigned()}AAAA",
        id_token({"kid": None}),
    ],
)
def test_a_token_that_names_no_key_of_ours_asks_nobody(server: FakeHttpServer, token: str) -> None:
    assert type(refusal_of(tokens_with(server, published()), token)) is IdTokenInvalid
    assert server.received == []


@pytest.mark.parametrize(
    "token",
    [
        id_token(aud="another-app"),
        id_token(aud=[PROJECT]),
        id_token(aud=None),
        id_token(iss="https://securetoken.google.com/another-app"),
        id_token(iss=["https://securetoken.google.com/" + PROJECT]),
        id_token(iss=None),
        id_token(sub=""),
        id_token(sub=7),
        id_token(sub=None),
        id_token(sub="u" * 129),
        id_token(sub="\ud83d"),
        id_token(exp=None),
        id_token(iat=None),
        *(id_token(exp=odd) for odd in list[object](["9999999999", 9e99, float("nan"), float("inf"), [1], {}])),
        *(id_token(iat=odd) for odd in list[object](["1", 1.5, float("nan"), float("-inf"), False, [1]])),
        *(id_token(auth_time=odd) for odd in list[object](["1", 1.5, [1]])),
        id_token(iat=TOMORROW),
        id_token(auth_time=TOMORROW),
        id_token(nbf=TOMORROW),
        id_token()[:-4] + "AAAA",
    ],
)
def test_a_token_that_google_would_not_make_is_the_callers_fault(server: FakeHttpServer, token: str) -> None:
    assert type(refusal_of(tokens_with(server, published()), token)) is IdTokenInvalid


def test_an_expired_token_is_told_apart(server: FakeHttpServer) -> None:
    token = id_token(iat=int(time.time()) - 4000, exp=int(time.time()) - 400)
    assert type(refusal_of(tokens_with(server, published()), token)) is IdTokenExpired


def test_clocks_may_differ_by_some_seconds(server: FakeHttpServer) -> None:
    now = int(time.time())
    token = id_token(iat=now + 5, auth_time=now + 5)
    assert tokens_with(server, published()).claims_of(token, AMPLE)["sub"] == "user-1"


def test_a_token_without_auth_time_is_one(server: FakeHttpServer) -> None:
    assert tokens_with(server, published()).claims_of(id_token(auth_time=None), AMPLE)["sub"] == "user-1"


def test_a_key_that_nobody_publishes_is_the_callers_fault(server: FakeHttpServer) -> None:
    refusal = refusal_of(tokens_with(server, published()), id_token({"kid": "made-up"}))
    assert (type(refusal), refusal.diagnosis) == (IdTokenInvalid, "unknown key id")


@pytest.mark.parametrize(
    "answer",
    [
        *(
            answer_json(odd)
            for odd in list[object]([{}, [], None, "text", 7, {"keys": []}, {KEY_ID: None}, {KEY_ID: ""}, {KEY_ID: {}}])
        ),
        answer_json({KEY_ID: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}),
        answer_json({KEY_ID: "no PEM", "other": None}),
        *(Answer(200, body) for body in (b"", b"<html>", b"\xff", b"[" * 60_000, b" " * 70_000)),
        *(Answer(status, b"{}") for status in (301, 302, 307, 400, 401, 403, 404, 429, 500, 503)),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:24]!r}",
)
def test_certificates_that_do_not_come_are_an_outage_that_ends_with_itself(
    server: FakeHttpServer, answer: Answer
) -> None:
    tokens = tokens_with(server, answer)
    assert type(refusal_of(tokens, id_token())) is IdentityUnavailable
    server.answer_with(published())
    assert tokens.claims_of(id_token(), AMPLE)["sub"] == "user-1"


def test_an_unreadable_certificate_beside_a_good_one_is_an_outage_of_that_key_alone(server: FakeHttpServer) -> None:
    tokens = tokens_with(server, answer_json({KEY_ID: certificate(), "broken": "no PEM"}))
    assert tokens.claims_of(id_token(), AMPLE)["sub"] == "user-1"
    assert type(refusal_of(tokens, id_token({"kid": "broken"}))) is IdentityUnavailable


def pem_of(key: ec.EllipticCurvePrivateKey) -> str:
    """Return a certificate of a key of another kind."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "other")])
    now, day = datetime.now(UTC), timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - day).not_valid_after(now + day)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def of_version_7(pem: str) -> str:
    """Return a certificate that says that it is of a version of X.509 that there is not."""
    der = ssl.PEM_cert_to_DER_cert(pem).replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x06", 1)
    return ssl.DER_cert_to_PEM_cert(der)


@pytest.mark.parametrize(
    "odd", [of_version_7(certificate()), pem_of(ec.generate_private_key(ec.SECP256R1()))], ids=["version 7", "EC"]
)
def test_a_certificate_of_another_kind_is_an_outage_of_that_key_alone(server: FakeHttpServer, odd: str) -> None:
    tokens = tokens_with(server, answer_json({KEY_ID: certificate(), "odd": odd}))
    assert tokens.claims_of(id_token(), AMPLE)["sub"] == "user-1"
    assert type(refusal_of(tokens, id_token({"kid": "odd"}))) is IdentityUnavailable
    assert tokens.claims_of(id_token(), AMPLE)["sub"] == "user-1"


def test_certificates_that_are_silent_cost_what_the_call_has_left(silent: str) -> None:
    tokens = SignedIdTokens(PROJECT, PublicKeys(upstream(), f"http://{silent}/", read_certificates))
    with pytest.raises(IdentityUnavailable):
        tokens.claims_of(id_token(), Deadline.after(0.2))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    name=st.sampled_from(["iss", "aud", "sub", "iat", "exp", "auth_time", "nbf", "jti", "firebase"]), odd=json_values
)
@settings(max_examples=150)
def test_whatever_a_claim_holds_the_token_is_read_or_the_callers_fault(name: str, odd: object) -> None:
    keys = _Published()
    tokens = SignedIdTokens(PROJECT, keys)
    try:
        claims = tokens.claims_of(id_token(None, **{name: odd}), AMPLE)
    except TokenNotIssued as refusal:
        assert isinstance(refusal, IdTokenInvalid | IdTokenExpired)  # noqa: PT017  # either of two, or none
    else:
        assert isinstance(claims["sub"], str)


class _Published(PublicKeys):
    """The one key, without a server."""

    def __init__(self) -> None:
        super().__init__(upstream(), "http://127.0.0.1:1/", read_certificates)

    def find(self, key_id: str, deadline: Deadline) -> object:
        del deadline
        return read_certificates({KEY_ID: certificate()})[key_id]
