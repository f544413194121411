"""Without a usable API key there is no mint, and the caller is told to come back."""

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from support.production.function_process import FunctionProcess, Refusal
from support.production.local_google import LocalGoogle

API_KEY_UNAVAILABLE = Refusal(503, "UNAVAILABLE", "API_KEY_UNAVAILABLE")


def _error(code: int, status: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": "Permission denied on x", "status": status}}, code)


FAULTS: dict[str, Response] = {
    "400": _error(400, "FAILED_PRECONDITION"),
    "403": _error(403, "PERMISSION_DENIED"),
    "404": _error(404, "NOT_FOUND"),
    "429": _error(429, "RESOURCE_EXHAUSTED"),
    "HTML": HTMLResponse("<!doctype html><title>Sign in to the hotel's network</title>"),
    "no body": Response(b""),
    "no payload": JSONResponse({}),
    "no JSON object": JSONResponse(["payload"]),
    "not base64": JSONResponse({"name": "n", "payload": {"data": "!", "dataCrc32c": "0"}}),
}
PAYLOADS: dict[str, tuple[bytes, int | None]] = {
    "another checksum": (b"AIzaSyNobodysKeyNobodysKeyNobodysKey1", 1),
    "empty": (b"", None),
    "a line end only": (b"\n", None),
    "two words": (b"AIzaSy NobodysKey", None),
    "two lines": (b"AIzaSyNobodysKey1\nAIzaSyNobodysKey2\n", None),
    "not text": (b"\xff\x00\x01", None),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_key_that_cannot_be_read_is_an_outage_without_a_mint(
    keyless_function: FunctionProcess, google: LocalGoogle, fault: Response
) -> None:
    before = google.traffic

    with google.secret_manager.answering(fault):
        answer = keyless_function.call(google.sign_in())

    assert answer.refusal == API_KEY_UNAVAILABLE
    assert google.traffic.secret_reads > before.secret_reads
    assert google.traffic.mints == before.mints


@pytest.mark.parametrize(("payload", "crc32c"), PAYLOADS.values(), ids=PAYLOADS)
def test_a_payload_that_is_no_key_is_never_sent_to_gemini(
    keyless_function: FunctionProcess, google: LocalGoogle, payload: bytes, crc32c: int | None
) -> None:
    google.ledger.secret("API key", payload.decode("latin-1"))
    before = google.traffic

    with google.secret_manager.answering(google.secret_payload(payload, crc32c)):
        answer = keyless_function.call(google.sign_in())

    assert answer.refusal == API_KEY_UNAVAILABLE
    assert google.traffic.mints == before.mints


def test_an_outage_of_secret_manager_does_not_touch_those_whose_key_is_read(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    assert function.call(google.sign_in()).http == 200

    with google.proxy.refusing(google.secret_manager.host):
        assert function.call(google.sign_in()).http == 200
