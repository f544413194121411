"""The one check of profiles: at the function's start, in the doctor, before a deployment and before a release.

profiles.check_profile     the file: TOML, lifetimes, rules, quotas
config_shape.read_shape    [config] against the schema that the mint knows
model_rules.judge          [config] against what the model refuses
gemini_lock                a rehearsed mint: the request is made, and is a full lock
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from live_tokens import profiles
from live_tokens.gemini_lock import ProvedSetups, find_config_faults
from live_tokens.profiles import CheckedProfile


def check_folder(folder: Path, proved: ProvedSetups | None = None) -> list[CheckedProfile]:
    """Check every profile of a folder, and that `default` is among them.

    Args:
        proved: takes the setups of the profiles without faults.
    """
    return profiles.check_profiles(folder, partial(find_config_faults, proved=proved))


def check_text(text: str, file: str = "default.toml") -> CheckedProfile:
    """Check one profile by its text."""
    return profiles.check_profile(file, text.encode(), find_config_faults)
