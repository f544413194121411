"""The page on upgrades and the changelog agree, and what the page says of stored data is true."""

import re
from datetime import UTC, datetime, timedelta

from live_tokens.firestore_quota import stored_account
from live_tokens.issuing import Quota
from live_tokens.quota import spend
from support.documents import ROOT

PAGE = (ROOT / "docs/upgrading.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
VERSION = r"\d+\.\d+\.\d+"


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def test_the_changelog_has_a_section_for_each_version_the_newest_first() -> None:
    headings = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert headings[0] == "Unreleased"
    dated = [re.fullmatch(rf"({VERSION}) \((\d{{4}}-\d\d-\d\d)\)", heading) for heading in headings[1:]]
    assert dated
    assert [heading for heading, match in zip(headings[1:], dated, strict=True) if match is None] == []
    versions = [numbers(match[1]) for match in dated if match]
    assert versions == sorted(set(versions), reverse=True)


def test_every_version_of_the_changelog_has_its_addresses_and_the_page_the_step_after_it() -> None:
    released = re.findall(rf"^## ({VERSION}) ", CHANGELOG, re.MULTILINE)
    kept = {path.stem for path in (ROOT / "tests/infra/addresses").glob("*.txt")}
    assert kept == set(released)
    steps = re.findall(rf"^## ({VERSION}) to ({VERSION})$", PAGE, re.MULTILINE)
    assert {before for before, _ in steps} == set(released)
    assert [step for step in steps if numbers(step[0]) >= numbers(step[1])] == []


def test_a_quota_document_of_0_1_0_counts_on() -> None:
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    hour_full = int((now + timedelta(hours=1)).timestamp() * 1_000_000)
    document = {"uid": "user-1", "spent": {"default": {"hour": hour_full - 180_000_000, "day": 0}}}
    quota = Quota(per_hour=20, per_day=None)
    _, state = spend(quota, stored_account(document, "default").spent, now)
    assert state is not None
    assert state.remaining == 0
