"""An outage of Firebase Authentication is 503, never 401: on 401 apps sign their users out."""

import pytest
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from support.production_mode.function_process import FunctionProcess, Refusal
from support.production_mode.local_google import LocalGoogle

IDENTITY_UNAVAILABLE = Refusal(503, "UNAVAILABLE", "IDENTITY_UNAVAILABLE")
API_KEY_UNAVAILABLE = Refusal(503, "UNAVAILABLE", "API_KEY_UNAVAILABLE")

KID = "0a1b2c3d4e5f"
SIGN_IN_PAGE = HTMLResponse("<!doctype html><title>Sign in to the hotel's network</title>")
BAD_GATEWAY = HTMLResponse("<h1>Bad gateway</h1>", status_code=502)
FORBIDDEN = JSONResponse({"error": {"code": 403, "message": "PERMISSION_DENIED", "status": "PERMISSION_DENIED"}}, 403)
HALF_A_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

CERTIFICATE_FAULTS = {
    "500": PlainTextResponse("Internal error", 500),
    "404": PlainTextResponse("Not found", 404),
    "429": PlainTextResponse("Slow down", 429),
    "HTML": SIGN_IN_PAGE,
    "HTML with 502": BAD_GATEWAY,
    "empty": Response(b""),
    "no JSON object": JSONResponse(None),
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
    "a user that is none": JSONResponse({"users": ["nobody"]}),
    "a user without an id": JSONResponse({"users": [{}]}),
    "a user without a number": JSONResponse({"users": [{"localId": "u", "validSince": "yesterday"}]}),
}
TOKEN_FAULTS = {
    "invalid_grant": JSONResponse({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, 400),
    "HTML": SIGN_IN_PAGE,
    "no token": JSONResponse({}),
}


@pytest.mark.parametrize("fault", CERTIFICATE_FAULTS.values(), ids=CERTIFICATE_FAULTS)
def test_unreadable_certificates_are_an_outage_and_cost_nothing(
    keyless_function: FunctionProcess, google: LocalGoogle, fault: Response
) -> None:
    id_token, before = google.sign_in(), google.traffic

    with google.certificates.answering(fault):
        answer = keyless_function.call(id_token)

    assert answer.refusal == IDENTITY_UNAVAILABLE
    assert google.traffic == before


def test_a_refused_connection_to_the_certificates_is_an_outage(
    keyless_function: FunctionProcess, google: LocalGoogle
) -> None:
    before = google.traffic

    with google.proxy.refusing(google.certificates.host):
        answer = keyless_function.call(google.sign_in())

    assert answer.refusal == IDENTITY_UNAVAILABLE
    assert google.traffic == before


def test_a_bad_form_is_the_callers_fault_also_during_an_outage(
    keyless_function: FunctionProcess, google: LocalGoogle
) -> None:
    with google.proxy.refusing(google.certificates.host):
        answer = keyless_function.call("a.b.c")

    assert answer.refusal == Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_INVALID")


def test_the_end_of_an_outage_of_the_certificates_is_noticed_at_once(
    keyless_function: FunctionProcess, google: LocalGoogle
) -> None:
    with google.certificates.answering(SIGN_IN_PAGE):
        assert keyless_function.call(google.sign_in()).refusal == IDENTITY_UNAVAILABLE

    # It gets as far as this function ever does: to the key that is not there.
    assert keyless_function.call(google.sign_in()).refusal == API_KEY_UNAVAILABLE


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
    google.users.faults[uid] = fault

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
