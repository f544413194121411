"""Each fault for which nobody should release, and what the smoke test says of it."""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from operations.smoke.made_up_service import (
    ANSWER,
    EMPTY_TURN,
    HALF_AN_ANSWER,
    SETUP_COMPLETE,
    Faults,
    InTurn,
    Json,
    RefusedHandshake,
    Script,
    TokenRepeatingServer,
    full_lock,
    id_token,
    run_service,
)
from support.smoke_program import Outcome, smoke


def outcome_of(faults: Faults, *arguments: str, **environment: str) -> Outcome:
    with run_service(faults) as url:
        return smoke(url, "--timeout", "3", *arguments, environment={"ID_TOKEN": id_token(), **environment})


def without(name: str) -> Callable[[Json], Json]:
    return lambda body: {key: value for key, value in body.items() if key != name}


def changed(**changes: Any) -> Callable[[Json], Json]:
    return lambda body: {**body, **changes}


def locking_only(field: str) -> Callable[[Json], Json]:
    """Mask one field: Gemini refuses a setup that holds others."""

    def mint(body: Json) -> Json:
        setup = body["bidiGenerateContentSetup"]
        return {**body, "bidiGenerateContentSetup": {field: setup[field]}, "fieldMask": field}

    return mint


def plain_method(result: Json) -> Json:
    return {
        **result,
        "websocketUrl": result["websocketUrl"].replace("BidiGenerateContentConstrained", "BidiGenerateContent"),
    }


def encoded_token(result: Json) -> Json:
    return {**result, "websocketUrl": result["websocketUrl"].replace("auth_tokens/", "auth_tokens%2F")}


def another_host(result: Json) -> Json:
    url = result["websocketUrl"].partition("/ws/")[2]
    return {**result, "websocketUrl": f"wss://gemini.example.com/ws/{url}"}


GOOD = Script(SETUP_COMPLETE, ANSWER)
SPENT = Script([], close=(1011, "Token has been used too many times"))
OUTAGE = Script([], close=(1011, "Internal error encountered."))
# What a function that does not lock would have its apps send.
WHOLE_SETUP = changed(setup=full_lock()["bidiGenerateContentSetup"])


def test_a_service_without_a_fault_passes() -> None:
    outcome = outcome_of(Faults())

    assert (outcome.code, outcome.bad) == (0, [])
    assert len(outcome.good) == 10


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (Faults(needs_sign_in=False), "A call without an ID token must be refused with 401 ID_TOKEN_MISSING"),
        (Faults(knows_its_project=False), "A call with another project's ID token must be refused"),
        (Faults(refusal=lambda reason: (403, reason)), "A call without an ID token must be refused with 401"),
        (Faults(refusal=lambda _: (401, "ID_TOKEN_EXPIRED")), "The answer was 401 ID_TOKEN_EXPIRED"),
        (Faults(headers={}), "lack Cache-Control: no-store"),
        (Faults(headers={"Cache-Control": "public, max-age=60"}), "lack Cache-Control: no-store"),
        (Faults(mint=changed(uses=0)), "The same token opens a second session"),
        (Faults(mint=changed(uses=2)), "The same token opens a second session"),
        (Faults(mint=without("bidiGenerateContentSetup"), result=WHOLE_SETUP), "The token is not locked"),
        (Faults(mint=locking_only("model"), result=WHOLE_SETUP), "The token is not locked"),
        (Faults(mint=locking_only("generationConfig"), result=WHOLE_SETUP), "The token is not locked"),
        (Faults(mint=without("bidiGenerateContentSetup")), "The lock lacks response_modalities"),
        (Faults(result=plain_method), "its method is not BidiGenerateContentConstrained"),
        (Faults(result=encoded_token), "its query is not access_token with the unchanged token"),
        (Faults(result=another_host), "it does not point to wss://generativelanguage.googleapis.com"),
        (Faults(result=without("expireTime")), "`expireTime` is missing"),
        (Faults(result=changed(token="ya29.something-else")), "`token` is wrong"),
        (Faults(result=changed(profile="tutor")), "`profile` is wrong"),
        (Faults(result=changed(setup={})), "`setup` is wrong"),
        (Faults(result=changed(quota=7)), "`quota` is wrong"),
        (Faults(result=changed(quota={"remaining": -1, "resetTime": "2026-11-22T15:00:00Z"})), "`quota` is wrong"),
        (Faults(result=changed(quota={"remaining": 1, "resetTime": "soon"})), "`quota` is wrong"),
        (Faults(result=changed(issuedAt="2026-11-22 15:00")), "`issuedAt` is wrong"),
        (Faults(result=changed(expireTime="2020-01-01T00:00:00Z")), "are not in this order"),
        (Faults(result=changed(expireTime="2090-01-01T00:00:00Z")), "twenty hours or more"),
        (Faults(gemini=Script()), "The token opens no session: no setupComplete within 3 s"),
        (Faults(gemini=Script([b"no JSON"])), "The token opens no session: a frame that is not JSON"),
        (Faults(gemini=TokenRepeatingServer()), "The token opens no session: 1011 Bad token …"),
        (Faults(gemini=RefusedHandshake()), "The token opens no session: HTTP 403 in place of a WebSocket"),
        (Faults(gemini=Script(SETUP_COMPLETE)), "The session gave no complete answer: no complete answer within 3 s"),
        (Faults(gemini=Script(SETUP_COMPLETE, EMPTY_TURN)), "without audio and without text"),
        (
            Faults(gemini=Script(SETUP_COMPLETE, HALF_AN_ANSWER, close=(1011, "Internal error encountered."))),
            "The session gave no complete answer: 1011 Internal error encountered.",
        ),
        (Faults(gemini=InTurn(GOOD, OUTAGE, OUTAGE)), "Could not determine whether the token is single-use"),
        (Faults(gemini=InTurn(GOOD, SPENT, OUTAGE)), "Could not determine whether the lock works"),
        (
            Faults(gemini=Script([], close=(1008, "models/x is not found for API version v1beta"))),
            "The profile's model does not exist, or does not support the Live API.",
        ),
    ],
)
def test_a_fault_fails_the_run(faults: Faults, words: str) -> None:
    outcome = outcome_of(faults)

    assert outcome.code == 1
    assert any(words in line for line in outcome.bad), outcome.out


@pytest.mark.parametrize(
    ("everything", "words"),
    [
        (HTMLResponse("<h1>403 Forbidden</h1>", 403), "The function is not public"),
        (HTMLResponse("<h1>401 Unauthorized</h1>", 401), "The function is not public"),
        (HTMLResponse("<h1>404 Page not found</h1>", 404), "No function is at this URL"),
        (HTMLResponse("<h1>503 Service Unavailable</h1>", 503), "Read its log"),
        (HTMLResponse("<h1>Welcome</h1>", 200), "does not come from the function"),
        (JSONResponse(["something"], 200), "does not come from the function"),
        (Response(status_code=204), "does not come from the function"),
        (RedirectResponse("https://accounts.google.com/", 302), "a redirect"),
    ],
)
def test_an_answer_of_something_before_the_function_is_explained(everything: Response, words: str) -> None:
    outcome = outcome_of(Faults(everything=everything))

    assert outcome.code == 1
    (line,) = outcome.bad
    assert words in line


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (timedelta(hours=1), "this machine's clock is 3600 s behind the server's"),
        (timedelta(hours=-1), "this machine's clock is 3600 s ahead of the server's"),
        (timedelta(), "this machine's clock agrees with the server's"),
    ],
)
def test_clocks_that_differ_are_reported_and_fail_nothing(shift: timedelta, words: str) -> None:
    def shifted(result: Json) -> Json:
        names = ("issuedAt", "newSessionExpireTime", "expireTime")
        times = {name: datetime.fromisoformat(result[name]) + shift for name in names}
        return {**result, **{name: time.isoformat().replace("+00:00", "Z") for name, time in times.items()}}

    outcome = outcome_of(Faults(result=shifted))

    assert outcome.code == 0
    assert any(about_the_second(words) in about_the_second(line) for line in outcome.good), outcome.out


def about_the_second(line: str) -> str:
    """Two programs' clocks are read a moment apart."""
    return re.sub(r"(3599|3600|3601) s", "3600 s", line)


def test_an_observation_fails_nothing() -> None:
    """The stand-in closes on contextUpdate, and has no handles without sessionResumption in the lock."""

    def without_resumption(body: Json) -> Json:
        setup = without("sessionResumption")(body["bidiGenerateContentSetup"])
        return {**body, "bidiGenerateContentSetup": setup}

    outcome = outcome_of(Faults(mint=without_resumption), "--observations")

    assert (outcome.code, outcome.bad) == (0, [])
    assert outcome.observations["A resumption handle inside the lock of a fresh token"].startswith("not tested")
    assert outcome.observations["contextUpdate in a locked session"].startswith("refused: 1007")


HANDLE = [b'{"sessionResumptionUpdate": {"resumable": true, "newHandle": "handle-of-the-test"}}']
SPEECH = [b'{"serverContent": {"modelTurn": {"parts": [{"inlineData": {"data": "AAAA"}}]}, "turnComplete": true}}']
NO_SUCH_THING = Script([], close=(1007, "Invalid JSON payload received."))
HANDLE_OF_THE_APP = "A resumption handle sent by the app, on the spent token"
HANDLE_IN_THE_LOCK = "A resumption handle inside the lock of a fresh token"


CONNECTIONS = 8
"""So many the observations open."""


def observations_of(*answers: ASGIApp) -> Mapping[str, str]:
    """Return what is found where all is well, and a Gemini answers each question like this, in their order."""
    questions: list[ASGIApp] = [*answers, *[NO_SUCH_THING] * (CONNECTIONS - len(answers))]
    checks = SPENT, Script(SETUP_COMPLETE)
    in_turn = InTurn(Script(SETUP_COMPLETE, ANSWER + HANDLE), questions[0], *checks, *questions[1:])
    outcome = outcome_of(Faults(gemini=in_turn), "--observations")
    assert (outcome.code, outcome.bad) == (0, [])
    return outcome.observations


def test_where_nothing_is_written_down_nobody_says_what_gemini_did() -> None:
    """A profile without a transcription: there is speech, and no words."""
    in_the_lock, context_update = Script(SETUP_COMPLETE, SPEECH), Script(SETUP_COMPLETE, [], SPEECH)

    observations = observations_of(in_the_lock, NO_SUCH_THING, context_update)

    not_known = "not known, because the profile has no transcription"
    assert observations[HANDLE_OF_THE_APP] == "refused: 1007 Invalid JSON payload received."
    assert observations[HANDLE_IN_THE_LOCK] == f"accepted. Whether Gemini remembered the word is {not_known}"
    assert observations["contextUpdate in a locked session"] == f"not refused. Whether Gemini obeyed it is {not_known}"


def test_what_is_written_down_is_believed() -> None:
    def says(words: str) -> Sequence[bytes]:
        return [json.dumps({"serverContent": {"outputTranscription": {"text": words}, "turnComplete": True}}).encode()]

    in_the_lock = Script(SETUP_COMPLETE, says("It was heron."))
    context_update = Script(SETUP_COMPLETE, [], says("Pineapple."))

    observations = observations_of(in_the_lock, NO_SUCH_THING, context_update)

    assert observations[HANDLE_IN_THE_LOCK] == "accepted, and Gemini remembered the word: “It was heron.”"
    assert observations["contextUpdate in a locked session"].startswith("not refused, and obeyed")


def test_only_a_no_is_a_refusal_and_an_outage_is_none() -> None:
    unavailable = "The service is currently unavailable."

    observations = observations_of(
        Script([], close=(1011, "You exceeded your current quota")),
        SPENT,
        Script([], close=(1008, unavailable)),
        RefusedHandshake(503),
        RefusedHandshake(403),
        Script(close=(1008, "Nobody spoke.")),
    )

    assert list(observations.values())[:6] == [
        "failed: 1011 You exceeded your current quota",
        "refused: 1011 Token has been used too many times",
        f"failed: 1008 {unavailable}",
        "failed: HTTP 503 in place of a WebSocket",
        "refused: HTTP 403 in place of a WebSocket",
        "closed after 0 s: 1008 Nobody spoke.",
    ]


def test_the_handle_in_a_full_lock_comes_first_and_a_refusal_says_what_would_have_to_change() -> None:
    observations = observations_of(SPENT)

    question, answer = next(iter(observations.items()))
    assert question == HANDLE_IN_THE_LOCK
    assert answer.startswith("refused: 1011 Token has been used too many times. ")
    assert "leaves `sessionResumption` open: docs/decisions/0017" in answer


def says(*, status: str | None = None, audio: str = "") -> bytes:
    """Return a turn of the model, the last of a prompt unless the status says otherwise."""
    content: Json = {"turnComplete": True, "modelTurn": {"parts": [{"inlineData": {"data": audio}}]}}
    return json.dumps({"serverContent": content | ({"interactionStatus": status} if status else {})}).encode()


LOUD = base64.b64encode(b"\x00\x40" * 24 + bytes(48)).decode()
STREAM_END = "`audioStreamEnd` at the end of speech"


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        ([[says(audio=LOUD)], [], [says()]], "obeyed: it ended the turn"),
        ([[says(audio=LOUD)], [], [], [says()]], "ignored: the turn ended only after 2 s of quiet"),
        ([[says(status="IN_PROGRESS"), says(status="IDLE", audio=LOUD)], [], [says(status="IDLE")]], "obeyed"),
        ([[says()]], "not tested, because Gemini did not speak"),
        ([[says(audio=LOUD)]], "failed: no complete answer within 3 s"),
    ],
)
def test_what_the_end_of_the_audio_stream_does_is_found_out(turns: Sequence[Sequence[bytes]], words: str) -> None:
    observations = observations_of(*[NO_SUCH_THING] * 6, Script(SETUP_COMPLETE, *turns))

    assert observations[STREAM_END].startswith(words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (RefusedHandshake(404), "refused: HTTP 404 in place of a WebSocket"),
        (
            Script([], close=(1008, "Method doesn't allow unregistered callers")),
            "exists: a caller without a credential",
        ),
        (Script(SETUP_COMPLETE), "open to callers without a credential"),
    ],
)
def test_whether_v1_has_the_method_for_api_keys_is_found_out(answer: ASGIApp, words: str) -> None:
    observations = observations_of(*[NO_SUCH_THING] * 7, answer)

    assert observations["The method for API keys on v1"].startswith(words)


def test_no_key_leaves_for_google_while_gemini_is_a_stand_in() -> None:
    outcome = outcome_of(Faults(), "--observations", GEMINI_API_KEY="made-up-key")

    assert outcome.observations["An interaction with the profile's model"] == "not tested, because Gemini is a stand-in"
