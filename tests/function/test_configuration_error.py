"""`configuration_error`: all faults at once, a line each."""

import pytest

from live_tokens.configuration_error import ConfigurationError
from live_tokens.profiles import ProfileError
from live_tokens.settings import SettingsError


class MadeUpError(ConfigurationError):
    subject = "made-up things"


def test_every_fault_is_a_line_under_what_it_is_about() -> None:
    error = MadeUpError(["ONE is not set.", "TWO is no number."])
    assert error.faults == ("ONE is not set.", "TWO is no number.")
    assert str(error) == "The made-up things are not usable:\n  - ONE is not set.\n  - TWO is no number."


@pytest.mark.parametrize(("kind", "subject"), [(SettingsError, "settings"), (ProfileError, "profiles")])
def test_whatever_stops_the_start_says_what_it_is_about(kind: type[ConfigurationError], subject: str) -> None:
    assert str(kind(["a fault"])) == f"The {subject} are not usable:\n  - a fault"
