"""An outage of Firebase Authentication is 503, never 401: on 401 apps sign their users out."""

import time
from collections.abc import Mapping

import pytest
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from live_tokens.public_keys import ASK_AGAIN_SECONDS
from support.production.function_process import Answer, FunctionProcess, Refusal, StartFunction
from support.production.id_tokens import SigningKey, encode
from support.production.local_google import NO_SECRET, LocalGoogle

IDENTITY_UNAVAILABLE = Refusal(503, "UNAVAILABLE", "IDENTITY_UNAVAILABLE")
API_KEY_UNAVAILABLE = Refusal(503, "UNAVAILABLE", "API_KEY_UNAVAILABLE")

KID = "0a1b2c3d4e5f"
SIGN_IN_PAGE = HTMLResponse("<!doctype html><title>Sign in to the hotel's network</title>")
BAD_GATEWAY = HTMLResponse("<h1>Bad gateway</h1>", status_code=502)
FORBIDDEN = JSONResponse({"error": {"code": 403, "message": "PERMISSION_DENIED", "status": "PERMISSION_DENIED"}}, 403)
KEPT_FOR_HOURS = "public, max-age=19845, must-revalidate"
HALF_A_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

CERTIFICATE_FAULTS = {
    "500": PlainTextResponse("Internal error", 500),
    "404": PlainTextResponse("Not found", 404),
    "429": PlainTextResponse("Slow down", 429),
    "HTML": SIGN_IN_PAGE,
    "HTML with 502": BAD_GATEWAY,
    "empty": Response(b""),
    "null": JSONResponse(None),
    "an empty object": JSONResponse({}),
    "a list": JSONResponse([]),
    "a JWK set": JSONResponse({"keys": [{"kid": KID, "kty": "RSA"}]}),
    "a redirect": RedirectResponse("https://www.googleapis.com/", 301),
    "JSON nested deep": Response(b"[" * 60_000, media_type="application/json"),
    "not PEM": JSONResponse({KID: "MIIDHDCCAgSgAwIBAgII"}),
    "half a certificate": JSONResponse({KID: HALF_A_CERTIFICATE}),
    "not UTF-8": Response(b"\xff\xfe{}", media_type="application/json"),
}
LOOK_UP_FAULTS = {
    "400": JSONResponse({"error": {"code": 400, "message": "INVALID_ARGUMENT"}}, 400),
    "401": JSONResponse({"error": {"code": 401, "message": "UNAUTHENTICATED"}}, 401),
    "403": FORBIDDEN,
    "404": PlainTextResponse("Not found", 404),
    "429": JSONResponse({"error": {"code": 429, "message": "QUOTA_EXCEEDED"}}, 429),
    "HTML": SIGN_IN_PAGE,
    "HTML with 502": BAD_GATEWAY,
    "empty": Response(b""),
    "no JSON object": JSONResponse(["users"]),
    "an empty object": JSONResponse({}),
    "another kind": JSONResponse({"kind": "identitytoolkit#DownloadAccountResponse", "users": []}),
    "unrelated JSON": JSONResponse({"message": "Welcome to the hotel"}),
    "a redirect": RedirectResponse("https://identitytoolkit.googleapis.com/", 307),
    "JSON nested deep": Response(b"[" * 60_000, media_type="application/json"),
    "a user that is none": JSONResponse({"users": ["nobody"]}),
    "a user without an id": JSONResponse({"users": [{}]}),
    "a user without a number": JSONResponse({"users": [{"localId": "u", "validSince": "yesterday"}]}),
}
TOKEN_FAULTS = {
    "invalid_grant": JSONResponse({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, 400),
    "HTML": SIGN_IN_PAGE,
    "no token": JSONResponse({}),
    "a token without an end": JSONResponse({"access_token": "ya29.made-up"}),
    "an end that is none": JSONResponse({"access_token": "ya29.made-up", "expires_in": "soon"}),
    "a list for a token": JSONResponse({"access_token": ["ya29.made-up"], "expires_in": 3599}),
    "a redirect": RedirectResponse("https://oauth2.googleapis.com/", 307),
    "JSON nested deep": Response(b"[" * 60_000, media_type="application/json"),
    "500": PlainTextResponse("Internal error", 500),
}


CERTIFICATE_OUTAGES = [*CERTIFICATE_FAULTS, "refused connection", "broken handshake"]


@pytest.fixture(scope="module")
def misled_function(start_empty_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """A function that has got good certificates, of others."""
    function = start_empty_function({**google.key_file, "GEMINI_API_KEY_SECRET": NO_SECRET})
    others = SigningKey.generate("another")
    of_others = JSONResponse({others.kid: others.certificate}, headers={"Cache-Control": KEPT_FOR_HOURS})
    with google.certificates.answering(of_others):
        assert function.call(google.sign_in()).refusal == Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_INVALID")
    return function


@pytest.fixture(scope="module")
def forgetful_function(start_empty_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """A function whose certificates came without a word on how long they are good for, so they are old at once."""
    function = start_empty_function({**google.key_file, "GEMINI_API_KEY_SECRET": NO_SECRET})
    unlimited = JSONResponse({google.signing_key.kid: google.signing_key.certificate})
    with google.certificates.answering(unlimited):
        assert function.call(google.sign_in()).refusal == API_KEY_UNAVAILABLE
    return function


@pytest.fixture(scope="module")
def new_function(
    start_empty_function: StartFunction,
    google: LocalGoogle,
    # First of all: until these may ask again, the other tests run.
    misled_function: FunctionProcess,
    forgetful_function: FunctionProcess,
) -> FunctionProcess:
    """A function that has never got the certificates, and never gets a key."""
    return start_empty_function({**google.key_file, "GEMINI_API_KEY_SECRET": NO_SECRET})


@pytest.fixture(scope="module")
def answers_without_certificates(new_function: FunctionProcess, google: LocalGoogle) -> Mapping[str, Answer]:
    """The answer to one call in each outage of the certificates; and to one after all of them."""
    id_token, before = google.sign_in(), google.traffic
    answers = {}
    for name, fault in CERTIFICATE_FAULTS.items():
        fault.headers["Cache-Control"] = KEPT_FOR_HOURS
        with google.certificates.answering(fault):
            answers[name] = new_function.call(id_token)
    with google.proxy.refusing(google.certificates.host):
        answers["refused connection"] = new_function.call(id_token)
        answers["a bad form"] = new_function.call("a.b.c")
    with google.proxy.hanging_up(google.certificates.host):
        answers["broken handshake"] = new_function.call(id_token)
    assert google.traffic == before, "an outage costs nothing"
    return answers | {"afterwards": new_function.call(id_token)}


@pytest.mark.parametrize("outage", CERTIFICATE_OUTAGES)
def test_without_certificates_nobody_is_told_to_sign_in_again(
    answers_without_certificates: Mapping[str, Answer], outage: str
) -> None:
    assert answers_without_certificates[outage].refusal == IDENTITY_UNAVAILABLE


def test_a_bad_form_is_the_callers_fault_also_during_an_outage(
    answers_without_certificates: Mapping[str, Answer],
) -> None:
    refusal = answers_without_certificates["a bad form"].refusal
    assert refusal == Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_INVALID")


def test_no_wrong_certificates_are_kept_and_the_end_of_their_outage_is_noticed_at_once(
    answers_without_certificates: Mapping[str, Answer],
) -> None:
    # It gets as far as this function ever does: to the key that is not there.
    assert answers_without_certificates["afterwards"].refusal == API_KEY_UNAVAILABLE


def test_made_up_key_ids_do_not_make_the_function_ask_for_certificates_again_and_again(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    function.call(google.sign_in())
    before = google.certificates.requests
    for number in range(20):
        uid = google.sign_up()
        header = google.id_tokens.header(kid=f"made-up-{number}")
        token = encode(header, google.id_tokens.claims(uid), google.signing_key.sign)
        assert function.call(token).refusal == Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_INVALID")
    assert google.certificates.requests <= before + 1


def test_an_outage_of_the_certificates_is_not_noticed_while_they_are_kept(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    assert function.call(google.sign_in()).http == 200

    with google.proxy.refusing(google.certificates.host):
        assert function.call(google.sign_in()).http == 200


@pytest.mark.parametrize("fault", LOOK_UP_FAULTS.values(), ids=LOOK_UP_FAULTS)
def test_a_look_up_that_goes_wrong_is_an_outage_and_reads_no_key(
    keyless_function: FunctionProcess, google: LocalGoogle, fault: Response
) -> None:
    uid, before = google.sign_up(), google.traffic
    google.identity.faults[uid] = fault

    answer = keyless_function.call(google.id_tokens.good(uid))

    assert answer.refusal == IDENTITY_UNAVAILABLE
    assert google.traffic.look_ups > before.look_ups
    assert (google.traffic.secret_reads, google.traffic.mints) == (before.secret_reads, before.mints)


def test_a_refused_connection_to_the_look_up_is_an_outage(
    keyless_function: FunctionProcess, google: LocalGoogle
) -> None:
    before = google.traffic

    with google.proxy.refusing(google.accounts.host):
        answer = keyless_function.call(google.sign_in())

    assert answer.refusal == IDENTITY_UNAVAILABLE
    assert google.traffic == before


def test_a_look_up_that_cannot_be_reached_safely_is_an_outage(
    keyless_function: FunctionProcess, google: LocalGoogle
) -> None:
    before = google.traffic

    with google.proxy.hanging_up(google.accounts.host):
        answer = keyless_function.call(google.sign_in())

    assert answer.refusal == IDENTITY_UNAVAILABLE
    assert google.traffic == before


@pytest.mark.parametrize("fault", TOKEN_FAULTS.values(), ids=TOKEN_FAULTS)
def test_without_an_access_token_nobody_can_be_looked_up(
    keyless_function: FunctionProcess, google: LocalGoogle, fault: Response
) -> None:
    before = google.traffic

    with google.access_tokens.answering(fault):
        answer = keyless_function.call(google.sign_in())

    assert answer.refusal == IDENTITY_UNAVAILABLE
    assert google.traffic == before


def test_a_refused_connection_for_the_access_token_is_an_outage(
    keyless_function: FunctionProcess, google: LocalGoogle
) -> None:
    with google.proxy.refusing(google.access_tokens.host):
        answer = keyless_function.call(google.sign_in())

    assert answer.refusal == IDENTITY_UNAVAILABLE


def test_no_bad_access_token_outlives_its_outage(keyless_function: FunctionProcess, google: LocalGoogle) -> None:
    for fault in TOKEN_FAULTS.values():
        with google.access_tokens.answering(fault):
            assert keyless_function.call(google.sign_in()).refusal == IDENTITY_UNAVAILABLE
        assert keyless_function.call(google.sign_in()).refusal == API_KEY_UNAVAILABLE


def test_old_certificates_serve_while_their_host_is_ill(
    forgetful_function: FunctionProcess, google: LocalGoogle
) -> None:
    asked = google.certificates.requests
    with google.certificates.answering(CERTIFICATE_FAULTS["an empty object"]):
        for _ in range(int(ASK_AGAIN_SECONDS) + 1):
            assert forgetful_function.call(google.sign_in()).refusal == API_KEY_UNAVAILABLE
            if google.certificates.requests > asked:
                break
            time.sleep(1)
        assert google.certificates.requests == asked + 1, "it has asked, and got nothing"
        assert forgetful_function.call(google.sign_in()).refusal == API_KEY_UNAVAILABLE


def test_certificates_of_others_are_asked_for_again_in_time_and_not_kept_for_hours(
    misled_function: FunctionProcess, google: LocalGoogle
) -> None:
    for _ in range(int(ASK_AGAIN_SECONDS) + 1):
        refusal = misled_function.call(google.sign_in()).refusal
        if refusal == API_KEY_UNAVAILABLE:
            break
        time.sleep(1)
    assert refusal == API_KEY_UNAVAILABLE
