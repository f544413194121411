"""Whatever Gemini answers but a token, the caller gets a reason and never Gemini's words; the key goes nowhere else."""

import pytest
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from support.production.function_process import FunctionProcess, Refusal
from support.production.local_google import LocalGoogle

GEMINI_UNAVAILABLE = Refusal(503, "UNAVAILABLE", "GEMINI_UNAVAILABLE")
GEMINI_RATE_LIMITED = Refusal(503, "UNAVAILABLE", "GEMINI_RATE_LIMITED")
API_KEY_REJECTED = Refusal(503, "UNAVAILABLE", "API_KEY_REJECTED")
INTERNAL = Refusal(500, "INTERNAL", "INTERNAL")

UPSTREAM_WORDS = "quote-of-what-gemini-said-in-its-error"


def _error(code: int, status: str, *details: dict[str, object]) -> JSONResponse:
    error = {"code": code, "message": UPSTREAM_WORDS, "status": status, "details": list(details)}
    return JSONResponse({"error": error}, code)


def _error_info(reason: str) -> dict[str, object]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}


ANSWERS: dict[str, tuple[Response, Refusal]] = {
    "400": (_error(400, "INVALID_ARGUMENT"), INTERNAL),
    "400 for the key": (_error(400, "INVALID_ARGUMENT", _error_info("API_KEY_INVALID")), API_KEY_REJECTED),
    "401": (_error(401, "UNAUTHENTICATED"), API_KEY_REJECTED),
    "403": (_error(403, "PERMISSION_DENIED"), API_KEY_REJECTED),
    "404": (_error(404, "NOT_FOUND"), INTERNAL),
    "408": (_error(408, "DEADLINE_EXCEEDED"), GEMINI_UNAVAILABLE),
    "429": (_error(429, "RESOURCE_EXHAUSTED"), GEMINI_RATE_LIMITED),
    "500": (_error(500, "INTERNAL"), GEMINI_UNAVAILABLE),
    "503": (_error(503, "UNAVAILABLE"), GEMINI_UNAVAILABLE),
    "HTML with 502": (HTMLResponse(f"<h1>{UPSTREAM_WORDS}</h1>", 502), GEMINI_UNAVAILABLE),
    "a list with 500": (JSONResponse([UPSTREAM_WORDS], 500), GEMINI_UNAVAILABLE),
    "no body with 500": (Response(b"", 500), GEMINI_UNAVAILABLE),
    "no object in the error with 400": (JSONResponse({"error": UPSTREAM_WORDS}, 400), INTERNAL),
    "not UTF-8 with 500": (Response(b"\xff\xfe", 500), GEMINI_UNAVAILABLE),
    "HTML": (HTMLResponse(f"<h1>{UPSTREAM_WORDS}</h1>"), GEMINI_UNAVAILABLE),
    "no body": (Response(b""), GEMINI_UNAVAILABLE),
    "an empty object": (JSONResponse({}), GEMINI_UNAVAILABLE),
    "no object": (JSONResponse([UPSTREAM_WORDS]), GEMINI_UNAVAILABLE),
    "null": (JSONResponse(None), GEMINI_UNAVAILABLE),
    "a name that is a number": (JSONResponse({"name": 7}), GEMINI_UNAVAILABLE),
    "a name that is empty": (JSONResponse({"name": ""}), GEMINI_UNAVAILABLE),
    "a name of something else": (JSONResponse({"name": "models/gemini-3.8-live"}), GEMINI_UNAVAILABLE),
    "a name that continues the URL": (JSONResponse({"name": "auth_tokens/x&key=y"}), GEMINI_UNAVAILABLE),
    "not UTF-8": (Response(b"\xff\xfe", media_type="application/json"), GEMINI_UNAVAILABLE),
    "204": (Response(status_code=204), GEMINI_UNAVAILABLE),
    "304": (Response(status_code=304), GEMINI_UNAVAILABLE),
}


@pytest.mark.parametrize(("response", "refusal"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_without_a_token_has_a_reason_of_ours(
    function: FunctionProcess, google: LocalGoogle, response: Response, refusal: Refusal
) -> None:
    with google.gemini.answering(response):
        answer = function.call(google.sign_in())

    assert answer.refusal == refusal
    assert UPSTREAM_WORDS not in str(answer.body)
    assert UPSTREAM_WORDS not in str(function.audit_event(answer.trace))
    assert function.call(google.sign_in()).http == 200


def test_a_refused_connection_to_gemini_is_an_outage_and_its_end_is_noticed_at_once(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    with google.proxy.refusing(google.gemini.host):
        assert function.call(google.sign_in()).refusal == GEMINI_UNAVAILABLE

    assert function.call(google.sign_in()).http == 200


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_the_api_key_does_not_follow_a_redirect(function: FunctionProcess, google: LocalGoogle, code: int) -> None:
    elsewhere = RedirectResponse("https://elsewhere.example/v1beta/auth_tokens", code)
    before = google.traffic

    with google.gemini.answering(elsewhere):
        answer = function.call(google.sign_in())

    assert answer.refusal == GEMINI_UNAVAILABLE
    assert google.traffic.mints == before.mints + 1
    assert "elsewhere.example" not in google.proxy.hosts_asked


def test_one_failure_of_gemini_is_tried_again_and_not_more_often(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    before = google.traffic

    with google.gemini.answering(_error(503, "UNAVAILABLE")):
        function.call(google.sign_in())

    assert google.traffic.mints == before.mints + 2


def test_a_refusal_for_now_is_not_answered_with_more_of_the_same(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    before = google.traffic

    with google.gemini.answering(_error(429, "RESOURCE_EXHAUSTED")):
        function.call(google.sign_in())

    assert google.traffic.mints == before.mints + 1
