"""The profiles of a checkout, checked with the function's own code. Those that are deployed cannot be seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import live_tokens
from live_tokens.profile_check import check_folder
from live_tokens.profiles import CheckedProfile
from live_tokens_operations.bounds import bound_of
from live_tokens_operations.checks.deployment import CheckContext
from live_tokens_operations.checks.finding import Finding, bad, ok, warn
from live_tokens_operations.process import OperationError
from live_tokens_operations.remedies import release

PROFILES = Path(*live_tokens.__path__).parent / "profiles"
"""Those of this checkout."""


class RefusedProfilesError(OperationError):
    """The function would not start with these profiles."""


def check(context: CheckContext) -> Iterator[Finding]:
    """Look at every profile."""
    project = context.project
    remedy = f"edit functions/profiles/, then {release(project.project_id)}"
    checked = check_folder(project.profiles)
    for each in checked:
        yield from (bad(f"Profile {each.file}: {refusal}", remedy) for refusal in each.refusals)
        yield from (warn(f"Profile {each.file}: {warning}", remedy) for warning in each.warnings)
    if not any(each.refusals or each.warnings for each in checked):
        yield ok(f"Profiles: nothing is known to refuse {' or '.join(each.file for each in checked)}")
    if usable := [bound_of(each.profile.profile) for each in checked if each.profile]:
        each_profile = ", ".join(f"{bound.seconds} s ({bound.profile})" for bound in usable)
        yield ok(f"Sessions: talk ends after a pause or a block within {each_profile}")


def require_profiles(folder: Path) -> list[CheckedProfile]:
    """Check a folder.

    Raises:
        RefusedProfilesError: the function does not start with these profiles. The text names every fault of every file.
    """
    checked = check_folder(folder)
    if refusals := [f"  - {each.file}: {refusal}" for each in checked for refusal in each.refusals]:
        lines = "\n".join(refusals)
        raise RefusedProfilesError(f"Nothing was done. The function does not start with these profiles:\n{lines}")
    return checked


def warnings_of(checked: Sequence[CheckedProfile]) -> list[str]:
    """Return the warnings about profiles, one a line."""
    return [f"{each.file}: {warning}" for each in checked for warning in each.warnings]
