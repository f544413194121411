"""A good ID token is not enough when its sign-in has been ended since."""

import time
from collections.abc import Callable

import pytest

from support.google.identity_toolkit import User
from support.production.function_process import FunctionProcess, Refusal, StartFunction
from support.production.local_google import LocalGoogle, Traffic

REVOKED = Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_REVOKED")
DISABLED = Refusal(401, "UNAUTHENTICATED", "USER_DISABLED")

MakeUser = Callable[[LocalGoogle], str]


def _disabled(google: LocalGoogle) -> str:
    return google.sign_up(disabled=True)


def _signed_out_everywhere(google: LocalGoogle) -> str:
    return google.sign_up(valid_since=int(time.time()))


def _deleted(google: LocalGoogle) -> str:
    uid = google.sign_up()
    del google.identity.users[uid]
    return uid


@pytest.fixture(scope="module")
def trusting_function(start_function: StartFunction, google: LocalGoogle) -> FunctionProcess:
    return start_function({**google.key_file, "CHECK_REVOKED": "false"})


@pytest.mark.parametrize(
    ("make_user", "refusal"), [(_disabled, DISABLED), (_signed_out_everywhere, REVOKED), (_deleted, REVOKED)]
)
def test_an_ended_sign_in_is_refused_before_the_key_is_read(
    keyless_function: FunctionProcess, google: LocalGoogle, make_user: MakeUser, refusal: Refusal
) -> None:
    before = google.traffic

    answer = keyless_function.call(google.id_tokens.good(make_user(google)))

    assert answer.refusal == refusal
    assert google.traffic == Traffic(before.look_ups + 1, before.secret_reads, before.mints)


def test_a_sign_in_after_the_others_were_ended_is_good(function: FunctionProcess, google: LocalGoogle) -> None:
    uid = google.sign_up(valid_since=int(time.time()) - 600)

    assert function.call(google.id_tokens.good(uid)).http == 200


def test_a_user_who_is_disabled_between_two_calls_gets_no_second_token(
    function: FunctionProcess, google: LocalGoogle
) -> None:
    uid = google.sign_up()
    id_token = google.id_tokens.good(uid)
    assert function.call(id_token).http == 200

    google.identity.users[uid] = User(uid, disabled=True)

    assert function.call(id_token).refusal == DISABLED


@pytest.mark.parametrize("make_user", [_disabled, _signed_out_everywhere, _deleted])
def test_without_the_check_for_revocation_nobody_is_looked_up(
    trusting_function: FunctionProcess, google: LocalGoogle, make_user: MakeUser
) -> None:
    before = google.traffic

    answer = trusting_function.call(google.id_tokens.good(make_user(google)))

    assert answer.http == 200
    assert google.traffic.look_ups == before.look_ups
    assert google.traffic.mints == before.mints + 1


def test_without_the_check_for_revocation_a_forged_token_is_still_refused(
    trusting_function: FunctionProcess, google: LocalGoogle
) -> None:
    header, payload, _ = google.id_tokens.good(google.sign_up()).split(".")
    _, _, another_signature = google.id_tokens.good(google.sign_up()).split(".")

    answer = trusting_function.call(f"{header}.{payload}.{another_signature}")

    assert answer.refusal == Refusal(401, "UNAUTHENTICATED", "ID_TOKEN_INVALID")
