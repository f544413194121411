"""Who a profile is for, and which quota a caller has with it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from live_tokens.issuing import NO_QUOTA, Caller, Quota


@dataclass(frozen=True, slots=True)
class AllowRules:
    """The `[allow]` table of a profile. A caller must satisfy all of it.

    Attributes:
        anonymous: whether users without an account may use it.
        email_verified: whether the e-mail address must be verified.
        sign_in_providers: the accepted ones, or empty for all.
        claims: custom claim → accepted values.
    """

    anonymous: bool = False
    email_verified: bool = False
    sign_in_providers: frozenset[str] = frozenset()
    claims: Mapping[str, tuple[object, ...]] = field(default_factory=dict)

    def broken_by(self, caller: Caller) -> str | None:
        """Return the rule that keeps the caller out, a sentence for them, or None."""
        if caller.sign_in_provider == "anonymous" and not self.anonymous:
            return "Anonymous users are not accepted: sign in with an account."
        if self.email_verified and not caller.email_verified:
            return "The e-mail address must be verified first."
        if self.sign_in_providers and caller.sign_in_provider not in self.sign_in_providers:
            return f"The sign-in must be with {', '.join(sorted(self.sign_in_providers))}."
        for name, accepted in self.claims.items():
            if not _is_one_of(caller.claims.get(name), accepted):
                return f"The claim `{name}` of the account does not allow it."
        return None


@dataclass(frozen=True, slots=True)
class QuotaRules:
    """The `[quota]` table of a profile.

    Attributes:
        quota: for callers without a plan of their own.
        plan_claim: the custom claim that names a caller's plan.
        plans: value of that claim → quota.
    """

    quota: Quota = NO_QUOTA
    plan_claim: str = "plan"
    plans: Mapping[str, Quota] = field(default_factory=dict)

    def of(self, caller: Caller) -> Quota:
        """Return the caller's quota."""
        plan = caller.claims.get(self.plan_claim)
        return self.plans.get(plan, self.quota) if isinstance(plan, str) else self.quota


def _is_one_of(value: object, accepted: tuple[object, ...]) -> bool:
    """Compare with the type: in Python, True is 1."""
    return any(type(value) is type(other) and value == other for other in accepted)
