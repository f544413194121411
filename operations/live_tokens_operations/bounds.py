"""For how long talk goes on that was granted before a stop: nobody can take a live token back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from live_tokens.issuing import Profile
from live_tokens.profiles import check_profiles
from live_tokens.sessions import renewal_seconds


@dataclass(frozen=True, slots=True)
class Bound:
    """When talk with a profile has ended after a stop.

    Attributes:
        seconds: from the stop on, or None if the profile is not known here.
        cause: what makes it so.
    """

    profile: str
    seconds: int | None
    cause: str


def bounds(folder: Path, profile: str | None) -> Sequence[Bound]:
    """Return the bounds of the profiles of a folder, the largest first; those that are not known come before them.

    Args:
        profile: the only one to look at, or None for all.
    """
    found = {bound.profile: bound for bound in _bounds(folder)}
    if profile is not None:
        return [found.get(profile, _unknown(profile))]
    largest = max((bound.seconds or 0 for bound in found.values()), default=0)
    return sorted(found.values(), key=lambda bound: -(largest + 1 if bound.seconds is None else bound.seconds))


def bound_of(profile: Profile) -> Bound:
    """Return the bound of a profile.

    A renewal just before the stop gets the whole next lease, which begins when the one before it ends.
    """
    session = _whole(profile.session)
    if profile.lease is None:
        return Bound(profile.name, session, "no leases, so its session_seconds")
    lease = _whole(profile.lease)
    early = renewal_seconds(lease)
    cause = f"a lease of {lease} s, and {early} s by which a renewal can come early"
    return Bound(profile.name, min(session, lease + early), cause)


def _bounds(folder: Path) -> Iterator[Bound]:
    # Without a rehearsal: a mint that fails changes no lifetime, and the libraries for it take seconds to load.
    for checked in check_profiles(folder, lambda _: ()):
        if checked.profile is None:
            yield _unknown(checked.file.removesuffix(".toml"))
        else:
            yield bound_of(checked.profile.profile)


def _unknown(profile: str) -> Bound:
    return Bound(profile, None, "not a profile of this checkout that can be used, so the session_seconds deployed")


def _whole(duration: timedelta) -> int:
    return duration // timedelta(seconds=1)
