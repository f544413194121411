"""What an app gets that calls the function with the Firebase SDKs."""

from datetime import UTC, datetime, timedelta

from integration.sdks.firebase_app import (
    SIGN_UP_ANONYMOUSLY,
    FirebaseApp,
    Outcome,
    call,
    credentials,
    sign_up,
)
from stack import LocalStack

MODEL = "models/gemini-3.8-live"


def moment(live_token: Outcome, name: str) -> datetime:
    return datetime.strptime(live_token[name], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def test_a_user_with_an_email_address_gets_all_that_is_needed_to_connect(app: FirebaseApp, stack: LocalStack) -> None:
    before = datetime.now(UTC).replace(microsecond=0)

    live_token = app.live_token()

    token = live_token["token"]
    path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContentConstrained"
    assert token.startswith("auth_tokens/")
    assert live_token == {
        "token": token,
        "websocketUrl": f"ws://{stack.gemini_host}{path}?access_token={token}",
        "setup": {"model": MODEL},
        "apiVersion": "v1beta",
        "model": MODEL,
        "profile": "default",
        "issuedAt": live_token["issuedAt"],
        "newSessionExpireTime": live_token["newSessionExpireTime"],
        "expireTime": live_token["expireTime"],
        "session": live_token["session"],
        "quota": {"remaining": 39, "minutesLeft": 50, "resetTime": live_token["quota"]["resetTime"]},
    }
    issued_at = moment(live_token, "issuedAt")
    assert before <= issued_at <= datetime.now(UTC)
    assert moment(live_token, "newSessionExpireTime") == issued_at + timedelta(seconds=60)
    assert abs(moment(live_token, "expireTime") - issued_at - timedelta(seconds=600)) <= timedelta(seconds=1)
    assert live_token["session"].keys() == {"id", "endsAt", "renewAfter", "renewBefore", "leaseSeconds"}
    assert moment(live_token["quota"], "resetTime") > issued_at


def test_every_token_is_one_less_of_the_callers_quota(app: FirebaseApp) -> None:
    _, *outcomes = app.take(sign_up(), *[call({"profile": "tokens-only"})] * 3)

    assert [outcome["result"]["quota"]["remaining"] for outcome in outcomes] == [19, 18, 17]


def test_an_anonymous_user_is_served_once_an_email_address_is_linked(app: FirebaseApp) -> None:
    user, refused, linked, served = app.take(SIGN_UP_ANONYMOUSLY, call({}), {"step": "link", **credentials()}, call({}))

    assert user["isAnonymous"] is True
    assert refused["error"]["details"]["reason"] == "USER_NOT_ALLOWED"
    assert linked["isAnonymous"] is False
    assert linked["uid"] == user["uid"]
    assert served["result"]["token"]


def test_a_call_without_argument_with_null_or_with_an_empty_object_gets_the_default_profile(app: FirebaseApp) -> None:
    calls = (call(), call(None), call({}), call({"profile": "default"}))

    outcomes = app.take(*[step for each in calls for step in (sign_up(), each)])[1::2]

    assert [outcome["result"]["profile"] for outcome in outcomes] == ["default"] * 4


def test_a_profile_brings_its_own_lifetimes(app: FirebaseApp) -> None:
    live_token = app.live_token(profile="short-start")

    issued_at = moment(live_token, "issuedAt")
    assert live_token["profile"] == "short-start"
    assert moment(live_token, "newSessionExpireTime") == issued_at + timedelta(seconds=1)
    assert moment(live_token, "expireTime") == issued_at + timedelta(seconds=60)


def test_profile_and_handle_go_together(app: FirebaseApp) -> None:
    live_token = app.live_token(profile="short-start", resumptionHandle="a-handle-of-Gemini_s")

    assert live_token["profile"] == "short-start"
    assert live_token["setup"] == {"model": MODEL}, "the handle is inside the token, not the app's business"


def test_every_call_gets_a_token_of_its_own(app: FirebaseApp) -> None:
    _, *outcomes = app.take(sign_up(), *[call({"profile": "tokens-only"})] * 3)

    assert len({outcome["result"]["token"] for outcome in outcomes}) == 3
