"""Each decision has a number, a date and a status, and the index agrees with the pages."""

import re
from datetime import date
from pathlib import Path

import pytest

from support.documents import ROOT

FOLDER = ROOT / "docs" / "decisions"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))
HEAD = re.compile(
    r"# (?P<number>\d+)\. (?P<title>.+)\n\n\*\*Date:\*\* (?P<date>[\d-]+) · \*\*Status:\*\* (?P<status>.+)\n\n"
)


def head(page: Path) -> re.Match[str]:
    found = HEAD.match(page.read_text(encoding="utf-8"))
    assert found is not None, page.name
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_decision_has_its_number_a_date_and_a_status(page: Path) -> None:
    found = head(page)
    assert int(found["number"]) == int(page.name[:4])
    assert date.fromisoformat(found["date"])
    assert re.match(r"(accepted|replaced by \d+)\b", found["status"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_decision_tells_the_context_the_decision_and_its_consequences(page: Path) -> None:
    told = re.findall(r"^\*\*(Context|Options|Decision|Consequences)\.\*\*", page.read_text(encoding="utf-8"), re.M)
    assert [part for part in told if part != "Options"] == ["Context", "Decision", "Consequences"]


def test_the_index_has_the_title_the_date_and_the_status_of_each_decision() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[.*$", index, re.MULTILINE) == [
        f"| [{found['number']}. {found['title']}]({page.name}) | {found['date']} | {found['status']} |"
        for page in PAGES
        for found in [head(page)]
    ]
