"""Who a profile is for, and which quota a caller has with it. No I/O.

A claim matches a value that it is, or that it holds as a list: RevenueCat writes the entitlements of a user as a list,
Stripe's extension writes one text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from live_tokens.issuing import NO_QUOTA, Caller, Quota

NOT_INCLUDED = "Your account does not include this."
"""What a user is told of a claim: claims are the operator's words."""

_PROVIDERS = {
    "apple.com": "Apple",
    "facebook.com": "Facebook",
    "github.com": "GitHub",
    "google.com": "Google",
    "microsoft.com": "Microsoft",
    "password": "an e-mail address and a password",
    "phone": "a phone number",
}
"""How an app calls its sign-in providers. Others are called by Firebase's own name."""

_KINDS = {
    "str": "text",
    "bool": "boolean",
    "int": "whole number",
    "float": "fraction",
    "NoneType": "null",
    "dict": "object",
}


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """What keeps a caller out.

    Attributes:
        message: a sentence for the user of the app.
        diagnosis: which rule it is, for the operator; of a claim the name and the type, never the value.
    """

    message: str
    diagnosis: str


@dataclass(frozen=True, slots=True)
class AllowRules:
    """The `[allow]` table of a profile. A caller must satisfy all of it.

    Attributes:
        anonymous: whether users without an account may use it.
        email_verified: whether the e-mail address must be verified.
        sign_in_providers: the accepted ones, or empty for all.
        claims: custom claim → accepted values. A claim that is a list must hold one of them.
    """

    anonymous: bool = False
    email_verified: bool = False
    sign_in_providers: frozenset[str] = frozenset()
    claims: Mapping[str, tuple[object, ...]] = field(default_factory=dict)

    def broken_by(self, caller: Caller) -> BrokenRule | None:
        """Return the rule that keeps the caller out, or None."""
        if caller.sign_in_provider == "anonymous" and not self.anonymous:
            return BrokenRule("Sign in with an account first.", "allow.anonymous: the user is anonymous")
        if self.email_verified and not caller.email_verified:
            return BrokenRule("Verify your e-mail address first.", "allow.email_verified: the address is not verified")
        if self.sign_in_providers and caller.sign_in_provider not in self.sign_in_providers:
            names = " or ".join(_PROVIDERS.get(name, name) for name in sorted(self.sign_in_providers))
            return BrokenRule(f"Sign in with {names}.", "allow.sign_in_providers: the user signed in with another one")
        for name, accepted in self.claims.items():
            if not any(_is_one_of(value, accepted) for value in _values_of(caller, name)):
                return BrokenRule(NOT_INCLUDED, f"allow.claims: {_unmatched(caller, name, accepted)}")
        return None


@dataclass(frozen=True, slots=True)
class QuotaRules:
    """The `[quota]` table of a profile.

    Attributes:
        quota: for callers without a plan of their own.
        plan_claim: the custom claim that names a caller's plan, or holds its name in a list.
        plans: value of that claim → quota, in the order of the file.
    """

    quota: Quota = NO_QUOTA
    plan_claim: str = "plan"
    plans: Mapping[str, Quota] = field(default_factory=dict)

    def of(self, caller: Caller) -> Quota:
        """Return the caller's quota. Of several plans that a claim names, the first one in the file counts."""
        values = _values_of(caller, self.plan_claim)
        return next((quota for name, quota in self.plans.items() if _is_one_of(name, values)), self.quota)

    def doubt_about(self, caller: Caller) -> str | None:
        """Return why the claim of a caller can name no plan at all, for the operator, or None if it can."""
        values = _values_of(caller, self.plan_claim)
        if not self.plans or not values or any(isinstance(value, str) for value in values):
            return None
        return f"quota.plan_claim: {_unmatched(caller, self.plan_claim, tuple(self.plans))}"


def _values_of(caller: Caller, claim: str) -> tuple[object, ...]:
    """Return what a claim says: its value, or those of a list. A claim that is null says nothing."""
    value = caller.claims.get(claim)
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def _is_one_of(value: object, accepted: tuple[object, ...]) -> bool:
    """Compare with the type: in Python, True is 1."""
    return any(type(value) is type(other) and value == other for other in accepted)


def _unmatched(caller: Caller, claim: str, accepted: tuple[object, ...]) -> str:
    """Return what type a claim has that matches nothing, and whether it ever could."""
    if claim not in caller.claims:
        return f"the claim `{claim}` is missing"
    value, values = caller.claims[claim], _values_of(caller, claim)
    kind = _kind(value)
    if isinstance(value, list):
        kind = f"list of {' and '.join(sorted({_kind(item) for item in value})) or 'nothing'}"
    diagnosis = f"the claim `{claim}` is of the type {kind}"
    if not values or {type(item) for item in values} & {type(item) for item in accepted}:
        return f"{diagnosis} and has none of the accepted values"
    return f"{diagnosis}, which never matches {' or '.join(sorted({_kind(item) for item in accepted}))}"


def _kind(value: object) -> str:
    name = type(value).__name__
    return _KINDS.get(name, name)
