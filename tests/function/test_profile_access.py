"""`profile_access`: who keeps all of the rules, and whose plan gives which quota."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.made_up import ANONYMOUS, CALLER
from live_tokens.issuing import NO_QUOTA, Caller, Quota
from live_tokens.profile_access import AllowRules, QuotaRules

VERIFIED = replace(CALLER, email_verified=True)
BASE = Quota(per_hour=20, per_day=60)
PRO = Quota(per_hour=60, per_day=300)


def claiming(**claims: object) -> Caller:
    return replace(CALLER, claims=claims)


def signed_in_with(provider: str) -> Caller:
    return replace(CALLER, sign_in_provider=provider)


# --- who may


def test_without_rules_every_account_may_and_anonymous_users_may_not() -> None:
    assert AllowRules().broken_by(CALLER) is None
    assert AllowRules().broken_by(signed_in_with("unknown")) is None
    assert AllowRules().broken_by(ANONYMOUS) == "Anonymous users are not accepted: sign in with an account."


def test_anonymous_users_may_where_they_are_allowed() -> None:
    assert AllowRules(anonymous=True).broken_by(ANONYMOUS) is None
    assert AllowRules(anonymous=True).broken_by(CALLER) is None


@pytest.mark.parametrize("provider", ["anonymous ", "Anonymous", "", "custom"])
def test_only_firebases_own_word_means_anonymous(provider: str) -> None:
    assert AllowRules().broken_by(signed_in_with(provider)) is None


def test_an_address_must_be_verified_where_it_is_asked_for() -> None:
    rules = AllowRules(email_verified=True)
    assert rules.broken_by(CALLER) == "The e-mail address must be verified first."
    assert rules.broken_by(VERIFIED) is None


@pytest.mark.parametrize(("provider", "accepted"), [("google.com", True), ("apple.com", True), ("password", False)])
def test_only_the_named_providers_are_accepted(provider: str, accepted: bool) -> None:
    rules = AllowRules(sign_in_providers=frozenset({"google.com", "apple.com"}))
    broken = rules.broken_by(signed_in_with(provider))
    assert broken == (None if accepted else "The sign-in must be with apple.com, google.com.")


@pytest.mark.parametrize(
    ("value", "accepted", "may"),
    [
        ("pro", ("pro",), True),
        ("pro", ("school", "pro"), True),
        ("Pro", ("pro",), False),
        ("pro ", ("pro",), False),
        ("", ("pro",), False),
        (None, ("pro",), False),
        (["pro"], ("pro",), False),
        ({"pro": True}, ("pro",), False),
        (True, (True,), True),
        (False, (False,), True),
        (False, (True,), False),
        (7, (7,), True),
        (7.0, (7,), False),
        (True, (1,), False),
        (1, (True,), False),
        (0, (False,), False),
        ("true", (True,), False),
        ("1", (1,), False),
        (1, ("1",), False),
        (None, (False,), False),
    ],
)
def test_a_claim_must_be_one_of_the_accepted_values_in_its_own_type(
    value: object, accepted: tuple[object, ...], may: bool
) -> None:
    broken = AllowRules(claims={"plan": accepted}).broken_by(claiming(plan=value))
    assert broken == (None if may else "The claim `plan` of the account does not allow it.")


def test_a_claim_that_is_missing_is_none_of_the_accepted_values() -> None:
    assert AllowRules(claims={"plan": ("pro",)}).broken_by(claiming(plans="pro", Plan="pro")) is not None


def test_every_claim_must_be_accepted() -> None:
    rules = AllowRules(claims={"plan": ("pro",), "tester": (True,)})
    assert rules.broken_by(claiming(plan="pro", tester=True)) is None
    assert rules.broken_by(claiming(plan="pro")) == "The claim `tester` of the account does not allow it."
    assert rules.broken_by(claiming(tester=True)) == "The claim `plan` of the account does not allow it."


@given(
    provider=st.sampled_from(["google.com", "password", "anonymous"]),
    email_verified=st.booleans(),
    plan=st.sampled_from(["pro", "free", None]),
)
def test_a_caller_must_keep_all_of_the_rules(provider: str, email_verified: bool, plan: str | None) -> None:
    strict = AllowRules(email_verified=True, sign_in_providers=frozenset({"google.com"}), claims={"plan": ("pro",)})
    caller = Caller("user-1", provider, email_verified, {"plan": plan})
    welcome = (provider, email_verified, plan) == ("google.com", True, "pro")
    assert (strict.broken_by(caller) is None) == welcome


@pytest.mark.parametrize("value", ["free", "{plan}", 7, True, ["free"]])
def test_a_broken_rule_does_not_repeat_what_the_caller_claims(value: object) -> None:
    broken = AllowRules(claims={"plan": ("pro-only",)}).broken_by(claiming(plan=value))
    assert broken == "The claim `plan` of the account does not allow it."


# --- how many


def test_without_rules_there_is_no_quota() -> None:
    assert QuotaRules().of(CALLER) == NO_QUOTA


@pytest.mark.parametrize(
    ("claims", "quota"),
    [
        ({"plan": "pro"}, PRO),
        ({}, BASE),
        ({"plan": "free"}, BASE),
        ({"plan": "Pro"}, BASE),
        ({"plan": ""}, BASE),
        ({"plan": None}, BASE),
        ({"plan": True}, BASE),
        ({"plan": 1}, BASE),
        ({"plan": ["pro"]}, BASE),
        ({"plan": {"pro": True}}, BASE),
        ({"tier": "pro"}, BASE),
    ],
)
def test_a_plan_is_named_by_its_claim_and_nothing_else(claims: dict[str, object], quota: Quota) -> None:
    assert QuotaRules(BASE, plans={"pro": PRO}).of(claiming(**claims)) == quota


def test_the_claim_may_have_another_name() -> None:
    rules = QuotaRules(BASE, plan_claim="tier", plans={"pro": PRO})
    assert rules.of(claiming(tier="pro")) == PRO
    assert rules.of(claiming(plan="pro")) == BASE
