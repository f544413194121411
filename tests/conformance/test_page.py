"""docs/conformance.md, which `make conformance` wrote."""

import pytest

from scorecard.cases import CASES
from scorecard.clients import CLIENTS, OURS, ROOT
from scorecard.verdict import Outcome

LINES = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8").splitlines()
HEADER, *ROWS = [
    [cell.strip("* ") for cell in line.strip("| ").split(" | ")] for line in LINES if line.startswith("| ")
]
OVERVIEW = {row[0]: row[1:] for row in ROWS if len(row) == len(HEADER)}


def test_it_has_a_column_for_every_client_and_a_row_for_every_case() -> None:
    assert [cell.rpartition(" ")[0] for cell in HEADER[1:]] == [client.package for client in CLIENTS]
    assert {case.name for case in CASES} <= OVERVIEW.keys()


@pytest.mark.parametrize("case", [case.name for case in CASES])
def test_the_client_of_this_project_survives_every_case(case: str) -> None:
    assert OVERVIEW[case][CLIENTS.index(OURS)] == Outcome.SURVIVED.value


@pytest.mark.parametrize("case", [case.name for case in CASES])
def test_no_case_failed_to_take_place(case: str) -> None:
    assert Outcome.NOT_MET.value not in OVERVIEW[case]
