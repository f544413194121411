"""`issuing`: the order of decisions, what a refusal leaves out, and nouns that keep their secrets."""

import dataclasses
import time
from datetime import timedelta

import pytest

from function.fake_ports import FakePorts
from function.made_up import (
    ANONYMOUS,
    APP_CHECK_TOKEN,
    ATTESTATION,
    CALLER,
    CREDENTIALS,
    HANDLE,
    ID_TOKEN,
    ISSUED_AT,
    KEY,
    LEASE,
    LIVE_TOKEN,
    NEW_KEY,
    OFF,
    PROFILE,
    QUOTA_STATE,
)
from live_tokens.choices import Choice
from live_tokens.deadline import Deadline
from live_tokens.errors import (
    ApiKeyRejected,
    ApiKeyUnavailable,
    AppCheckInvalid,
    AppCheckMissing,
    AppCheckReplayed,
    AppCheckUnavailable,
    DailyQuotaExceeded,
    GeminiRateLimited,
    GeminiUnavailable,
    HourlyQuotaExceeded,
    IdentityUnavailable,
    IdTokenExpired,
    InternalFault,
    MalformedRequest,
    NotSignedIn,
    ProfileNotAllowed,
    QuotaUnavailable,
    ServicePaused,
    TokenNotIssued,
    Unavailable,
    UnknownProfile,
    UserBlocked,
    UserNotAllowed,
)
from live_tokens.issuing import CALL_SECONDS, NO_QUOTA, STEP_SECONDS, EndRequest, IssueRequest, Quota, Record

REQUEST = IssueRequest(ID_TOKEN, APP_CHECK_TOKEN)
RESUMING = IssueRequest(ID_TOKEN, APP_CHECK_TOKEN, "default", HANDLE)
ORDER = ["verify", "attest", "find profile", "spend", "read key", "mint"]
WAIT = timedelta(minutes=3)


def test_the_lease_bounds_the_token_and_is_recorded() -> None:
    ports, record = FakePorts(lease=LEASE), Record()
    ports.issuer().issue(REQUEST, record)
    assert ports.leases == [LEASE]
    assert record.lease == LEASE


def test_the_second_mint_after_a_rejected_key_has_the_same_lease() -> None:
    ports = FakePorts(lease=LEASE, mints=(ApiKeyRejected(), LIVE_TOKEN))
    ports.issuer().issue(REQUEST, Record())
    assert ports.leases == [LEASE, LEASE]


def test_a_session_is_ended_for_a_verified_caller_in_an_attested_app_only() -> None:
    for ports in (FakePorts(caller=IdTokenExpired()), FakePorts(attestation=AppCheckMissing())):
        with pytest.raises(NotSignedIn):
            ports.issuer().end(EndRequest(ID_TOKEN, None, "session-1"), Record())
        assert ports.ended == []


def test_the_order_is_verify_attest_find_the_profile_spend_read_the_key_mint() -> None:
    ports = FakePorts()
    assert ports.issuer().issue(REQUEST, Record()) is LIVE_TOKEN
    assert ports.calls == ORDER


@pytest.mark.parametrize(
    ("ports", "last"),
    [
        *(
            (FakePorts(caller=refusal), "verify")
            for refusal in (IdTokenExpired(), UserNotAllowed("No tenants."), IdentityUnavailable())
        ),
        *(
            (FakePorts(attestation=refusal), "attest")
            for refusal in (AppCheckMissing(), AppCheckInvalid(), AppCheckReplayed(), AppCheckUnavailable())
        ),
        *(
            (FakePorts(profile=refusal), "find profile")
            for refusal in (UnknownProfile(), ProfileNotAllowed(), UserNotAllowed("No anonymous users."))
        ),
        *(
            (FakePorts(quota=refusal), "spend")
            for refusal in (
                HourlyQuotaExceeded(WAIT, ISSUED_AT),
                DailyQuotaExceeded(WAIT, ISSUED_AT),
                ServicePaused(None, None, "switch: service"),
                UserBlocked(None, WAIT),
                QuotaUnavailable(),
            )
        ),
        (FakePorts(key=ApiKeyUnavailable()), "read key"),
        *(
            (FakePorts(mints=(refusal,)), "mint")
            for refusal in (GeminiUnavailable(), GeminiRateLimited(), InternalFault(), RuntimeError())
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_happens_after_a_refusal(ports: FakePorts, last: str) -> None:
    outcomes = (ports.caller, ports.attestation, ports.profile, ports.quota, ports.key, *ports.mints)
    chosen = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    with pytest.raises(type(chosen[0])) as refusal:
        ports.issuer().issue(REQUEST, Record())
    assert [refusal.value] == chosen
    assert ports.calls == ORDER[: ORDER.index(last) + 1]


@pytest.mark.parametrize(("name", "kind"), [("no-such", ProfileNotAllowed), ("No such", UnknownProfile)])
def test_a_profile_that_there_is_not_spends_nothing(name: str, kind: type[TokenNotIssued]) -> None:
    ports = FakePorts()
    with pytest.raises(kind):
        ports.issuer().issue(IssueRequest(ID_TOKEN, profile=name), Record())
    assert ports.calls == ["verify", "attest", "find profile"]


def test_a_profile_that_is_not_for_the_caller_spends_nothing() -> None:
    ports = FakePorts(caller=ANONYMOUS)
    with pytest.raises(UserNotAllowed):
        ports.issuer().issue(REQUEST, Record())
    assert ports.calls == ["verify", "attest", "find profile"]


def test_a_choice_that_is_not_offered_spends_nothing() -> None:
    ports = FakePorts(choices={"voice": Choice(("Kore", "Puck"), ("voice",))})
    with pytest.raises(MalformedRequest):
        ports.issuer().issue(IssueRequest(ID_TOKEN, choices={"voice": "Charon"}), Record())
    assert ports.calls == ["verify", "attest", "find profile"]


def test_what_is_chosen_is_minted_resumed_and_recorded() -> None:
    ports, record = FakePorts(choices={"voice": Choice(("Kore", "Puck"), ("voice",))}), Record()
    ports.issuer().issue(dataclasses.replace(RESUMING, choices={"voice": "Puck"}), record)
    ((_, minted, handle),) = ports.minted
    assert (minted.config["voice"], handle) == ("Puck", HANDLE)
    assert record.profile == minted
    assert minted.chosen == {"voice": "Puck"}


@pytest.mark.parametrize("ports", [FakePorts(caller=IdTokenExpired()), FakePorts(attestation=AppCheckInvalid())])
def test_who_is_not_signed_in_with_a_good_app_does_not_learn_which_profiles_exist(ports: FakePorts) -> None:
    with pytest.raises(NotSignedIn):
        ports.issuer().issue(IssueRequest(ID_TOKEN, profile="no-such"), Record())
    assert ports.found == []


@pytest.mark.parametrize("ports", [FakePorts(key=ApiKeyUnavailable()), FakePorts(mints=(GeminiUnavailable(),))])
def test_an_outage_after_the_spending_has_cost_the_caller_one_and_no_more(ports: FakePorts) -> None:
    with pytest.raises(Unavailable):
        ports.issuer().issue(REQUEST, Record())
    assert ports.spent == [(CALLER, PROFILE)]


def test_a_second_mint_with_a_new_key_costs_nothing_more() -> None:
    ports = FakePorts(mints=(ApiKeyRejected(), LIVE_TOKEN))
    ports.issuer().issue(REQUEST, Record())
    assert ports.spent == [(CALLER, PROFILE)]


def test_each_port_gets_its_part_of_the_request() -> None:
    ports = FakePorts()
    ports.issuer().issue(RESUMING, Record())
    assert ports.verified == [ID_TOKEN]
    assert ports.attested == [APP_CHECK_TOKEN]
    assert ports.found == [("default", CALLER)]
    assert ports.spent == [(CALLER, PROFILE)]
    assert ports.minted == [(KEY, PROFILE, HANDLE)]


def test_without_an_app_check_token_app_check_decides_what_that_means() -> None:
    ports = FakePorts()
    ports.issuer().issue(IssueRequest(ID_TOKEN), Record())
    assert ports.attested == [None]


def test_what_is_minted_and_spent_is_the_profile_as_it_is_for_the_caller() -> None:
    profile = dataclasses.replace(PROFILE, config={"system_instruction": "You talk to {uid}."}, quota=Quota(per_hour=1))
    ports = FakePorts(profile=profile)
    ports.issuer().issue(REQUEST, Record())
    filled = dataclasses.replace(profile, config={"system_instruction": "You talk to user-1."})
    assert ports.spent == [(CALLER, filled)]
    assert ports.minted == [(KEY, filled, None)]


def test_a_key_that_gemini_refuses_is_read_again_and_the_new_one_mints() -> None:
    ports = FakePorts(mints=(ApiKeyRejected(), LIVE_TOKEN))
    record = Record()
    assert ports.issuer().issue(RESUMING, record) is LIVE_TOKEN
    assert ports.calls == [*ORDER, "read key again", "mint"]
    assert ports.refused == [KEY]
    assert ports.minted == [(KEY, PROFILE, HANDLE), (NEW_KEY, PROFILE, HANDLE)]
    assert record.secret_version == NEW_KEY.version


def test_a_refused_key_that_is_still_the_stored_one_is_not_tried_again() -> None:
    same_key_as_another_version = dataclasses.replace(KEY, version="projects/p/secrets/s/versions/2")
    ports = FakePorts(mints=(ApiKeyRejected(),), replacement=same_key_as_another_version)
    with pytest.raises(ApiKeyRejected):
        ports.issuer().issue(REQUEST, Record())
    assert ports.calls == [*ORDER, "read key again"]


def test_one_request_mints_at_most_twice() -> None:
    ports = FakePorts(mints=(ApiKeyRejected("first"), ApiKeyRejected("second")))
    with pytest.raises(ApiKeyRejected) as refusal:
        ports.issuer().issue(REQUEST, Record())
    assert refusal.value.diagnosis == "second"
    assert ports.calls == [*ORDER, "read key again", "mint"]


def test_a_refused_key_without_a_readable_replacement_is_an_unavailable_key() -> None:
    ports = FakePorts(mints=(ApiKeyRejected(),), replacement=ApiKeyUnavailable())
    with pytest.raises(ApiKeyUnavailable):
        ports.issuer().issue(REQUEST, Record())
    assert ports.calls == [*ORDER, "read key again"]


STEPS = ["verify", "attest", "findProfile", "spend", "readKey", "mint"]


def test_the_record_of_a_success_holds_everything() -> None:
    record = Record()
    FakePorts(attestation=ATTESTATION, quota=QUOTA_STATE).issuer().issue(RESUMING, record)
    assert list(record.milliseconds) == STEPS
    record.milliseconds.clear()
    assert record == Record(
        requested_profile="default",
        resumes=True,
        caller=CALLER,
        attestation=ATTESTATION,
        profile=PROFILE,
        quota=QUOTA_STATE,
        secret_version=KEY.version,
        live_token=LIVE_TOKEN,
    )


def known(**more: object) -> Record:
    """A record of the default profile, with more in it."""
    return dataclasses.replace(Record("default"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ports", "request_", "left_behind", "steps"),
    [
        (FakePorts(caller=IdTokenExpired()), RESUMING, known(resumes=True), 1),
        (FakePorts(caller=IdTokenExpired()), REQUEST, known(), 1),
        (FakePorts(attestation=AppCheckInvalid()), REQUEST, known(caller=CALLER), 2),
        (
            FakePorts(attestation=ATTESTATION),
            IssueRequest(ID_TOKEN, APP_CHECK_TOKEN, "no-such"),
            known(requested_profile="no-such", caller=CALLER, attestation=ATTESTATION),
            3,
        ),
        (
            FakePorts(quota=HourlyQuotaExceeded(WAIT, ISSUED_AT)),
            REQUEST,
            known(caller=CALLER, attestation=OFF, profile=PROFILE),
            4,
        ),
        (
            FakePorts(quota=QUOTA_STATE, key=ApiKeyUnavailable()),
            REQUEST,
            known(caller=CALLER, attestation=OFF, profile=PROFILE, quota=QUOTA_STATE),
            5,
        ),
        (
            FakePorts(quota=QUOTA_STATE, mints=(GeminiUnavailable(),)),
            REQUEST,
            known(caller=CALLER, attestation=OFF, profile=PROFILE, quota=QUOTA_STATE, secret_version=KEY.version),
            6,
        ),
    ],
    ids=["expired, resuming", "expired", "bad app", "no such profile", "no quota", "no key", "no mint"],
)
def test_a_refusal_leaves_a_record_of_what_was_known(
    ports: FakePorts, request_: IssueRequest, left_behind: Record, steps: int
) -> None:
    record = Record()
    with pytest.raises(TokenNotIssued):
        ports.issuer().issue(request_, record)
    assert list(record.milliseconds) == STEPS[:steps]
    record.milliseconds.clear()
    assert record == left_behind


def test_a_step_taken_twice_adds_up() -> None:
    record = Record(milliseconds={"mint": 1_000.0})
    with record.step("mint"):
        pass
    assert record.milliseconds["mint"] > 1_000.0


@pytest.mark.parametrize(
    "noun",
    [RESUMING, KEY, LIVE_TOKEN, Record(live_token=LIVE_TOKEN)],
    ids=lambda noun: type(noun).__name__,
)
def test_no_noun_shows_a_credential(noun: object) -> None:
    shown = f"{noun} {noun!r}"
    assert type(noun).__name__ in shown
    assert [credential for credential in CREDENTIALS if credential in shown] == []


@pytest.mark.parametrize(
    "noun",
    [REQUEST, CALLER, OFF, QUOTA_STATE, NO_QUOTA, PROFILE, KEY, LIVE_TOKEN],
    ids=lambda noun: type(noun).__name__,
)
def test_nouns_do_not_change(noun: IssueRequest) -> None:
    name = dataclasses.fields(noun)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(noun, name, "changed")


# --- time


def test_every_step_has_its_share_of_the_call() -> None:
    ports = FakePorts(mints=(ApiKeyRejected(), LIVE_TOKEN))
    before = time.monotonic()
    ports.issuer().issue(REQUEST, Record(deadline=Deadline(before + 600)))
    shares = [deadline.at - before for deadline in ports.deadlines]
    asked = ["verify", "attest", "spend", "readKey", "mint", "readKey", "mint"]
    assert ports.calls == [*ORDER, "read key again", "mint"]
    for share, step in zip(shares, asked, strict=True):
        assert STEP_SECONDS[step] <= share < 600  # type: ignore[index]  # the names of steps


def test_no_step_outlives_the_call() -> None:
    ports, over = FakePorts(mints=(ApiKeyRejected(), LIVE_TOKEN)), Deadline.after(1)
    ports.issuer().issue(REQUEST, Record(deadline=over))
    assert set(ports.deadlines) == {over}


def test_the_shares_of_all_steps_fit_into_a_call() -> None:
    assert sum(STEP_SECONDS.values()) <= CALL_SECONDS
