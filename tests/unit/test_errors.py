"""`errors`: a closed family whose every member can be told apart and tells nothing it should not."""

import re

import pytest

from live_tokens import errors
from live_tokens.errors import InternalFault, MalformedRequest, MethodNotAllowed, TokenNotIssued
from unit.family import CONCRETE, make

ABSTRACT = ["TokenNotIssued", "BadRequest", "NotSignedIn", "NotAllowed", "Unavailable"]


def drawn(kind: type[TokenNotIssued], depth: int = 0) -> list[tuple[int, str]]:
    children = [line for child in kind.__subclasses__() for line in drawn(child, depth + 1)]
    return [(depth, kind.__name__), *children]


def test_the_tree_in_the_docstring_is_the_family() -> None:
    lines = re.findall(r"^ {4}([│├└─ ]*)(\w+)", errors.__doc__ or "", re.MULTILINE)
    assert [(len(branch) // 4, name) for branch, name in lines] == drawn(TokenNotIssued)


@pytest.mark.parametrize("kind", CONCRETE)
def test_every_error_says_why_in_a_code_and_what_to_do_in_a_sentence(kind: type[TokenNotIssued]) -> None:
    error = make(kind)
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", error.reason)
    assert re.fullmatch(r"[A-Z`].+\.", error.message)


def test_no_two_causes_share_a_reason() -> None:
    reasons = [kind.reason for kind in CONCRETE if kind is not MethodNotAllowed]
    assert len(reasons) == len(set(reasons))
    assert MethodNotAllowed.reason == MalformedRequest.reason


@pytest.mark.parametrize("name", ABSTRACT)
def test_what_only_groups_others_has_no_reason_of_its_own(name: str) -> None:
    assert not hasattr(getattr(errors, name), "reason")


def test_the_private_diagnosis_stays_out_of_what_is_printed() -> None:
    error = InternalFault("private diagnosis")
    assert error.diagnosis == "private diagnosis"
    assert "private" not in f"{error} {error!r} {error.message}"
