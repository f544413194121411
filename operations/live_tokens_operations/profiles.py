"""`live-tokens profiles [FOLDER]`: checks profiles as the function does at its start, and prints what each locks."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path

from live_tokens.issuing import Quota
from live_tokens.profile_access import AllowRules
from live_tokens.profile_check import check_folder
from live_tokens.profiles import CheckedProfile, ProfileFile
from live_tokens_operations.arguments import Parser
from live_tokens_operations.bounds import bound_of
from live_tokens_operations.checks.profiles import PROFILES
from live_tokens_operations.one_line import one_line
from live_tokens_operations.process import ExitCode, Process

_LONGEST_FIELD = 100


def add_arguments(parser: Parser) -> None:
    """Describe the command line."""
    parser.epilog = "Exit codes: 0 the function starts with them, 1 it does not, 2 typed wrong."
    parser.add_argument(
        "folder", nargs="?", type=Path, default=PROFILES, help="with one <name>.toml each; default: functions/profiles"
    )


def run(typed: Namespace, process: Process) -> ExitCode:
    """Check a folder. Nothing is sent anywhere."""
    checked = check_folder(typed.folder)
    for each in checked:
        for line in _lines(each):
            process.stdout.write(f"{one_line(line)}\n")
    refused = sum(bool(each.refusals) for each in checked)
    warned = sum(len(each.warnings) for each in checked)
    process.stderr.write(f"{len(checked)} profiles, {refused} refused, {warned} warnings\n")
    return ExitCode.FAILED if refused else ExitCode.DONE


def _lines(checked: CheckedProfile) -> Iterator[str]:
    yield checked.file
    yield from (f"  REFUSED  {refusal}" for refusal in checked.refusals)
    yield from (f"  warning  {warning}" for warning in checked.warnings)
    yield from (f"  note     {note}" for note in checked.notes)
    if checked.profile:
        yield from _locked(checked.profile)


def _locked(file: ProfileFile) -> Iterator[str]:
    profile = file.profile
    yield f"  model    {profile.model.removeprefix('models/')}"
    for path, value in _leaves(profile.config):
        line = f"  locks    {path} = {value}"
        yield line if len(line) <= _LONGEST_FIELD else f"{line[: _LONGEST_FIELD - 1]}…"
    yield f"  opens    within {profile.start_within.total_seconds():.0f} s"
    leases = f", in leases of {profile.lease.total_seconds():.0f} s" if profile.lease else ""
    yield f"  lasts    {profile.session.total_seconds():.0f} s at most{leases}"
    bound = bound_of(profile)
    yield f"  ends     within {bound.seconds} s of a block: {bound.cause}"
    yield f"  who      {'; '.join(_rules(file.allow))}"
    yield f"  quota    {_limits(file.quota.quota)}"
    for plan, quota in file.quota.plans.items():
        yield f"  quota    {_limits(quota)} where the claim {file.quota.plan_claim} is {plan}"
    yield f"  digest   {profile.config_digest}"


def _leaves(config: Mapping[str, object], path: str = "") -> Iterator[tuple[str, object]]:
    for name, value in config.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _rules(allow: AllowRules) -> Iterator[str]:
    yield "accounts and anonymous users" if allow.anonymous else "accounts, no anonymous users"
    if allow.email_verified:
        yield "with a verified e-mail address"
    if allow.sign_in_providers:
        yield f"signed in with {' or '.join(sorted(allow.sign_in_providers))}"
    for claim, values in allow.claims.items():
        yield f"claim {claim} is {' or '.join(map(str, values))}"


def _limits(quota: Quota) -> str:
    limits = {
        "per hour": quota.per_hour,
        "per day": quota.per_day,
        "minutes per day": quota.minutes_per_day,
        "minutes per month": quota.minutes_per_month,
        "sessions at once": quota.sessions_at_once,
    }
    return ", ".join(f"{limit} {of}" for of, limit in limits.items() if limit) or "none"
