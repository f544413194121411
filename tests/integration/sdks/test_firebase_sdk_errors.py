"""How each class of errors reaches an app that uses the Firebase SDKs."""

import uuid
from collections.abc import Mapping

import pytest
import requests

from integration.sdks.firebase_app import (
    DELETE,
    DISABLE,
    REVOKE,
    SIGN_OUT,
    SIGN_UP_ANONYMOUSLY,
    WAIT_FOR_THE_NEXT_SECOND,
    FirebaseApp,
    Outcome,
    Step,
    call,
    credentials,
    sign_up,
)
from stack import PROJECT_ID, LocalStack
from support.sdks.in_process_stand_ins import InProcessStandIns

AFTER_THE_LEASE = {"API_KEY_UNAVAILABLE", "API_KEY_REJECTED", "GEMINI_UNAVAILABLE"}


def shown(error: Outcome) -> tuple[str, str]:
    """What an app decides by: the SDK's code, and the reason in its details."""
    assert error["name"] == "FirebaseError"
    details = error["details"]
    assert details.keys() == {"reason", "requestId"} | ({"session"} if details["reason"] in AFTER_THE_LEASE else set())
    return error["code"], details["reason"]


# --- unauthenticated


@pytest.mark.parametrize("steps", [(), (SIGN_UP_ANONYMOUSLY, SIGN_OUT)], ids=["never signed in", "signed out"])
def test_who_is_not_signed_in_is_asked_to(app: FirebaseApp, steps: tuple[Step, ...]) -> None:
    error = app.error(*steps, call())

    assert shown(error) == ("functions/unauthenticated", "ID_TOKEN_MISSING")
    assert error["message"].startswith("Sign in with Firebase")


@pytest.mark.parametrize(
    ("end", "reason"),
    [(DISABLE, "USER_DISABLED"), (DELETE, "ID_TOKEN_REVOKED"), (REVOKE, "ID_TOKEN_REVOKED")],
    ids=["disabled", "deleted", "revoked"],
)
def test_an_ended_account_gets_no_more_tokens_though_its_id_token_has_not_expired(
    app: FirebaseApp, end: Step, reason: str
) -> None:
    _, before, _, after = app.take(sign_up(), call(), end, call())

    assert "result" in before
    assert shown(after["error"]) == ("functions/unauthenticated", reason)


def test_who_signs_in_again_after_a_revocation_is_served_again(app: FirebaseApp) -> None:
    account = credentials()

    _, _, refused, _, _, served = app.take(
        sign_up(account), REVOKE, call(), WAIT_FOR_THE_NEXT_SECOND, {"step": "signIn", **account}, call()
    )

    assert shown(refused["error"]) == ("functions/unauthenticated", "ID_TOKEN_REVOKED")
    assert served["result"]["token"]


# --- permission-denied


def test_a_user_of_a_tenant_is_not_served(app: FirebaseApp, stack: LocalStack) -> None:
    tenant = requests.post(
        f"http://{stack.auth_host}/identitytoolkit.googleapis.com/v2/projects/{PROJECT_ID}/tenants",
        json={"displayName": "another-customer", "allowPasswordSignup": True},
        headers={"Authorization": "Bearer owner"},
        timeout=30,
    ).json()

    error = app.error(sign_up(tenant_id=tenant["name"].rpartition("/")[2]), call())

    assert shown(error) == ("functions/permission-denied", "USER_NOT_ALLOWED")


def test_an_anonymous_user_is_told_to_sign_in_with_an_account(app: FirebaseApp) -> None:
    error = app.error(SIGN_UP_ANONYMOUSLY, call())

    assert shown(error) == ("functions/permission-denied", "USER_NOT_ALLOWED")
    assert error["message"].startswith("Sign in with an account first.")


@pytest.mark.parametrize("profile", ["no-such-profile", "tutor"], ids=["that is not there", "for others"])
def test_a_profile_that_is_not_there_reads_like_one_that_is_for_others(app: FirebaseApp, profile: str) -> None:
    error = app.error(sign_up(), call({"profile": profile}))

    assert shown(error) == ("functions/permission-denied", "PROFILE_NOT_ALLOWED")
    assert error["message"].startswith("This is not available for your account.")


# --- resource-exhausted


def test_a_user_who_has_taken_all_is_told_how_long_to_wait(app: FirebaseApp) -> None:
    _, *served, refused = app.take(sign_up(), *[call({"profile": "tokens-only"})] * 21)

    error = refused["error"]
    wait = error["details"].pop("retryAfterSeconds")
    assert [outcome["result"]["quota"]["remaining"] for outcome in served] == list(range(19, -1, -1))
    assert shown(error) == ("functions/resource-exhausted", "HOURLY_QUOTA_EXCEEDED")
    assert 0 < wait <= 3600 / 20


# --- invalid-argument

WRONG_CALLS: Mapping[str, tuple[object, str]] = {
    "no name of a profile": ({"profile": "No such profile"}, "UNKNOWN_PROFILE"),
    "no profile": ({"profile": ""}, "UNKNOWN_PROFILE"),
    "profile not a string": ({"profile": 7}, "MALFORMED_REQUEST"),
    "handle of two words": ({"resumptionHandle": "two words are no handle"}, "INVALID_RESUMPTION_HANDLE"),
    "empty handle": ({"resumptionHandle": ""}, "INVALID_RESUMPTION_HANDLE"),
    "misspelt key": ({"profil": "default"}, "MALFORMED_REQUEST"),
    "key of our own": ({"model": "models/a-dearer-one"}, "MALFORMED_REQUEST"),
    "string": ("default", "MALFORMED_REQUEST"),
    "list": (["default"], "MALFORMED_REQUEST"),
}


@pytest.fixture(scope="module")
def wrong_calls(app: FirebaseApp) -> Mapping[str, Outcome]:
    """How each of the wrong calls ended, made by one user in one run of the app."""
    _, *outcomes = app.take(sign_up(), *[call(data) for data, _ in WRONG_CALLS.values()])
    return dict(zip(WRONG_CALLS, outcomes, strict=True))


@pytest.mark.parametrize("name", WRONG_CALLS)
def test_a_wrong_call_says_what_is_wrong(wrong_calls: Mapping[str, Outcome], name: str) -> None:
    _, reason = WRONG_CALLS[name]

    assert shown(wrong_calls[name]["error"]) == ("functions/invalid-argument", reason)


# --- unavailable


@pytest.mark.parametrize("reason", ["IDENTITY_UNAVAILABLE", "API_KEY_UNAVAILABLE", "GEMINI_UNAVAILABLE"])
def test_an_outage_looks_like_one_and_not_like_a_fault_of_the_app(
    app: FirebaseApp, lonely_functions: dict[str, str], reason: str
) -> None:
    error = app.error(sign_up(), call(), function_url=lonely_functions[reason])

    assert shown(error) == ("functions/unavailable", reason)


def test_a_key_that_gemini_refuses_is_an_outage_to_the_app(app: FirebaseApp, in_process: InProcessStandIns) -> None:
    with in_process.every_key_refused():
        refused = app.error(sign_up(), call(), function_url=in_process.function_url)
    _, served = app.take(sign_up(), call(), function_url=in_process.function_url)

    assert shown(refused) == ("functions/unavailable", "API_KEY_REJECTED")
    assert served["result"]["token"]


# --- all of them


def test_the_request_id_of_an_error_finds_its_line_in_the_log(app: FirebaseApp, stack: LocalStack) -> None:
    request_id = app.error(sign_up(), call({"profile": f"no-{uuid.uuid4().hex}"}))["details"]["requestId"]

    lines = [line for line in stack.logs.splitlines() if request_id in line]
    assert len(lines) == 1
    assert "PROFILE_NOT_ALLOWED" in lines[0]
