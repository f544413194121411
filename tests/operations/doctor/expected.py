"""What a test expects the doctor to say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from operations.doctor.sample_project import PROJECT, REGION, Sample

DEPLOY = f"make deploy PROJECT_ID={PROJECT} REGION={REGION}"
RELEASE_EVERYWHERE = f"make release PROJECT_ID={PROJECT}"
RELEASE = f"make release PROJECT_ID={PROJECT} REGION={REGION}"
AT = f"--region={REGION} --project={PROJECT}"
READ_LOG = f"gcloud functions logs read mint-live-token --gen2 {AT} --limit=50"
STORE_KEY = (
    'read -rs KEY && printf %s "$KEY" | '
    f"gcloud secrets versions add gemini-api-key --data-file=- --project={PROJECT}; unset KEY"
)


@dataclass(frozen=True, slots=True)
class ExpectedFinding:
    """One line that is not `ok`.

    Attributes:
        text: how it begins, after the mark.
        remedy: all that comes after the arrow; empty if there is none.
    """

    mark: str
    text: str
    remedy: str = ""

    def is_in(self, line: str) -> bool:
        """Tell whether a line says this."""
        said, _, remedy = line.partition("  → ")
        return said.startswith(f"{self.mark:<4} {self.text}") and remedy == self.remedy


@dataclass(frozen=True, slots=True)
class Case:
    """Something that is broken, and all that the doctor says of it.

    Attributes:
        name: a sentence, which is the name of the test.
        expected: all lines that are not `ok`, in order.
    """

    name: str
    broken: Callable[[Sample], object]
    expected: tuple[ExpectedFinding, ...]


Expect = Callable[[Case], None]
"""Breaks a project as a case says, and compares what the doctor says with what it should say."""


def each_case(cases: Sequence[Case]) -> pytest.MarkDecorator:
    """Make one test of each case, under its name."""
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)
