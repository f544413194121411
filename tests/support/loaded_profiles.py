"""Loads a folder of profiles as the function does at its start, with any rehearsal."""

from pathlib import Path

from live_tokens.profiles import LoadedProfiles, Rehearsal, check_profiles, usable


def load_profiles(directory: Path, rehearse: Rehearsal) -> LoadedProfiles:
    """Check every profile of a folder and return them.

    Raises:
        ProfileError: with every refusal of every file.
    """
    return usable(check_profiles(directory, rehearse))
