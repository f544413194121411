"""`profile_access`: who keeps all of the rules, and whose plan gives which quota."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.made_up import ANONYMOUS, CALLER
from live_tokens.issuing import NO_QUOTA, Caller, Quota
from live_tokens.profile_access import NOT_INCLUDED, AllowRules, BrokenRule, QuotaRules

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
    assert AllowRules().broken_by(ANONYMOUS) == BrokenRule(
        "Sign in with an account first.", "allow.anonymous: the user is anonymous"
    )


def test_anonymous_users_may_where_they_are_allowed() -> None:
    assert AllowRules(anonymous=True).broken_by(ANONYMOUS) is None
    assert AllowRules(anonymous=True).broken_by(CALLER) is None


@pytest.mark.parametrize("provider", ["anonymous ", "Anonymous", "", "custom"])
def test_only_firebases_own_word_means_anonymous(provider: str) -> None:
    assert AllowRules().broken_by(signed_in_with(provider)) is None


def test_an_address_must_be_verified_where_it_is_asked_for() -> None:
    rules = AllowRules(email_verified=True)
    assert rules.broken_by(CALLER) == BrokenRule(
        "Verify your e-mail address first.", "allow.email_verified: the address is not verified"
    )
    assert rules.broken_by(VERIFIED) is None


@pytest.mark.parametrize(("provider", "accepted"), [("google.com", True), ("apple.com", True), ("password", False)])
def test_only_the_named_providers_are_accepted(provider: str, accepted: bool) -> None:
    rules = AllowRules(sign_in_providers=frozenset({"google.com", "apple.com"}))
    broken = rules.broken_by(signed_in_with(provider))
    diagnosis = "allow.sign_in_providers: the user signed in with another one"
    assert broken == (None if accepted else BrokenRule("Sign in with Apple or Google.", diagnosis))


def test_a_provider_that_few_know_is_called_as_firebase_calls_it() -> None:
    broken = AllowRules(sign_in_providers=frozenset({"oidc.school", "password"})).broken_by(signed_in_with("phone"))
    assert broken is not None
    assert broken.message == "Sign in with oidc.school or an e-mail address and a password."


@pytest.mark.parametrize(
    ("value", "accepted", "may"),
    [
        ("pro", ("pro",), True),
        ("pro", ("school", "pro"), True),
        ("Pro", ("pro",), False),
        ("pro ", ("pro",), False),
        ("", ("pro",), False),
        (None, ("pro",), False),
        (["pro"], ("pro",), True),
        (["free", "pro"], ("school", "pro"), True),
        (["pro", 7, None, {"pro": True}], ("pro",), True),
        ([7], (7,), True),
        ([True], (True,), True),
        (["free"], ("pro",), False),
        (["Pro"], ("pro",), False),
        ([], ("pro",), False),
        ([["pro"]], ("pro",), False),
        ([{"id": "pro"}], ("pro",), False),
        ([True], (1,), False),
        ([1], (True,), False),
        ([7.0], (7,), False),
        ([None], (False,), False),
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
    assert (broken is None) == may


def test_a_claim_that_is_missing_is_none_of_the_accepted_values() -> None:
    assert AllowRules(claims={"plan": ("pro",)}).broken_by(claiming(plans="pro", Plan="pro")) is not None


def test_every_claim_must_be_accepted() -> None:
    rules = AllowRules(claims={"plan": ("pro",), "tester": (True,)})
    assert rules.broken_by(claiming(plan="pro", tester=True)) is None
    missing = "allow.claims: the claim `{}` is missing"
    for claims, claim in (({"plan": "pro"}, "tester"), ({"tester": True}, "plan")):
        assert rules.broken_by(claiming(**claims)) == BrokenRule(NOT_INCLUDED, missing.format(claim))


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


@pytest.mark.parametrize(
    ("value", "diagnosis"),
    [
        ("free", "text and has none of the accepted values"),
        (["free", 7], "list of text and whole number and has none of the accepted values"),
        (None, "null and has none of the accepted values"),
        ([], "list of nothing and has none of the accepted values"),
        (7, "whole number, which never matches boolean or text"),
        (7.5, "fraction, which never matches boolean or text"),
        ({"free": True}, "object, which never matches boolean or text"),
        ([{"free": 7}, ["free"]], "list of list and object, which never matches boolean or text"),
        ([None], "list of null, which never matches boolean or text"),
    ],
)
def test_a_broken_rule_names_claim_and_type_and_repeats_nothing_of_what_the_caller_claims(
    value: object, diagnosis: str
) -> None:
    broken = AllowRules(claims={"plan": ("pro", True)}).broken_by(claiming(plan=value))
    assert broken == BrokenRule(NOT_INCLUDED, f"allow.claims: the claim `plan` is of the type {diagnosis}")


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
        ({"plan": ["pro"]}, PRO),
        ({"plan": ["free", "pro"]}, PRO),
        ({"plan": [{"pro": True}, "pro"]}, PRO),
        ({"plan": []}, BASE),
        ({"plan": ["free"]}, BASE),
        ({"plan": [["pro"]]}, BASE),
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


@pytest.mark.parametrize("claimed", [["basic", "pro"], ["pro", "basic"], ["other", "basic", "pro"]])
@pytest.mark.parametrize("order", [("pro", "basic"), ("basic", "pro")])
def test_of_several_plans_the_first_of_the_file_counts(order: tuple[str, str], claimed: list[str]) -> None:
    plans = {"basic": Quota(per_hour=30), "pro": PRO}
    rules = QuotaRules(BASE, plans={name: plans[name] for name in order})
    assert rules.of(claiming(plan=claimed)) == plans[order[0]]


@pytest.mark.parametrize(
    ("value", "doubt"),
    [
        ("free", None),
        (["free"], None),
        ([{}, "free"], None),
        (None, None),
        ([], None),
        (7, "whole number"),
        (True, "boolean"),
        (1.5, "fraction"),
        ({"pro": True}, "object"),
        ([{"id": "pro"}], "list of object"),
        ([["pro"]], "list of list"),
    ],
)
def test_a_plan_claim_of_a_type_that_names_no_plan_is_doubted_without_its_value(
    value: object, doubt: str | None
) -> None:
    told = doubt and f"quota.plan_claim: the claim `plan` is of the type {doubt}, which never matches text"
    assert QuotaRules(BASE, plans={"pro": PRO}).doubt_about(claiming(plan=value)) == told


def test_where_there_is_no_plan_no_claim_is_doubted() -> None:
    assert QuotaRules(BASE).doubt_about(claiming(plan=7)) is None
    assert QuotaRules(BASE, plans={"pro": PRO}).doubt_about(CALLER) is None


# --- as others write claims

PREMIUM = AllowRules(claims={"revenueCatEntitlements": ("premium",)})
STRIPE = QuotaRules(BASE, plan_claim="stripeRole", plans={"premium": PRO})


@pytest.mark.parametrize(
    ("entitlements", "may"), [(["premium"], True), (["basic", "premium"], True), (["basic"], False), ([], False)]
)
def test_an_entitlement_of_revenuecat_opens_a_profile(entitlements: list[str], may: bool) -> None:
    assert (PREMIUM.broken_by(claiming(revenueCatEntitlements=entitlements)) is None) == may


def test_a_role_of_stripe_is_a_plan() -> None:
    assert STRIPE.of(claiming(stripeRole="premium")) == PRO
    assert STRIPE.of(claiming(stripeRole="basic")) == BASE
    assert STRIPE.of(CALLER) == BASE
