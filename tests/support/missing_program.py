"""What happens to a test whose program is not on this machine."""

import os
from typing import NoReturn

import pytest


def skip_or_fail(missing: str, required_by: str) -> NoReturn:
    """Skip the test, which `-ra` shows, or fail it where nothing may be skipped.

    Args:
        missing: a sentence that says what is missing, and how to get it.
        required_by: the environment variable that forbids to skip when it is 1.
    """
    if os.environ.get(required_by) == "1":
        pytest.fail(f"{missing} ({required_by} is 1, so this is a failure.)", pytrace=False)
    pytest.skip(f"Not tested. {missing}")
