"""`issuing`: the order of decisions, what a refusal leaves out, and nouns that keep their secrets."""

import dataclasses

import pytest

from live_tokens.errors import (
    ApiKeyRejected,
    ApiKeyUnavailable,
    GeminiRateLimited,
    GeminiUnavailable,
    IdentityUnavailable,
    IdTokenExpired,
    IdTokenMissing,
    InternalFault,
    TokenNotIssued,
    UnknownProfile,
    UserNotAllowed,
)
from live_tokens.issuing import IssueRequest, Record
from unit.fake_ports import FakePorts
from unit.made_up import CALLER, CREDENTIALS, HANDLE, ID_TOKEN, KEY, LIVE_TOKEN, NEW_KEY, PROFILE

REQUEST = IssueRequest(id_token=ID_TOKEN)


def test_the_order_is_verify_then_read_the_key_then_mint() -> None:
    ports = FakePorts()
    assert ports.issuer().issue(REQUEST, Record()) is LIVE_TOKEN
    assert ports.calls == ["verify", "read key", "mint"]


@pytest.mark.parametrize(
    ("ports", "calls"),
    [
        (FakePorts(caller=IdTokenExpired()), ["verify"]),
        (FakePorts(caller=UserNotAllowed()), ["verify"]),
        (FakePorts(caller=IdentityUnavailable()), ["verify"]),
        (FakePorts(key=ApiKeyUnavailable()), ["verify", "read key"]),
        (FakePorts(mints=(GeminiUnavailable(),)), ["verify", "read key", "mint"]),
        (FakePorts(mints=(GeminiRateLimited(),)), ["verify", "read key", "mint"]),
        (FakePorts(mints=(InternalFault(),)), ["verify", "read key", "mint"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_nothing_happens_after_a_refusal(ports: FakePorts, calls: list[str]) -> None:
    chosen = [outcome for outcome in (ports.caller, ports.key, *ports.mints) if isinstance(outcome, Exception)]
    with pytest.raises(TokenNotIssued) as refusal:
        ports.issuer().issue(REQUEST, Record())
    assert [refusal.value] == chosen
    assert ports.calls == calls


def test_without_an_id_token_nobody_is_asked() -> None:
    ports = FakePorts()
    with pytest.raises(IdTokenMissing):
        ports.issuer().issue(IssueRequest(id_token=None), Record())
    assert ports.calls == []


def test_an_unknown_profile_reads_no_key() -> None:
    ports = FakePorts()
    with pytest.raises(UnknownProfile):
        ports.issuer().issue(IssueRequest(ID_TOKEN, profile="no-such"), Record())
    assert ports.calls == ["verify"]


def test_who_is_not_signed_in_does_not_learn_which_profiles_exist() -> None:
    ports = FakePorts(caller=IdTokenExpired())
    with pytest.raises(IdTokenExpired):
        ports.issuer().issue(IssueRequest(ID_TOKEN, profile="no-such"), Record())


def test_the_minter_gets_the_current_key_the_profile_asked_for_and_the_handle() -> None:
    ports = FakePorts()
    ports.issuer().issue(IssueRequest(ID_TOKEN, "default", HANDLE), Record())
    assert ports.verified == [ID_TOKEN]
    assert ports.minted == [(KEY, PROFILE, HANDLE)]


def test_a_key_that_gemini_refuses_is_read_again_and_the_new_one_mints() -> None:
    ports = FakePorts(mints=(ApiKeyRejected(), LIVE_TOKEN))
    record = Record()
    assert ports.issuer().issue(IssueRequest(ID_TOKEN, "default", HANDLE), record) is LIVE_TOKEN
    assert ports.calls == ["verify", "read key", "mint", "read key again", "mint"]
    assert ports.refused == [KEY]
    assert ports.minted == [(KEY, PROFILE, HANDLE), (NEW_KEY, PROFILE, HANDLE)]
    assert record.secret_version == NEW_KEY.version


def test_a_refused_key_that_is_still_the_stored_one_is_not_tried_again() -> None:
    same_key_as_another_version = dataclasses.replace(KEY, version="projects/p/secrets/s/versions/2")
    ports = FakePorts(mints=(ApiKeyRejected(),), replacement=same_key_as_another_version)
    with pytest.raises(ApiKeyRejected):
        ports.issuer().issue(REQUEST, Record())
    assert ports.calls == ["verify", "read key", "mint", "read key again"]


def test_one_request_mints_at_most_twice() -> None:
    ports = FakePorts(mints=(ApiKeyRejected("first"), ApiKeyRejected("second")))
    with pytest.raises(ApiKeyRejected) as refusal:
        ports.issuer().issue(REQUEST, Record())
    assert refusal.value.diagnosis == "second"
    assert ports.calls == ["verify", "read key", "mint", "read key again", "mint"]


def test_a_refused_key_without_a_readable_replacement_is_an_unavailable_key() -> None:
    ports = FakePorts(mints=(ApiKeyRejected(),), replacement=ApiKeyUnavailable())
    with pytest.raises(ApiKeyUnavailable):
        ports.issuer().issue(REQUEST, Record())
    assert ports.calls == ["verify", "read key", "mint", "read key again"]


def test_the_record_of_a_success_holds_everything() -> None:
    record = Record()
    FakePorts().issuer().issue(IssueRequest(ID_TOKEN, "default", HANDLE), record)
    assert set(record.milliseconds) == {"verify", "readKey", "mint"}
    record.milliseconds.clear()
    assert record == Record(
        requested_profile="default",
        resumes=True,
        caller=CALLER,
        profile=PROFILE,
        secret_version=KEY.version,
        live_token=LIVE_TOKEN,
    )


@pytest.mark.parametrize(
    ("ports", "request_", "left_behind", "steps"),
    [
        (FakePorts(), IssueRequest(None, "default", HANDLE), Record("default", resumes=True), ["verify"]),
        (FakePorts(caller=IdTokenExpired()), REQUEST, Record("default"), ["verify"]),
        (FakePorts(), IssueRequest(ID_TOKEN, "no-such"), Record("no-such", caller=CALLER), ["verify"]),
        (
            FakePorts(key=ApiKeyUnavailable()),
            REQUEST,
            Record("default", caller=CALLER, profile=PROFILE),
            ["verify", "readKey"],
        ),
        (
            FakePorts(mints=(GeminiUnavailable(),)),
            REQUEST,
            Record("default", caller=CALLER, profile=PROFILE, secret_version=KEY.version),
            ["verify", "readKey", "mint"],
        ),
    ],
    ids=["no ID token", "expired", "unknown profile", "no key", "no mint"],
)
def test_a_refusal_leaves_a_record_of_what_was_known(
    ports: FakePorts, request_: IssueRequest, left_behind: Record, steps: list[str]
) -> None:
    record = Record()
    with pytest.raises(TokenNotIssued):
        ports.issuer().issue(request_, record)
    assert list(record.milliseconds) == steps
    record.milliseconds.clear()
    assert record == left_behind


def test_a_step_taken_twice_adds_up() -> None:
    record = Record(milliseconds={"mint": 1_000.0})
    with record.step("mint"):
        pass
    assert record.milliseconds["mint"] > 1_000.0


@pytest.mark.parametrize(
    "noun",
    [IssueRequest(ID_TOKEN, "default", HANDLE), KEY, LIVE_TOKEN, Record(live_token=LIVE_TOKEN)],
    ids=lambda noun: type(noun).__name__,
)
def test_no_noun_shows_a_credential(noun: object) -> None:
    shown = f"{noun} {noun!r}"
    assert type(noun).__name__ in shown
    assert [credential for credential in CREDENTIALS if credential in shown] == []


@pytest.mark.parametrize("noun", [REQUEST, CALLER, PROFILE, KEY, LIVE_TOKEN], ids=lambda noun: type(noun).__name__)
def test_nouns_do_not_change(noun: IssueRequest) -> None:
    name = dataclasses.fields(noun)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(noun, name, "changed")
