"""`errors`: classes that can be told apart, and whose text says nothing that it should not."""

import re
from datetime import datetime, timedelta

import pytest

from function.every_error import ERROR_CLASSES, RETRY_AFTER, make_error
from live_tokens import errors
from live_tokens.errors import (
    AppCheckFault,
    BodyTooSlow,
    DailyQuotaExceeded,
    HourlyQuotaExceeded,
    InternalFault,
    MalformedRequest,
    MethodNotAllowed,
    ServicePaused,
    TokenNotIssued,
    UserBlocked,
    UserNotAllowed,
)

ABSTRACT = ["TokenNotIssued", "BadRequest", "NotSignedIn", "NotAllowed", "QuotaExceeded", "Unavailable"]
WITH_A_WAIT = [
    *("ServicePaused", "UserBlocked", "HourlyQuotaExceeded", "DailyQuotaExceeded"),
    *("MinutesExceeded", "TooManySessions"),
]
ACROSS = "AppCheckFault"
"""A second parent, which the tree leaves out."""


def drawn(kind: type[TokenNotIssued], depth: int = 0) -> list[tuple[int, str]]:
    children = [line for child in kind.__subclasses__() for line in drawn(child, depth + 1)]
    return [] if kind.__name__ == ACROSS else [(depth, kind.__name__), *children]


def test_the_tree_in_the_docstring_has_every_class_of_error() -> None:
    lines = re.findall(r"^ {4}([│├└─ ]*)(\w+)", errors.__doc__ or "", re.MULTILINE)
    assert [(len(branch) // 4, name) for branch, name in lines] == drawn(TokenNotIssued)


@pytest.mark.parametrize("kind", ERROR_CLASSES)
def test_every_error_says_why_in_a_code_and_what_to_do_in_a_sentence(kind: type[TokenNotIssued]) -> None:
    error = make_error(kind)
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", error.reason)
    assert re.fullmatch(r"[A-Z`].+\.", error.message)


def test_no_two_causes_share_a_reason() -> None:
    reasons = [kind.reason for kind in ERROR_CLASSES if kind not in (MethodNotAllowed, BodyTooSlow)]
    assert len(reasons) == len(set(reasons))
    assert MethodNotAllowed.reason == BodyTooSlow.reason == MalformedRequest.reason


@pytest.mark.parametrize("name", [*ABSTRACT, ACROSS])
def test_what_only_groups_others_has_no_reason_of_its_own(name: str) -> None:
    assert not hasattr(getattr(errors, name), "reason")


def test_each_fault_of_app_check_has_a_state_of_its_own() -> None:
    faults = [kind for kind in ERROR_CLASSES if kind.__name__.startswith("AppCheck")]
    assert [kind for kind in ERROR_CLASSES if issubclass(kind, AppCheckFault)] == faults
    states = [kind.state for kind in faults if issubclass(kind, AppCheckFault)]
    assert states == ["missing", "invalid", "replayed", "unavailable"]


@pytest.mark.parametrize("kind", ERROR_CLASSES)
def test_only_what_ends_at_a_known_time_says_when(kind: type[TokenNotIssued]) -> None:
    assert make_error(kind).retry_after == (RETRY_AFTER if kind.__name__ in WITH_A_WAIT else None)


@pytest.mark.parametrize("stopped", [ServicePaused("Back at nine.", None, "x"), UserBlocked("Back at nine.", None)])
def test_the_operators_words_are_the_message(stopped: TokenNotIssued) -> None:
    assert stopped.message == "Back at nine."


@pytest.mark.parametrize("words", [None, ""])
def test_without_words_of_the_operator_there_is_still_a_message(words: str | None) -> None:
    wait = timedelta(seconds=1)
    for stopped in (ServicePaused(words, wait, "x"), UserBlocked(words, wait)):
        assert re.fullmatch(r"[A-Z].+\.", stopped.message)


@pytest.mark.parametrize("kind", [kind for kind in ERROR_CLASSES if kind.for_user])
def test_a_message_for_users_has_no_word_of_a_developers(kind: type[TokenNotIssued]) -> None:
    """Neither code nor names of fields, and no word of how it works."""
    message = make_error(kind).message
    assert not re.search(r"[`_{}()<>=/]|[a-z][A-Z]", message)
    assert not re.search(r"\b(tokens?|profile|claim|quota|request|retry|null|HTTP|API|ID|Gemini)\b", message, re.I)


@pytest.mark.parametrize(
    ("due", "hour", "day"),
    [
        ("15:03:00+00:00", "at 15:03 UTC", "on 22 November at 15:03 UTC"),
        ("15:03:00.000001+00:00", "at 15:04 UTC", "on 22 November at 15:04 UTC"),
        ("15:03:59+00:00", "at 15:04 UTC", "on 22 November at 15:04 UTC"),
        ("23:59:01+00:00", "at 00:00 UTC", "on 23 November at 00:00 UTC"),
        ("01:30:00+02:00", "at 23:30 UTC", "on 21 November at 23:30 UTC"),
    ],
)
def test_a_user_who_has_used_all_is_told_when_to_come_back(due: str, hour: str, day: str) -> None:
    """In minutes that are not too early, in UTC, for the user's own time is not known here."""
    moment = datetime.fromisoformat(f"2026-11-22T{due}")
    hourly, daily = HourlyQuotaExceeded(RETRY_AFTER, moment), DailyQuotaExceeded(RETRY_AFTER, moment)
    assert hourly.message == f"All conversations of this hour are used. Try again {hour}."
    assert daily.message == f"All conversations of this day are used. Try again {day}."


def test_a_user_who_is_not_served_learns_what_to_do() -> None:
    error = UserNotAllowed("Sign in with Google.", "private diagnosis")
    assert error.message == "Sign in with Google."
    assert error.diagnosis == "private diagnosis"


def test_the_private_diagnosis_stays_out_of_what_is_printed() -> None:
    error = InternalFault("private diagnosis")
    assert error.diagnosis == "private diagnosis"
    assert "private" not in f"{error} {error!r} {error.message}"
