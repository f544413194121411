"""What the pages promise in seconds is what the shipped profiles and the rules of leases give."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from live_tokens.issuing import Profile, SessionCall
from live_tokens.sessions import Account, grant
from support.documents import ROOT
from support.loaded_profiles import load_profiles

SHIPPED = load_profiles(ROOT / "functions" / "profiles", lambda _: ()).files
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def rows(page: str, marker: str) -> list[list[str]]:
    """Return the rows of the table after a marker, as numbers and names."""
    text = (ROOT / page).read_text(encoding="utf-8").partition(f"<!-- {marker} -->\n")[2].lstrip()
    table = re.match(r"(?:.*\|\n)+", text)
    assert table is not None
    return [re.findall(r"[a-z]+(?=`)|\d+", line) for line in table[0].splitlines()[2:]]


def heard_after_a_block(seconds: int) -> int:
    """Return the longest talk after a decision: the end of the lease that is granted at the earliest renewal."""
    lease = timedelta(seconds=seconds)
    profile = Profile("leased", "models/m", timedelta(seconds=30), 3 * lease, {}, lease=lease)
    account, first = grant(profile, SessionCall(), Account(), NOW, "session-1")
    assert first.lease is not None
    assert first.lease.renew_after is not None
    renewed_at = first.lease.renew_after
    _, second = grant(profile, SessionCall("session-1", resumes=True), account, renewed_at, "unused")
    assert second.lease is not None
    assert second.lease.kind == "renewal"
    return int((second.lease.ends - renewed_at).total_seconds())


def test_the_readme_promises_for_each_shipped_profile_how_soon_a_block_ends_talk() -> None:
    leases = {name: file.profile.lease for name, file in SHIPPED.items()}
    assert None not in leases.values()
    seconds = {name: int(lease.total_seconds()) for name, lease in leases.items() if lease}
    promised = [(name, int(lease), int(bound)) for name, lease, bound in rows("README.md", "cut-off")]
    assert promised == [(name, lease, heard_after_a_block(lease)) for name, lease in seconds.items()]


@pytest.mark.parametrize("row", rows("docs/settings.md", "lease lengths"), ids=lambda row: row[0])
def test_the_table_to_choose_a_lease_by_is_what_the_rules_give(row: list[str]) -> None:
    lease, bound, swaps, least = map(int, row)
    assert (bound, swaps, least) == (heard_after_a_block(lease), 3600 // lease, lease // 60)
