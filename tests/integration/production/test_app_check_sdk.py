"""The real App Check SDK in an app, the real App Check protocol at the function; only the users are an emulator's."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from stack import PROJECT_ID, LocalStack
from support.production.app_check_tokens import APP_ID, AppCheckTokens
from support.production.function_process import FunctionProcess, StartFunction
from support.production.local_google import LocalGoogle
from support.sdks.node_scripts import SDKS, NodeScripts, NotInstalledError, installed_scripts
from support.sdks.secrets_seen import SecretsSeen

Outcome = Mapping[str, Any]
CallWithTokens = Callable[[Sequence[str]], list[Outcome]]


@pytest.fixture(scope="module")
def scripts() -> NodeScripts:
    try:
        return installed_scripts(SDKS, SecretsSeen())
    except NotInstalledError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="module")
def attesting(start_function: StartFunction, google: LocalGoogle, stack: LocalStack) -> FunctionProcess:
    """A function for the emulator's users, with App Check as it is in production."""
    return start_function(
        {
            **google.key_file,
            "FIREBASE_PROJECT_ID": PROJECT_ID,
            "FIREBASE_AUTH_EMULATOR_HOST": stack.auth_host,
            "APP_CHECK": "enforce",
            "APP_CHECK_CONSUME": "true",
            "APP_CHECK_ALLOWED_APP_IDS": APP_ID,
        }
    )


@pytest.fixture(scope="module")
def tokens(google: LocalGoogle) -> AppCheckTokens:
    """The App Check tokens of the emulator's project."""
    return AppCheckTokens(PROJECT_ID, google.app_check_tokens.key)


@pytest.fixture
def call_with(
    scripts: NodeScripts, attesting: FunctionProcess, google: LocalGoogle, stack: LocalStack
) -> CallWithTokens:
    """Let a new user's app call once for each token that its provider hands out."""

    def call(app_check_tokens: Sequence[str]) -> list[Outcome]:
        account = {"email": f"{uuid.uuid4().hex}@example.com", "password": uuid.uuid4().hex}
        for token in app_check_tokens:
            google.ledger.app_check_token(token)
        answer = scripts.run(
            "app-check.mjs",
            {
                "projectId": PROJECT_ID,
                "appId": APP_ID,
                "authUrl": f"http://{stack.auth_host}",
                "functionUrl": attesting.url,
                "appCheckTokens": app_check_tokens,
                **account,
            },
        )
        google.ledger.id_token(answer["idToken"])
        google.ledger.secret("password", account["password"])
        outcomes: list[Outcome] = answer["outcomes"]
        for outcome in outcomes:
            if "result" in outcome:
                google.ledger.live_token(outcome["result"]["token"])
        return outcomes

    return call


def test_the_sdk_sends_a_limited_use_token_of_its_own_with_every_call(
    call_with: CallWithTokens, tokens: AppCheckTokens, attesting: FunctionProcess, google: LocalGoogle
) -> None:
    handed_out = [tokens.good(), tokens.good()]

    first, second = call_with(handed_out)

    assert first["result"]["token"] != second["result"]["token"]
    assert set(handed_out) <= google.app_check_service.consumed
    events = attesting.audit_events()[-2:]
    assert [(event["event"], event["appCheck"], event["appId"]) for event in events] == [
        ("live_token.issued", "valid", APP_ID)
    ] * 2


def test_a_provider_that_hands_out_a_token_twice_is_told_that_it_was_used(
    call_with: CallWithTokens, tokens: AppCheckTokens
) -> None:
    token = tokens.good()

    first, second, third = call_with([token, token, tokens.good()])

    assert first["result"]["token"]
    assert _shown(second) == ("functions/unauthenticated", "APP_CHECK_REPLAYED")
    assert third["result"]["quota"]["remaining"] == first["result"]["quota"]["remaining"] - 1


@pytest.mark.parametrize(
    ("make_token", "reason"),
    [
        (lambda tokens: tokens.good(exp=1), "APP_CHECK_INVALID"),
        (lambda tokens: tokens.good("1:123456789012:web:ffffffff"), "APP_CHECK_INVALID"),
    ],
    ids=["expired", "of another app"],
)
def test_a_bad_token_is_an_error_that_the_app_can_tell(
    call_with: CallWithTokens, tokens: AppCheckTokens, make_token: Callable[[AppCheckTokens], str], reason: str
) -> None:
    (refused,) = call_with([make_token(tokens)])

    assert _shown(refused) == ("functions/unauthenticated", reason)


def _shown(outcome: Outcome) -> tuple[str, str]:
    """What an app decides by."""
    error = outcome["error"]
    assert error["name"] == "FirebaseError"
    return error["code"], error["details"]["reason"]
