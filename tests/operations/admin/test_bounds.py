"""Within how many seconds talk ends after a stop: what the operator reads, and what the real store grants at worst."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from live_tokens.errors import UserBlocked
from live_tokens.issuing import Profile, SessionCall
from live_tokens_operations.bounds import bound_of
from operations.admin.operator_and_service import LEASED, Operator, Service

PROFILE = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 30
{lifetime}
[config]
response_modalities = ["AUDIO"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Profiles with leases of ten minutes, with leases of two, and without."""
    for name, lifetime in {
        "default": "session_seconds = 3600\nlease_seconds = 600",
        "short": "session_seconds = 3600\nlease_seconds = 120",
        "whole": "session_seconds = 1800",
    }.items():
        (tmp_path / f"{name}.toml").write_text(PROFILE.format(lifetime=lifetime), encoding="utf-8")
    return tmp_path


def rows(operator: Operator, *arguments: str) -> list[str]:
    answer = operator.types(*arguments)
    assert answer.code == 0, answer.err
    return answer.squeezed()[1:]


def test_a_block_says_within_how_many_seconds_talk_ends(operator: Operator, service: Service, folder: Path) -> None:
    assert rows(operator, "block", "ann", "--profiles", str(folder)) == [
        "Nobody can take back a live token, but talk ends within 1800 s:",
        "PROFILE WITHIN BECAUSE OF",
        "whole 1800 s no leases, so its session_seconds",
        "default 660 s a lease of 600 s, and 60 s by which a renewal can come early",
        "short 160 s a lease of 120 s, and 40 s by which a renewal can come early",
    ]
    with pytest.raises(UserBlocked):
        service.lease("ann")


def test_a_pause_of_a_profile_says_it_of_that_one(operator: Operator, service: Service, folder: Path) -> None:
    told = rows(operator, "pause", "--profile", "short", "--profiles", str(folder))

    assert told[0].endswith("talk ends within 160 s:")
    assert [row.split()[0] for row in told[2:]] == ["short"]


@pytest.mark.parametrize("arguments", [["pause", "--profile", "elsewhere"], ["pause"]])
def test_a_profile_that_is_not_known_here_has_no_number(
    operator: Operator, service: Service, folder: Path, arguments: list[str]
) -> None:
    (folder / "broken.toml").write_text("not TOML", encoding="utf-8")

    told = rows(operator, *arguments, "--profiles", str(folder))

    assert "where that is known here" in told[0]
    assert told[2].split()[:2] in (["elsewhere", "?"], ["broken", "?"])


@pytest.mark.parametrize(("lease", "session"), [(600, 3600), (30, 900), (100, 110), (600, 900), (900, 900)])
def test_no_token_before_a_block_lasts_longer_after_it(service: Service, lease: int, session: int) -> None:
    """A user renews as early as allowed, each time, and is blocked right after that."""
    profile = replace(
        LEASED,
        quota=replace(LEASED.quota, per_hour=None, minutes_per_day=None, minutes_per_month=None),
        lease=timedelta(seconds=lease),
        session=timedelta(seconds=session),
        start_within=timedelta(seconds=30),
    )
    longest = max(seconds_heard(service, profile))

    assert longest <= (bound_of(profile).seconds or 0)
    assert longest == pytest.approx(bound_of(profile).seconds, abs=2) or session < 2 * lease


def seconds_heard(service: Service, profile: Profile) -> list[float]:
    """Return how long each token of a session lasts from its call on."""
    now, lease = timedelta(), service.lease("ann", profile=profile)
    heard = [float(lease.seconds)]
    began = lease.ends - timedelta(seconds=lease.seconds)
    while lease.renew_after is not None:
        now = lease.renew_after - began + timedelta(seconds=1)
        granted = service.grant("ann", profile, SessionCall(lease.session, resumes=True), now).lease
        assert granted is not None
        assert granted.kind == "renewal"
        lease = granted
        heard.append((lease.ends - began - now).total_seconds())
    return heard
