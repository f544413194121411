"""How a verdict is reached, from made-up conversations."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gemini_live_stand_in.records import ConnectionRecord, Ended, Event
from gemini_live_stand_in.refusals import CLOSE_REFUSALS
from scorecard.cases import CASES, Basis, Case
from scorecard.table import Row, page
from scorecard.user import AppEvent, Asked
from scorecard.verdict import MOST_CONNECTIONS, Conversation, Outcome, Verdict, judge

BY_NAME = {case.name: case for case in CASES}


def connection(*events: str, ended: tuple[int, str] | None = None, resumed: bool = False) -> ConnectionRecord:
    return ConnectionRecord(
        number=1,
        opened_at=datetime.now(UTC),
        version="v1beta",
        constrained=False,
        scenario="",
        resumed=resumed,
        events=tuple(Event(0.0, "server", name, {}) for name in events),
        ending=Ended(1.0, "server", *ended) if ended else None,
    )


GO_AWAY = (connection("turnComplete", "goAway", ended=(1008, "aborted")), connection("turnComplete", resumed=True))
WENT_ON = Conversation(
    opened=True,
    asked=(Asked("Hello, I am the stand-in", answered=True), Asked("I remember", answered=True)),
    told=(),
    events=(),
    ended=False,
    connections=GO_AWAY,
)
NO_ANSWER = replace(WENT_ON, asked=(WENT_ON.asked[0], Asked()))
REFUSED = replace(
    NO_ANSWER, asked=(), told=["APIError: 1011"], ended=True, connections=(connection(ended=(1011, "You exceeded")),)
)
INTERRUPTED = replace(WENT_ON, connections=(connection("interrupted", "turnComplete"),))


@pytest.mark.parametrize(
    ("case", "talk", "outcome", "words"),
    [
        ("go-away", WENT_ON, Outcome.SURVIVED, "2 connections, 1 resumed; told nothing"),
        ("go-away", replace(WENT_ON, connections=(connection("turnComplete"),)), Outcome.NOT_MET, "never did it"),
        ("go-away", NO_ANSWER, Outcome.HUNG, "no answer to question 2"),
        ("go-away", replace(NO_ANSWER, told=["closed"], ended=True), Outcome.WRONG, "told “closed”; gave up"),
        ("go-away", replace(WENT_ON, asked=(WENT_ON.asked[0],) * 2), Outcome.WRONG, "began anew"),
        ("handle-lost", replace(NO_ANSWER, told=["closed"]), Outcome.NOT_MET, "never did it"),
        ("interrupted", INTERRUPTED, Outcome.WRONG, "did not learn"),
        ("interrupted", replace(INTERRUPTED, events=[AppEvent("interrupted", {})]), Outcome.SURVIVED, ""),
        ("quota-after-setup", REFUSED, Outcome.SURVIVED, "told “APIError: 1011”"),
        ("quota-after-setup", replace(REFUSED, told=["Error: closed"]), Outcome.WRONG, "not told why"),
        ("quota-after-setup", replace(REFUSED, told=["More on this fatal error"]), Outcome.WRONG, "not told why"),
        ("quota-after-setup", replace(REFUSED, told=[], ended=False), Outcome.HUNG, "told nothing"),
        (
            "quota-after-setup",
            replace(REFUSED, connections=[*REFUSED.connections] * (MOST_CONNECTIONS + 1)),
            Outcome.WRONG,
            "keeps trying",
        ),
        ("several-turns", replace(WENT_ON, connections=(connection(*6 * ["turnComplete"]),)), Outcome.WRONG, "played"),
    ],
)
def test_a_conversation_is_judged_by_what_its_case_expects(
    case: str, talk: Conversation, outcome: Outcome, words: str
) -> None:
    quota = CLOSE_REFUSALS["QUOTA"].text
    connections = [
        replace(each, ending=Ended(1.0, "server", 1011, quota)) if each.ending and each.ending.code == 1011 else each
        for each in talk.connections
    ]
    verdict = judge(BY_NAME[case], replace(talk, connections=connections))
    assert verdict.outcome is outcome
    assert words in verdict.did


def test_a_case_rests_on_what_the_stand_in_says_about_its_close() -> None:
    of_refusals = [case for case in CASES if case.refusal]
    assert len(of_refusals) >= 8
    assert {case.name: case.basis.value for case in of_refusals} == {
        case.name: CLOSE_REFUSALS[case.refusal].provenance.value for case in of_refusals
    }


def row(case: Case, outcome: Outcome) -> Row:
    return Row("a-client", "1.2.3", case, Verdict(outcome, "did it"))


def test_what_rests_on_reports_is_in_the_table_and_does_not_count() -> None:
    reported = next(case for case in CASES if case.basis is Basis.REPORTED)
    talk = BY_NAME["talk"]
    text = page([row(talk, Outcome.SURVIVED), row(reported, Outcome.HUNG)], CASES, date(2026, 11, 27))
    assert f"| {reported.name} | *hung* |" in text
    assert "| talk | **survived** |" in text
    assert "| **survived, of those that count** | 1 of 1 |" in text
    assert "| token-spent | — |" in text
