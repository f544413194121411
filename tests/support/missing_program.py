"""What happens to a test whose program is not on this machine."""

import os
import shutil
from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

import pytest

_PROGRAMS = {
    "gcloud": ("https://cloud.google.com/sdk/docs/install", "REQUIRE_GCLOUD"),
    "terraform": ("https://developer.hashicorp.com/terraform/install", "REQUIRE_TERRAFORM"),
}


def require_program(name: str) -> None:
    """Skip or fail the test, as `skip_or_fail` does, if gcloud or terraform is not on the path."""
    address, required_by = _PROGRAMS[name]
    if shutil.which(name) is None:
        skip_or_fail(f"{name} is missing: {address}", required_by)


def skip_or_fail(missing: str, required_by: str) -> NoReturn:
    """Skip the test, or fail it where nothing may be skipped.

    Args:
        missing: a sentence that says what is missing, and how to get it. Tests that miss the same have the same one.
        required_by: the environment variable that forbids to skip when it is 1.
    """
    if os.environ.get(required_by) == "1":
        pytest.fail(f"{missing} ({required_by} is 1, so this is a failure.)", pytrace=False)
    pytest.skip(missing)


def skips_by_reason(reasons: Iterable[str]) -> list[str]:
    """Return one line for each reason, with the number of tests that were skipped for it, the largest number first.

    Args:
        reasons: one for each skipped test, as pytest reports it.
    """
    counted = Counter(reason.removeprefix("Skipped: ") for reason in reasons)
    width = len(str(max(counted.values(), default=0)))
    return [f"{number:{width}}  {reason}" for reason, number in counted.most_common()]
