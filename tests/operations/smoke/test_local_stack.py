"""Against the local stack: the real function and the official Auth emulator, as CI runs it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from stack import PROJECT_ID, LocalStack
from support.smoke_program import Outcome, smoke


def run(stack: LocalStack, *arguments: str, **environment: str) -> Outcome:
    return smoke(
        stack.function_url,
        "--timeout",
        "5",
        *arguments,
        environment={"PATH": os.environ["PATH"], "FIREBASE_AUTH_EMULATOR_HOST": stack.auth_host, **environment},
    )


def users(stack: LocalStack) -> list[str]:
    answer = requests.post(
        f"http://{stack.auth_host}/identitytoolkit.googleapis.com/v1/projects/{PROJECT_ID}/accounts:query",
        json={},
        headers={"Authorization": "Bearer owner"},
        timeout=10,
    )
    answer.raise_for_status()
    return [user["localId"] for user in answer.json().get("userInfo", [])]


@contextmanager
def switches(stack: LocalStack, **switches: object) -> Iterator[None]:
    stack.switches_file.write_text(json.dumps(switches), encoding="utf-8")
    try:
        yield
    finally:
        stack.switches_file.write_text("{}", encoding="utf-8")


def test_it_passes_and_leaves_no_user(stack: LocalStack) -> None:
    outcome = run(stack)

    assert (outcome.code, outcome.bad, outcome.err) == (0, [], "")
    assert len(outcome.good) == 13
    assert outcome.observations == {}
    assert users(stack) == []


def test_it_passes_with_observations_which_are_those_of_the_stand_in(stack: LocalStack) -> None:
    outcome = run(stack, "--observations", "--profile", "tokens-only")

    assert (outcome.code, outcome.bad) == (0, [])
    assert outcome.observations == {
        "A resumption handle sent by the app, on the spent token": "refused: 1011 Token has been used too many times",
        "A resumption handle inside the lock of a fresh token": (
            "accepted, and Gemini did not remember the word: “I remember what you told me.”"
        ),
        "contextUpdate in a locked session": (
            'refused: 1007 Invalid JSON payload received. Unknown name "contextUpdate": Cannot find field.'
        ),
        "The token in the header `Authorization`, and not in the URL": "accepted",
        "`%2F` in the token of the URL": "accepted",
        "A connection on which the app sends no setup": "still open after 5 s",
        "`audioStreamEnd` at the end of speech": "ignored: the turn ended only after 2 s of quiet",
        "The method for API keys on v1": "refused: HTTP 404 in place of a WebSocket",
        "An interaction with the profile's model": "not tested, because Gemini is a stand-in",
        "The form of a look-up answer": (
            "kind identitytoolkit#GetAccountInfoResponse; one user, with localId as a str, disabled absent, "
            "validSince absent"
        ),
    }


def test_a_profile_with_rules_takes_a_user_with_claims(stack: LocalStack) -> None:
    assert run(stack, "--profile", "school", "--claims", json.dumps({"plan": "school"})).code == 0
    refused = run(stack, "--profile", "school")
    assert refused.code == 1
    assert "403 PROFILE_NOT_ALLOWED" in refused.bad[0]


def test_a_paused_service_fails_and_leaves_no_user(stack: LocalStack) -> None:
    with switches(stack, service={"message": "We are back at nine."}):
        outcome = run(stack)

    assert outcome.code == 1
    (line,) = outcome.bad
    assert "403 SERVICE_PAUSED" in line
    assert "make admin" in line
    assert users(stack) == []


@pytest.mark.parametrize("arguments", [[], ["--no-observations"]])
def test_a_given_user_is_neither_made_nor_deleted(stack: LocalStack, arguments: list[str]) -> None:
    signed_up = requests.post(
        f"http://{stack.auth_host}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=any",
        json={"email": f"{len(arguments)}@example.com", "password": "made-up-password", "returnSecureToken": True},
        timeout=10,
    ).json()

    outcome = run(stack, *arguments, ID_TOKEN=signed_up["idToken"])

    assert (outcome.code, outcome.bad) == (0, [])
    assert users(stack) == [signed_up["localId"]]
    requests.post(
        f"http://{stack.auth_host}/identitytoolkit.googleapis.com/v1/accounts:delete?key=any",
        json={"idToken": signed_up["idToken"]},
        timeout=10,
    ).raise_for_status()
