"""The tables of the client agree with the function, with the stand-in for Gemini, and with the page that shows them."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from gemini_live_stand_in import refusals
from gemini_live_stand_in.refusals import CLOSE_REFUSALS, CloseRefusal, Silence
from live_tokens.callable_endpoint import ERROR_TABLE
from support.documents import ROOT, table
from support.reasons import reasons

TABLES = ROOT / "client" / "tables"
REASONS: dict[str, dict[str, str]] = json.loads((TABLES / "reasons.json").read_text(encoding="utf-8"))
CLOSES: list[dict[str, Any]] = json.loads((TABLES / "closes.json").read_text(encoding="utf-8"))
OF_THE_CLIENT = {"UNREACHABLE", "UNEXPECTED_ANSWER"}
SILENCES = {name: silence for name, silence in vars(refusals).items() if isinstance(silence, Silence)}
REFUSALS: dict[str, CloseRefusal | Silence] = {**CLOSE_REFUSALS, **SILENCES}


def test_the_client_knows_each_reason_with_its_status() -> None:
    wire = {
        leaf.reason: next(status for kind, status in ERROR_TABLE.items() if issubclass(leaf, kind)).canonical
        for leaf in reasons()
    }
    assert {reason: row.get("status") for reason, row in REASONS.items() if reason not in OF_THE_CLIENT} == wire


def test_each_reason_says_what_comes_next() -> None:
    assert {row["next"] for row in REASONS.values()} == {"retry", "wait", "sign-in", "stop", "fix"}


def test_the_page_has_each_reason_with_what_comes_next() -> None:
    told = {
        reason: row[0].strip("`")
        for row in table("docs/client.md", "next")
        for reason in re.findall(r"`(.+?)`", row[1])
    }
    assert told == {reason: row["next"] for reason, row in REASONS.items()}


@pytest.mark.parametrize(
    ("name", "rows"), [("next-of-errors", REASONS.values()), ("next-of-closes", CLOSES)], ids=["errors", "closes"]
)
def test_the_page_says_what_each_next_means(name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    assert {row[0].strip("`") for row in table("docs/client.md", name)} == {row["next"] for row in rows}


def test_the_page_has_each_kind_of_close() -> None:
    told = [(row[0].strip("`"), row[-1].strip("`")) for row in table("docs/client.md", "closes")]
    assert told == [(row["kind"], row["next"]) for row in CLOSES]


def row_of(code: int, reason: str, moment: str) -> str:
    """Return the kind that the client finds for a close, by the rule of `explainClose`."""
    return next(
        str(row["kind"])
        for row in CLOSES
        if code in row.get("codes", [code])
        and any(text in reason.lower() for text in row.get("texts", [""]))
        and row.get("when", moment) == moment
    )


@pytest.mark.parametrize("name", REFUSALS)
def test_each_close_of_the_stand_in_has_the_row_that_names_it(name: str) -> None:
    refusal = REFUSALS[name]
    (row,) = [row for row in CLOSES if name in row["refusals"]]

    if isinstance(refusal, Silence):
        assert row["kind"] == "no-answer"
    else:
        reason = refusals.cut(refusal.text.format(**dict.fromkeys(refusals.placeholders(refusal.text), "x")))
        assert row_of(refusal.code, reason, row.get("when", "open")) == row["kind"]


@pytest.mark.parametrize("language", ["swift", "kotlin", "flutter"])
@pytest.mark.parametrize("nexts", [("new-token",), ("new-conversation",), ("fix", "operator")])
def test_each_recipe_has_the_words_of_the_table(language: str, nexts: tuple[str, ...]) -> None:
    recipe = (ROOT / "docs" / "native.md").read_text(encoding="utf-8").split(f"<!-- recipe: {language} -->", 1)[1]
    words = [text for row in CLOSES if row["next"] in nexts for text in row.get("texts", [])]

    assert "|".join(words) in recipe.split("\n## ", 1)[0]


def test_the_table_names_no_close_that_the_stand_in_does_not_have() -> None:
    assert {name for row in CLOSES for name in row["refusals"]} == REFUSALS.keys()


@pytest.mark.parametrize(
    ("attempt", "refusal"),
    list(
        zip(
            table("docs/app.md", "attempts"),
            (refusals.PLAIN_UNREGISTERED, refusals.PLAIN_KEY_BAD, refusals.PLAIN_BEARER),
            strict=True,
        )
    ),
)
def test_the_page_has_the_three_attempts_with_what_the_stand_in_says(attempt: list[str], refusal: CloseRefusal) -> None:
    _, code, words, _ = attempt
    assert int(code) == refusal.code
    assert words.strip("`") in refusal.text
