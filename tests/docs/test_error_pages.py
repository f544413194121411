"""Each reason has its section: the cause, what the app should do, what the operator should do."""

import re
from pathlib import Path

import pytest

from support.reasons import reasons

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## ([A-Z_]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def test_the_page_has_a_section_for_each_reason_and_no_other() -> None:
    assert sorted(SECTIONS) == sorted({kind.reason for kind in reasons()})


@pytest.mark.parametrize("reason", SECTIONS)
def test_a_section_tells_the_cause_and_what_to_do(reason: str) -> None:
    told = re.findall(r"^\*\*(\w+):\*\* \S", SECTIONS[reason], re.MULTILINE)
    assert told == ["Cause", "App", "Operator"]
