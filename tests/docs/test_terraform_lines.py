"""Commands of Terraform by hand open the state of the project first: it may be another project's from before."""

import re

import pytest

from support.documents import ROOT

OPENS = (
    "terraform -chdir=infra init -reconfigure -backend-config=bucket=$PROJECT_ID-live-tokens-state "
    "-backend-config=prefix=live-tokens/$REGION"
)
PAGES = ("infra/README.md", "docs/operations.md")
ON_THE_STATE = r"terraform -chdir=infra (?:apply|destroy|force-unlock|import|output|plan|refresh|show|state|taint)\b"


def blocks(page: str) -> list[str]:
    """Return the shell commands of a page, block by block."""
    return re.findall(r"^```sh\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def opens_the_state_first(block: str) -> bool:
    """Tell whether a block begins its use of a state, if any, with the line that opens it."""
    first = re.search(ON_THE_STATE, block)
    return first is None or OPENS + "\n" in block[: first.start()]


@pytest.mark.parametrize("page", PAGES)
def test_a_block_opens_the_state_before_it_uses_it(page: str) -> None:
    assert [block for block in blocks(page) if not opens_the_state_first(block)] == []


def test_there_are_such_blocks() -> None:
    assert sum(bool(re.search(ON_THE_STATE, block)) for page in PAGES for block in blocks(page)) >= 3


def test_a_block_that_does_not_is_found() -> None:
    assert not opens_the_state_first("terraform -chdir=infra apply\n" + OPENS + "\n")
    assert not opens_the_state_first("terraform -chdir=infra init\nterraform -chdir=infra state rm a.b\n")
