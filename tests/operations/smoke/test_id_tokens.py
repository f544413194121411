"""The ID tokens with which the smoke test tries to get in where it must not."""

import base64

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from live_tokens_operations.smoke.id_tokens import IdToken, NoIdTokenError
from operations.smoke.made_up_service import PROJECT, Faults, id_token, run_service
from support.production.id_tokens import IdTokens, SigningKey
from support.smoke_program import smoke


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.generate("0a1b2c3d4e5f")


@pytest.fixture(scope="module")
def own(key: SigningKey) -> IdToken:
    return IdToken.read(IdTokens(PROJECT, key).good("ann"))


def is_signed_by(key: SigningKey, token: str) -> bool:
    signed, _, signature = token.rpartition(".")
    public_key = x509.load_pem_x509_certificate(key.certificate.encode()).public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)
    raw = base64.urlsafe_b64decode(signature + "==")
    assert len(raw) == public_key.key_size // 8, "it has the length of a signature"
    try:
        public_key.verify(raw, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def test_another_projects_token_differs_in_the_project_and_is_signed_by_somebody_else(
    own: IdToken, key: SigningKey
) -> None:
    text = own.of_another_project()
    other = IdToken.read(text)

    assert is_signed_by(key, own.text)
    assert not is_signed_by(key, text)
    assert other.header == own.header
    assert {name for name in own.claims if own.claims[name] != other.claims[name]} == {"aud", "iss"}


def test_a_forged_token_differs_in_the_user_and_is_signed_by_somebody_else(own: IdToken, key: SigningKey) -> None:
    text = own.forged()
    forged = IdToken.read(text)

    assert not is_signed_by(key, text)
    assert forged.header == own.header
    assert {name for name in own.claims if own.claims[name] != forged.claims[name]} == {"sub", "user_id"}


def test_another_projects_token_is_unsigned_where_ours_is() -> None:
    text = IdToken.read(id_token()).of_another_project()

    assert IdToken.read(text).unsigned
    assert text.endswith(".")


@pytest.mark.parametrize("text", ["", "a.b.c", "e30.e30", "e30.e30.x.y", "W10.W10.x", "e30.bm90.x"])
def test_what_is_no_id_token_is_refused(text: str) -> None:
    with pytest.raises(NoIdTokenError):
        IdToken.read(text)


def test_a_function_that_verifies_no_signature_fails_the_run(own: IdToken) -> None:
    with run_service(Faults()) as url:
        outcome = smoke(url, environment={"ID_TOKEN": own.text})

    assert outcome.code == 1
    (line,) = outcome.bad
    assert "A call with a forged ID token must be refused with 401 ID_TOKEN_INVALID" in line


def test_a_function_that_takes_the_tokens_of_all_projects_fails_the_run(own: IdToken, key: SigningKey) -> None:
    foreign = IdTokens("another-app-1a2b", key).good("somebody")
    with run_service(Faults(knows_its_project=False)) as url:
        outcome = smoke(url, environment={"ID_TOKEN": own.text, "FOREIGN_ID_TOKEN": foreign})

    assert outcome.code == 1
    assert any(
        line.startswith("A call with FOREIGN_ID_TOKEN, of another project, must be refused") for line in outcome.bad
    ), outcome.out
