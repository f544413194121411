"""Which app calls: App Check off, watched, or enforced, with keys and signatures as Google has them."""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from support.production.app_check_tokens import APP_ID, PROJECT_NUMBER, AppCheckKey, AppCheckTokens
from support.production.function_process import Answer, FunctionProcess, Refusal, StartFunction
from support.production.id_tokens import encode, encode_json
from support.production.local_google import PROJECT, LocalGoogle, Traffic

MISSING = Refusal(401, "UNAUTHENTICATED", "APP_CHECK_MISSING")
INVALID = Refusal(401, "UNAUTHENTICATED", "APP_CHECK_INVALID")
REPLAYED = Refusal(401, "UNAUTHENTICATED", "APP_CHECK_REPLAYED")
ID_TOKEN_INVALID = Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_INVALID")

ANOTHER_APP = f"1:{PROJECT_NUMBER}:web:ffffffffffffffff"
FULL_QUOTA = 20

MakeToken = Callable[[AppCheckTokens], str]


def _with_claims(**claims: object) -> MakeToken:
    return lambda tokens: tokens.good(**claims)


def _with_header(**changes: object) -> MakeToken:
    return lambda tokens: encode(tokens.header(**changes), tokens.claims(), tokens.key.sign)


def _signed_by(sign: Callable[[bytes], bytes], **header: object) -> MakeToken:
    return lambda tokens: encode(tokens.header(**header), tokens.claims(), sign)


def _signed_with_the_public_key_as_secret(tokens: AppCheckTokens) -> str:
    def sign(message: bytes) -> bytes:
        return hmac.digest(tokens.key.jwk["n"].encode(), message, hashlib.sha256)

    return encode(tokens.header(alg="HS256"), tokens.claims(), sign)


def _with_a_payload_put_in_later(tokens: AppCheckTokens) -> str:
    header, _, signature = tokens.good().split(".")
    _, payload, _ = tokens.good(ANOTHER_APP).split(".")
    return f"{header}.{payload}.{signature}"


def _text(text: str) -> MakeToken:
    return lambda _tokens: text


BAD: dict[str, MakeToken] = {
    "expired": lambda tokens: tokens.good(iat=int(time.time()) - 7200, exp=int(time.time()) - 3600),
    "for another project": _with_claims(aud=["projects/999999999999", "projects/another-project"]),
    "for one project, not a list": _with_claims(aud=f"projects/{PROJECT}"),
    "without an audience": _with_claims(aud=None),
    "from another issuer": _with_claims(iss=f"https://securetoken.google.com/{PROJECT}"),
    "without an issuer": _with_claims(iss=None),
    "from a list of issuers": _with_claims(iss=[f"https://firebaseappcheck.googleapis.com/{PROJECT_NUMBER}"]),
    "of no app": _with_claims(sub=""),
    "without a subject": _with_claims(sub=None),
    "of a number": _with_claims(sub=42),
    "signed by another key": _signed_by(AppCheckKey.generate("another").sign),
    "signed by an unknown key": _signed_by(AppCheckKey.generate("another").sign, kid="another"),
    "with an unknown kid": _with_header(kid="another"),
    "without a kid": _with_header(kid=None),
    "with a kid that is a list": _with_header(kid=["a1b2c3"]),
    "algorithm none": _signed_by(lambda _: b"", alg="none"),
    "without an algorithm": _with_header(alg=None),
    "HS256 with the public key as secret": _signed_with_the_public_key_as_secret,
    "with its signature taken off": _signed_by(lambda _: b""),
    "with another payload put in": _with_a_payload_put_in_later,
    "without a type": _with_header(typ=None),
    "of another type": _with_header(typ="at+jwt"),
    "one letter": _text("x"),
    "three letters": _text("a.b.c"),
    "not base64": _text("!!!.???.###"),
    "broken base64": _text("aaaaa.bbbbb.ccccc"),
    "not ASCII": _text("é.è.ê"),
    "long": _text(".".join(["e" * 2600] * 3)),
    "payload is not JSON": lambda tokens: encode_json('{"alg": "RS256", "typ": "JWT", "kid": "a1b2c3"}', "{"),
    "payload is a list": lambda tokens: encode_json('{"alg": "RS256", "typ": "JWT", "kid": "a1b2c3"}', "[]"),
    "payload is nested too deeply": lambda tokens: encode_json('{"alg": "RS256", "kid": "a1b2c3"}', "[" * 5000),
    "header is nested too deeply": lambda tokens: encode_json("[" * 5000, "{}"),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What an audit event and Firebase's metrics say of a token; no line for the metrics if `metric` is None."""

    state: str
    app_id: str | None
    metric: str | None


def _on(google: LocalGoogle, **more: str) -> dict[str, str]:
    return {**google.key_file, **more}


@pytest.fixture(scope="module")
def enforcing(start_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """App Check enforced for one app, tokens good for any number of calls."""
    return start_function(_on(google, APP_CHECK="enforce", APP_CHECK_ALLOWED_APP_IDS=APP_ID))


@pytest.fixture(scope="module")
def consuming(start_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """App Check enforced for all apps of the project, a token good for one call."""
    return start_function(_on(google, APP_CHECK="enforce", APP_CHECK_CONSUME="true"))


@pytest.fixture(scope="module")
def monitoring(start_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    """App Check watched, replays too."""
    return start_function(_on(google, APP_CHECK="monitor", APP_CHECK_CONSUME="true"))


# --- off


@pytest.mark.parametrize("token", [None, "garbage", "a.b.c"])
def test_switched_off_nobody_is_asked_about_a_token(
    function: FunctionProcess, google: LocalGoogle, token: str | None
) -> None:
    before = google.app_check.requests

    answer = function.call(google.sign_in(), app_check_token=token)

    assert answer.http == 200
    assert google.app_check.requests == before
    assert function.audit_event(answer.trace)["appCheck"] == "off"
    assert function.other_lines(answer.trace) == []


# --- monitor


WATCHED = {
    "good": (_with_claims(), Expected("valid", APP_ID, "VALID")),
    "missing": (lambda _: None, Expected("missing", None, "MISSING")),
    "garbage": (_text("garbage"), Expected("invalid", None, "INVALID")),
    "for another project": (BAD["for another project"], Expected("invalid", None, "INVALID")),
}


@pytest.mark.parametrize(("make_token", "expected"), WATCHED.values(), ids=WATCHED)
def test_watched_every_caller_is_served_and_told_apart(
    monitoring: FunctionProcess,
    google: LocalGoogle,
    make_token: Callable[[AppCheckTokens], str | None],
    expected: Expected,
) -> None:
    answer = monitoring.call(google.sign_in(), app_check_token=make_token(google.app_check_tokens))

    assert answer.http == 200
    assert _recorded(monitoring, answer) == expected


def test_watched_a_replay_is_served_and_noted(monitoring: FunctionProcess, google: LocalGoogle) -> None:
    token = google.app_check_tokens.good()

    answers = [monitoring.call(google.sign_in(), app_check_token=token) for _ in range(2)]

    assert [answer.http for answer in answers] == [200, 200]
    first, second = (_recorded(monitoring, answer) for answer in answers)
    assert first == Expected("valid", APP_ID, "VALID")
    assert second == Expected("replayed", None, "INVALID")


def test_watched_an_outage_keeps_nobody_out(monitoring: FunctionProcess, google: LocalGoogle) -> None:
    token = google.app_check_tokens.good()

    with google.proxy.refusing(google.app_check.host):
        answer = monitoring.call(google.sign_in(), app_check_token=token)

    assert answer.http == 200
    assert _recorded(monitoring, answer) == Expected("unavailable", None, None)


# --- enforce


def test_a_good_token_is_served_as_often_as_it_comes_and_its_keys_are_asked_for_once(
    enforcing: FunctionProcess, google: LocalGoogle
) -> None:
    token = google.app_check_tokens.good()
    assert enforcing.call(google.sign_in(), app_check_token=token).http == 200
    before = google.app_check.requests

    answer = enforcing.call(google.sign_in(), app_check_token=token)

    assert answer.http == 200
    assert google.app_check.requests == before
    assert _recorded(enforcing, answer) == Expected("valid", APP_ID, "VALID")


@pytest.mark.parametrize("headers", [{}, {"X-Firebase-AppCheck": ""}], ids=["none", "empty"])
def test_without_a_token_nobody_is_served(
    enforcing: FunctionProcess, google: LocalGoogle, headers: dict[str, str]
) -> None:
    id_token, before = google.sign_in(), google.traffic

    answer = enforcing.call(id_token, headers=headers)

    assert answer.refusal == MISSING
    _assert_free(google, before)
    _assert_full_quota(enforcing, google, id_token)


@pytest.mark.parametrize("make_token", BAD.values(), ids=BAD)
def test_a_bad_token_is_refused_and_costs_nothing(
    consuming: FunctionProcess, google: LocalGoogle, make_token: MakeToken
) -> None:
    id_token, token = google.sign_in(), make_token(google.app_check_tokens)
    before = google.traffic

    answer = consuming.call(id_token, app_check_token=token)

    assert answer.refusal == INVALID
    assert "WWW-Authenticate" not in answer.headers, "the ID token is fine"
    _assert_free(google, before)
    _assert_full_quota(consuming, google, id_token)
    assert _recorded(consuming, answer) == Expected("invalid", None, "INVALID")


def test_an_id_token_is_no_app_check_token(enforcing: FunctionProcess, google: LocalGoogle) -> None:
    id_token = google.sign_in()

    assert enforcing.call(id_token, app_check_token=id_token).refusal == INVALID


def test_an_app_that_is_not_on_the_list_is_refused(enforcing: FunctionProcess, google: LocalGoogle) -> None:
    id_token, before = google.sign_in(), google.traffic

    answer = enforcing.call(id_token, app_check_token=google.app_check_tokens.good(ANOTHER_APP))

    assert answer.refusal == INVALID
    _assert_free(google, before)
    _assert_full_quota(enforcing, google, id_token)


def test_without_a_list_every_app_of_the_project_is_served(consuming: FunctionProcess, google: LocalGoogle) -> None:
    answer = consuming.call(google.sign_in(), app_check_token=google.app_check_tokens.good(ANOTHER_APP))

    assert answer.http == 200
    assert _recorded(consuming, answer) == Expected("valid", ANOTHER_APP, "VALID")


def test_a_token_for_one_call_is_refused_the_second_time(consuming: FunctionProcess, google: LocalGoogle) -> None:
    token = google.app_check_tokens.good()
    assert consuming.call(google.sign_in(), app_check_token=token).http == 200
    id_token, before = google.sign_in(), google.traffic

    answer = consuming.call(id_token, app_check_token=token)

    assert answer.refusal == REPLAYED
    _assert_free(google, before)
    _assert_full_quota(consuming, google, id_token)
    assert _recorded(consuming, answer) == Expected("replayed", None, "INVALID")


def test_a_token_that_is_not_to_be_spent_stays_good_for_others(
    enforcing: FunctionProcess, consuming: FunctionProcess, google: LocalGoogle
) -> None:
    token = google.app_check_tokens.good()

    assert enforcing.call(google.sign_in(), app_check_token=token).http == 200

    assert token not in google.app_check_service.consumed
    assert consuming.call(google.sign_in(), app_check_token=token).http == 200
    assert token in google.app_check_service.consumed


@pytest.mark.parametrize("id_token", ["a.b.c", "garbage"])
def test_who_is_not_signed_in_spends_no_app_check_token(
    consuming: FunctionProcess, google: LocalGoogle, id_token: str
) -> None:
    token, before = google.app_check_tokens.good(), google.app_check.requests

    answer = consuming.call(id_token, app_check_token=token)

    assert answer.refusal == ID_TOKEN_INVALID
    assert google.app_check.requests == before
    assert token not in google.app_check_service.consumed
    assert consuming.other_lines(answer.trace) == []


# --- the line for Firebase's metrics


def test_firebases_metrics_get_the_line_they_are_made_of(monitoring: FunctionProcess, google: LocalGoogle) -> None:
    good = monitoring.call(google.sign_in(), app_check_token=google.app_check_tokens.good())
    bad = monitoring.call(google.sign_in(), app_check_token="garbage")
    missing = monitoring.call(google.sign_in())

    lines = [*(line for answer in (good, bad, missing) for line in monitoring.other_lines(answer.trace))]
    assert all(line.pop("time") for line in lines)
    passed = {"severity": "DEBUG", "message": "Callable request verification passed"}
    failed = {
        "severity": "WARNING",
        "message": "Callable request verification failed: AppCheck token was rejected.",
    }
    assert lines == [
        {**passed, **_metric("VALID", good)},
        {**failed, **_metric("INVALID", bad)},
        {**passed, **_metric("MISSING", missing)},
    ]


def test_the_line_for_the_metrics_names_no_trace_where_there_is_none(
    monitoring: FunctionProcess, google: LocalGoogle
) -> None:
    before = len(monitoring.lines())

    monitoring.call(google.sign_in(), headers={}, app_check_token=google.app_check_tokens.good())

    (line,) = (line for line in monitoring.lines()[before:] if "event" not in line)
    assert line.keys() == {"severity", "message", "time", "verifications", "logging.googleapis.com/labels"}


def _metric(app: str, answer: Answer) -> dict[str, object]:
    return {
        "verifications": {"auth": "VALID", "app": app},
        "logging.googleapis.com/labels": {"firebase-log-type": "callable-request-verification"},
        "logging.googleapis.com/trace": f"projects/{PROJECT}/traces/{answer.trace}",
    }


def _recorded(function: FunctionProcess, answer: Answer) -> Expected:
    """Return what the logs say of the App Check token of a call."""
    event = function.audit_event(answer.trace)
    metrics = [line["verifications"]["app"] for line in function.other_lines(answer.trace)]
    assert len(metrics) <= 1
    return Expected(event["appCheck"], event.get("appId"), metrics[0] if metrics else None)


def _assert_free(google: LocalGoogle, before: Traffic) -> None:
    """The caller has been looked up, and that was all."""
    assert google.traffic == Traffic(before.look_ups + 1, before.secret_reads, before.mints)


def _assert_full_quota(function: FunctionProcess, google: LocalGoogle, id_token: str) -> None:
    """The next call takes the caller's first unit."""
    answer = function.call(id_token, app_check_token=google.app_check_tokens.good())
    assert answer.result["quota"]["remaining"] == FULL_QUOTA - 1
