"""The contract has one row for each reason: its status, the cause, what the app does and what the operator does."""

import re

import pytest

from live_tokens.callable_endpoint import ERROR_TABLE
from support.documents import table
from support.reasons import reasons

ROWS = table("docs/contract.md", "reasons")
NAME = re.compile(r'<a id="([A-Z_]+)"></a>`([A-Z_]+)`')


def named(row: list[str]) -> str:
    """Return the reason of a row, which is also its anchor."""
    found = NAME.fullmatch(row[0])
    assert found is not None, row[0]
    assert found[1] == found[2]
    return found[2]


def test_the_table_has_one_row_for_each_reason_and_no_other() -> None:
    assert sorted(map(named, ROWS)) == sorted({kind.reason for kind in reasons()})


def test_each_reason_has_the_status_that_the_code_answers_with() -> None:
    told = {named(row): (int(row[1]), row[2].strip("`")) for row in ROWS}
    wire = {
        leaf.reason: next(status for kind, status in ERROR_TABLE.items() if issubclass(leaf, kind))
        for leaf in reasons()
    }
    assert told == {reason: (status.http.value, status.canonical) for reason, status in wire.items()}


def test_the_reasons_whose_messages_are_for_users_are_those_of_the_code() -> None:
    told = [reason for row in table("docs/contract.md", "user-messages") for reason in re.findall(r"`(.+?)`", row[0])]
    assert sorted(told) == sorted({kind.reason for kind in reasons() if kind.for_user})


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_a_row_tells_the_cause_what_the_app_does_and_what_the_operator_does(row: list[str]) -> None:
    assert len(row) == 6
    assert all(row)
