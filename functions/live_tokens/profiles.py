"""Profiles: TOML files that say what tokens are locked to, checked before the service starts."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from live_tokens.choices import Choice, choose, combinations, read_choices, with_fields
from live_tokens.config_check import check_config
from live_tokens.configuration_error import ConfigurationError
from live_tokens.errors import NotAllowed, ProfileNotAllowed, UnknownProfile, UserNotAllowed
from live_tokens.issuing import DEFAULT_PROFILE, NO_QUOTA, Caller, Profile, Quota
from live_tokens.model_prices import AS_OF, prices_of
from live_tokens.placeholders import (
    UnusableClaimError,
    caller_values,
    choice_values,
    fill_placeholders,
    misspelt_placeholders,
    placeholder_claims,
)
from live_tokens.profile_access import NOT_INCLUDED, AllowRules, BrokenRule, QuotaRules
from live_tokens.quota import LARGEST_LIMIT, LARGEST_MINUTES_PER_DAY, LARGEST_MINUTES_PER_MONTH
from live_tokens.sessions import MOST_SESSIONS, SHORTEST_LEASE_SECONDS
from live_tokens.worst_bill import MODIFIED, what_lowers, worst_bill

# Google refuses expiry times 20 hours ahead; the minute is for clocks that differ.
# Source: https://ai.google.dev/api/live#AuthToken
LONGEST_LIFETIME = timedelta(hours=20) - timedelta(minutes=1)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MODEL = re.compile(r"(models/)?[a-z0-9][a-z0-9.-]*")
_TABLES = {"model", "lifetime", "config", "choices", "checks", "allow", "quota"}
_LOCKED = ("model", "lifetime", "config", "choices")
_LIFETIMES = ("start_within_seconds", "session_seconds")
_LEASE = "lease_seconds"
_LIMITS = {
    "per_hour": LARGEST_LIMIT,
    "per_day": LARGEST_LIMIT,
    "minutes_per_day": LARGEST_MINUTES_PER_DAY,
    "minutes_per_month": LARGEST_MINUTES_PER_MONTH,
    "sessions_at_once": MOST_SESSIONS,
}
# Firebase allows custom claims of these types in all; lists and objects cannot be accepted values.
_CLAIM_TYPES = (str, int, bool)

# Users set these of their own account, in the app or past it. The e-mail address is theirs only once it is verified.
# Source: https://firebase.google.com/docs/auth/web/manage-users#update_a_users_profile
_WRITTEN_BY_USERS = {"name", "picture"}
_WRITTEN_BY_USERS_UNTIL_VERIFIED = {"email"}

Fault = Callable[[str, str], None]
Rehearsal = Callable[[Profile], Sequence[str]]
"""Tries to make the request of a profile, and returns what keeps it from that: sentences that begin with the field."""


@dataclass(frozen=True, slots=True)
class _Lifetimes:
    start_within: timedelta = timedelta()
    session: timedelta = timedelta()
    lease: timedelta | None = None


@dataclass(frozen=True, slots=True)
class _Checks:
    """The `[checks]` table of a profile.

    Attributes:
        trust: whether the operator overrules the table of model rules.
        max_usd_per_user_day: what a caller with a modified app may cost in a day at most, or None.
    """

    trust: bool = False
    max_usd_per_user_day: float | None = None


class ProfileError(ConfigurationError):
    """The profiles cannot be used."""

    subject = "profiles"


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """One profile and whom it is for.

    Attributes:
        profile: what a token is locked to, with placeholders as they are in the file and without what is chosen.
        choices: what a caller may choose of it, by name.
    """

    profile: Profile
    allow: AllowRules
    quota: QuotaRules
    choices: Mapping[str, Choice]

    def by_plan(self) -> dict[str, Profile]:
        """Return plan → the profile with the quota of that plan. The plan of callers without one is empty.

        It is left out where `[allow]` lets nobody in without one of the plans.
        """
        accepted = self.allow.claims.get(self.quota.plan_claim, ())
        everybody_has_one = bool(accepted) and all(value in self.quota.plans for value in accepted)
        quotas = dict(self.quota.plans) if everybody_has_one else {"": self.quota.quota, **self.quota.plans}
        return {plan: replace(self.profile, quota=quota) for plan, quota in quotas.items()}

    def variants(self) -> Iterator[Profile]:
        """Yield the profile with every combination of choices, the defaults first; placeholders of claims stay."""
        return (self.with_choices(chosen) for chosen in combinations(self.choices))

    def with_choices(self, chosen: Mapping[str, str], of_caller: Mapping[str, str] | None = None) -> Profile:
        """Return the profile with what was chosen.

        Args:
            chosen: a value for every choice.
            of_caller: placeholder → value, for those that are about the caller.
        """
        config = with_fields(self.profile.config, self.choices, chosen)
        filled = fill_placeholders(config, {**(of_caller or {}), **choice_values(chosen)})
        return replace(self.profile, config=filled, chosen=chosen)


@dataclass(frozen=True, slots=True)
class CheckedProfile:
    """What there is to say of one file: sentences that begin with the path of a field, by weight.

    Attributes:
        file: its name, such as `tutor.toml`.
        refusals: why the service does not start with it.
        warnings: why its sessions may not open.
        notes: good to know.
        profile: what it says, where nothing is refused.
    """

    file: str
    refusals: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    profile: ProfileFile | None = None


@dataclass(frozen=True, slots=True)
class LoadedProfiles:
    """`Profiles` from a folder."""

    files: Mapping[str, ProfileFile]

    def for_caller(self, name: str, caller: Caller, choices: object = None) -> Profile:
        """Of any but the default profile, the caller is not told whether it exists: the names are the operator's.

        So what a profile offers is told only to a caller who may use it.
        """
        if not _NAME.fullmatch(name):
            raise UnknownProfile
        file = self.files.get(name)
        if file is None:
            raise ProfileNotAllowed("there is no such profile")
        rule = file.allow.broken_by(caller)
        if rule:
            raise _not_for_caller(name, rule)
        try:
            of_caller = caller_values(file.profile.config, caller)
        except UnusableClaimError as error:
            raise _not_for_caller(name, BrokenRule(NOT_INCLUDED, str(error))) from error
        profile = file.with_choices(choose(file.choices, choices), of_caller)
        return replace(profile, quota=file.quota.of(caller), diagnosis=file.quota.doubt_about(caller))


def _not_for_caller(name: str, rule: BrokenRule) -> NotAllowed:
    if name == DEFAULT_PROFILE:
        return UserNotAllowed(rule.message, rule.diagnosis)
    return ProfileNotAllowed(rule.diagnosis)


def usable(checked: Sequence[CheckedProfile]) -> LoadedProfiles:
    """Return the profiles of a folder that was checked.

    Raises:
        ProfileError: with every refusal of every file.
    """
    if faults := [f"{each.file}: {refusal}" for each in checked for refusal in each.refusals]:
        raise ProfileError(faults)
    return LoadedProfiles(
        MappingProxyType({each.profile.profile.name: each.profile for each in checked if each.profile})
    )


def check_profiles(directory: Path, rehearse: Rehearsal) -> list[CheckedProfile]:
    """Check every `<name>.toml` of a directory, and that `default` is among them.

    Args:
        rehearse: tries each profile without a network.
    """
    checked = [check_profile(file.name, file.read_bytes(), rehearse) for file in sorted(directory.glob("*.toml"))]
    if f"{DEFAULT_PROFILE}.toml" not in {each.file for each in checked}:
        missing = "this file is missing; it is used when a call names no profile."
        checked.append(CheckedProfile(f"{DEFAULT_PROFILE}.toml", (missing,)))
    return checked


def check_profile(file: str, text: bytes, rehearse: Rehearsal) -> CheckedProfile:
    """Check one profile.

    Args:
        file: its name, such as `tutor.toml`.
        text: TOML, in UTF-8.
        rehearse: tries the profile without a network. It is left out where something else is refused.
    """
    try:
        document = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return CheckedProfile(file, (f"is not valid TOML: {error}",))
    faults: list[str] = []

    def fault(field: str, problem: str) -> None:
        faults.append(f"{field} {problem}")

    read = _read(file.removesuffix(".toml"), document, fault)
    checks = _checks(document.get("checks", {}), fault)
    profile = read.profile
    if not profile.config:
        return CheckedProfile(file, tuple(faults))
    variants = list(read.variants())
    found = [check_config(variant.model, variant.config, trust=checks.trust) for variant in variants]
    refusals = (*faults, *_each_once(read, variants, [each.refusals for each in found]))
    if not refusals:
        refusals = _each_once(read, variants, [rehearse(variant) for variant in variants])
    if not refusals and checks.max_usd_per_user_day is not None:
        refusals = tuple(_over_price_limit(read, checks.max_usd_per_user_day))
    return CheckedProfile(
        file,
        refusals,
        _each_once(read, variants, [each.warnings for each in found]),
        _each_once(read, variants, [each.notes for each in found]),
        None if refusals else read,
    )


def _each_once(file: ProfileFile, variants: Sequence[Profile], found: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return what was found in any combination of choices, each once, and with which values."""
    chosen_with: dict[str, list[Mapping[str, str]]] = {}
    for variant, sentences in zip(variants, found, strict=True):
        for sentence in sentences:
            chosen_with.setdefault(sentence, []).append(variant.chosen)
    return tuple(
        f"{sentence}{_set_by(file, sentence)}"
        if len(chosen) == len(variants)
        else f"{sentence} (with {_shared_values(chosen)})"
        for sentence, chosen in chosen_with.items()
    )


def _set_by(file: ProfileFile, fault: str) -> str:
    """Return which choice sets the field that a fault begins with: it is not to be found in `[config]`."""
    named = fault.partition(" ")[0].rstrip(":")
    names = [name for name, choice in file.choices.items() if named == ".".join(("config", *choice.field))]
    return f" (set by choices.{names[0]})" if names else ""


def _shared_values(combinations: Sequence[Mapping[str, str]]) -> str:
    """Return the values that all these combinations have; those of the first if they share none."""
    first, *others = combinations
    shared = {name: value for name, value in first.items() if all(other[name] == value for other in others)}
    return " and ".join(f"choices.{name} = {json.dumps(value)}" for name, value in (shared or first).items())


def _read(name: str, document: dict[str, object], fault: Fault) -> ProfileFile:
    if not _NAME.fullmatch(name):
        fault("has a name", "that is not lower-case letters, digits and hyphens.")
    for table in sorted(document.keys() - _TABLES):
        fault(table, f"is not known here. A profile has {', '.join(sorted(_TABLES))}.")
    lifetimes = _lifetimes(document.get("lifetime"), fault)
    model = _model(document.get("model"), fault)
    config = _config(document.get("config", {}), fault)
    profile = Profile(
        name=name,
        model=model,
        config=MappingProxyType(config),
        start_within=lifetimes.start_within,
        session=lifetimes.session,
        lease=lifetimes.lease,
        config_digest=_digest({name: document[name] for name in _LOCKED if name in document}),
    )
    read = ProfileFile(
        profile=profile,
        allow=_allow(document.get("allow", {}), fault),
        quota=_quota_rules(document.get("quota", {}), fault),
        choices=MappingProxyType(read_choices(document.get("choices", {}), config, fault)),
    )
    _refuse_claims_that_users_write(read, fault)
    return read


def _checks(checks: object, fault: Fault) -> _Checks:
    known = {"trust", "max_usd_per_user_day"}
    if not isinstance(checks, dict) or not checks.keys() <= known:
        fault("[checks]", f"may hold {', '.join(sorted(known))}, and nothing else.")
        return _Checks()
    trust, limit = checks.get("trust", False), checks.get("max_usd_per_user_day")
    if not isinstance(trust, bool):
        fault("checks.trust", "must be true or false.")
    if limit is not None and (type(limit) not in (int, float) or not 0 < limit < float("inf")):
        fault("checks.max_usd_per_user_day", "must be a number of US dollars, more than 0.")
        limit = None
    return _Checks(trust is True, limit)


def _over_price_limit(file: ProfileFile, limit: float) -> Iterator[str]:
    """Yield for each plan with a more expensive day what it costs and which settings lower it."""
    field = "checks.max_usd_per_user_day"
    prices = prices_of(file.profile.model)
    if prices is None:
        model = file.profile.model.removeprefix("models/")
        yield f"{field} cannot be checked: no price of {model[:100]} is known here ({AS_OF}). Leave it out."
        return
    for plan, profile in file.by_plan().items():
        day = worst_bill(profile, MODIFIED, prices).day
        if day is not None and day <= limit:
            continue
        costs = "has no bound: the number of tokens has no limit" if day is None else f"is {day} USD"
        callers = f"plan {plan}" if plan else "no plan"
        lower = ", ".join(what_lowers(profile, prices))
        yield f"{field} is {limit}, and the worst day of a caller ({callers}) {costs}. What lowers it: {lower}."


def _refuse_claims_that_users_write(file: ProfileFile, fault: Fault) -> None:
    relied_on = {
        "allow.claims": list(file.allow.claims),
        "quota.plan_claim": [file.quota.plan_claim],
        "config.system_instruction": placeholder_claims(file.profile.config),
    }
    for field, claims in relied_on.items():
        for claim in claims:
            if claim in _WRITTEN_BY_USERS:
                fault(field, f"relies on the claim `{claim}`, which users write themselves. Use a custom claim.")
            elif claim in _WRITTEN_BY_USERS_UNTIL_VERIFIED and not file.allow.email_verified:
                fault(field, f"relies on the claim `{claim}`. Set allow.email_verified = true with it.")


def _digest(locked: Mapping[str, object]) -> str:
    canonical = json.dumps(locked, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _model(model: object, fault: Fault) -> str:
    if model is None:
        fault("model", "is missing. Without it a token would not be locked to a model.")
    elif not isinstance(model, str) or not _MODEL.fullmatch(model):
        fault("model", 'must be the name of a Gemini model, such as "gemini-3.8-live".')
    else:
        return model if model.startswith("models/") else f"models/{model}"
    return ""


def _config(config: object, fault: Fault) -> dict[str, object]:
    if isinstance(config, dict) and config:
        if isinstance(config.get("system_instruction"), str):
            field, problem = (
                "config.system_instruction",
                "has {}, which is none of {{uid}}, {{claim:NAME}}, {{choice:NAME}}.",
            )
        else:
            field = "config.system_instruction:"
            problem = 'placeholders are filled in a plain text only, not {} here. Write system_instruction = "…".'
        for placeholder in misspelt_placeholders(config):
            fault(field, problem.format(placeholder))
        return config
    fault("[config]", "must be a table with at least one field. An empty lock would leave everything to defaults.")
    return {}


def _lifetimes(lifetime: object, fault: Fault) -> _Lifetimes:
    if not isinstance(lifetime, dict) or not set(_LIFETIMES) <= lifetime.keys() <= {*_LIFETIMES, _LEASE}:
        fault("[lifetime]", f"must hold {' and '.join(_LIFETIMES)}, may hold {_LEASE}, and nothing else.")
        return _Lifetimes()
    longest = int(LONGEST_LIFETIME.total_seconds())
    durations = {}
    for name, seconds in lifetime.items():
        shortest = SHORTEST_LEASE_SECONDS if name == _LEASE else 1
        if type(seconds) is not int or not shortest <= seconds <= longest:
            fault(f"lifetime.{name}", f"must be a whole number of seconds from {shortest} to {longest}.")
        else:
            durations[name] = timedelta(seconds=seconds)
    if durations.keys() != lifetime.keys():
        return _Lifetimes()
    start_within, session = (durations[name] for name in _LIFETIMES)
    lifetimes = _Lifetimes(start_within, session, durations.get(_LEASE))
    if lifetimes.start_within > lifetimes.session:
        fault("lifetime.start_within_seconds", "must not be longer than session_seconds.")
    if lifetimes.lease is not None and not lifetimes.start_within <= lifetimes.lease <= lifetimes.session:
        fault(f"lifetime.{_LEASE}", "must not be shorter than start_within_seconds, nor longer than session_seconds.")
    return lifetimes


def _allow(allow: object, fault: Fault) -> AllowRules:
    known = {"anonymous", "email_verified", "sign_in_providers", "claims"}
    if not isinstance(allow, dict) or not allow.keys() <= known:
        fault("[allow]", f"may hold {', '.join(sorted(known))}, and nothing else.")
        return AllowRules()
    for name in ("anonymous", "email_verified"):
        if not isinstance(allow.get(name, False), bool):
            fault(f"allow.{name}", "must be true or false.")
    providers = allow.get("sign_in_providers", [])
    if "sign_in_providers" in allow and not _is_list_of_texts(providers):
        fault("allow.sign_in_providers", 'must be a list of at least one name such as "google.com".')
        providers = []
    claims = allow.get("claims", {})
    if not isinstance(claims, dict) or not all(_is_list_of_values(values) for values in claims.values()):
        fault("allow.claims", "must name for each claim a list of accepted values: strings, whole numbers, booleans.")
        claims = {}
    return AllowRules(
        anonymous=allow.get("anonymous") is True,
        email_verified=allow.get("email_verified") is True,
        sign_in_providers=frozenset(providers),
        claims={name: tuple(values) for name, values in claims.items()},
    )


def _is_list_of_texts(values: object) -> bool:
    return isinstance(values, list) and bool(values) and all(isinstance(value, str) for value in values)


def _is_list_of_values(values: object) -> bool:
    return isinstance(values, list) and bool(values) and all(isinstance(value, _CLAIM_TYPES) for value in values)


def _quota_rules(quota: object, fault: Fault) -> QuotaRules:
    known = {*_LIMITS, "plan_claim", "plans"}
    if not isinstance(quota, dict) or not quota.keys() <= known:
        fault("[quota]", f"may hold {', '.join(sorted(known))}, and nothing else.")
        return QuotaRules()
    plan_claim = quota.get("plan_claim", "plan")
    if not isinstance(plan_claim, str) or not plan_claim:
        fault("quota.plan_claim", "must be the name of a custom claim.")
    plans = quota.get("plans", {})
    if not isinstance(plans, dict):
        fault("quota.plans", "must be tables [quota.plans.<value of the claim>].")
        plans = {}
    base = _limits("quota", {name: quota[name] for name in _LIMITS if name in quota}, fault)
    return QuotaRules(
        quota=base,
        plan_claim=str(plan_claim),
        plans={name: _limits(f"quota.plans.{name}", limits, fault, base) for name, limits in plans.items()},
    )


def _limits(table: str, limits: object, fault: Fault, base: Quota = NO_QUOTA) -> Quota:
    """Return the quota of one table; a plan keeps those limits of the base that it does not name."""
    if not isinstance(limits, dict) or not limits.keys() <= _LIMITS.keys():
        fault(f"[{table}]", f"may hold {', '.join(_LIMITS)}, and nothing else.")
        return base
    for name, limit in limits.items():
        if type(limit) is not int or not 1 <= limit <= _LIMITS[name]:
            fault(f"{table}.{name}", f"must be a whole number from 1 to {_LIMITS[name]}.")
    return replace(base, **limits)
