"""What became of a client in a case: survived, hung or wrong, and what it did."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from gemini_live_stand_in.records import ConnectionRecord
from scorecard.cases import Case, Expected
from scorecard.user import AppEvent, Asked

MOST_CONNECTIONS = 6
"""A client that opens more within a case tries for ever what cannot work."""

_GREETING = "stand-in"
_LONGEST = 110
_REASON_START = 20


class Outcome(Enum):
    """What became of it."""

    SURVIVED = "survived"
    HUNG = "hung"
    WRONG = "wrong"
    NOT_MET = "not met"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a client came through a case, and what it did, in a few words."""

    outcome: Outcome
    did: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that is known about one conversation.

    Attributes:
        opened: whether the app was ready to talk at some time.
        asked: the questions, as far as they could be asked.
        told: what the client has told the app.
        events: what the app has seen.
        ended: whether the app gave up before the user did.
        connections: the journal.
    """

    opened: bool
    asked: Sequence[Asked]
    told: Sequence[str]
    events: Sequence[AppEvent]
    ended: bool
    connections: Sequence[ConnectionRecord]


def judge(case: Case, talk: Conversation) -> Verdict:
    """Return what became of a client. A case whose fault did not happen says nothing about it."""
    if not case.happened(talk.connections):
        return Verdict(Outcome.NOT_MET, f"the stand-in never did it; {_what_it_did(talk)}")
    answered = len(talk.asked) == case.questions and all(question.answered for question in talk.asked)
    if case.expected is Expected.TOLD:
        return _judge_telling(case, talk, answered=answered)
    if not answered:
        if talk.told and case.expected is Expected.EITHER:
            return Verdict(Outcome.SURVIVED, _what_it_did(talk))
        outcome = Outcome.WRONG if talk.told or talk.ended else Outcome.HUNG
        return Verdict(outcome, f"{_unanswered(talk)}; {_what_it_did(talk)}")
    if wrong := next(_flaws(case, talk), None):
        return Verdict(Outcome.WRONG, f"{wrong}; {_what_it_did(talk)}")
    return Verdict(Outcome.SURVIVED, _what_it_did(talk))


def _judge_telling(case: Case, talk: Conversation, *, answered: bool) -> Verdict:
    if len(talk.connections) > MOST_CONNECTIONS:
        return Verdict(Outcome.WRONG, f"keeps trying; {_what_it_did(talk)}")
    if not talk.told:
        if case.questions and answered:
            return Verdict(Outcome.WRONG, f"answered all the same; {_what_it_did(talk)}")
        return Verdict(Outcome.WRONG if talk.ended else Outcome.HUNG, f"was told nothing; {_what_it_did(talk)}")
    if not _is_told_why(talk):
        return Verdict(Outcome.WRONG, f"was not told why; {_what_it_did(talk)}")
    return Verdict(Outcome.SURVIVED, _what_it_did(talk))


def _is_told_why(talk: Conversation) -> bool:
    """Return whether the app was told the code of a close of the server, or how its reason begins."""
    ends = [connection.ending for connection in talk.connections if connection.ending]
    signs = {sign for end in ends if end.by == "server" for sign in (str(end.code), end.reason[:_REASON_START]) if sign}
    return any(sign in text for sign in signs for text in talk.told)


def _flaws(case: Case, talk: Conversation) -> Iterator[str]:
    for expected, question in zip(case.says, talk.asked, strict=False):
        if expected not in question.text:
            yield f"the app played “{_short(question.text)}” in place of “{expected}”"
    if case.app_sees and not any(event.what == case.app_sees for event in talk.events):
        yield f"the app did not learn that it was {case.app_sees}"
    if case.expected is Expected.ANSWERS and any(_GREETING in question.text for question in talk.asked[1:]):
        yield "the conversation began anew, and the app was not told"


def _unanswered(talk: Conversation) -> str:
    if not talk.opened:
        return "never got ready to talk"
    number = next((number for number, asked in enumerate(talk.asked, 1) if not asked.answered), len(talk.asked) + 1)
    return f"no answer to question {number}"


def _what_it_did(talk: Conversation) -> str:
    count = len(talk.connections)
    resumed = sum(connection.resumed for connection in talk.connections)
    parts = [
        f"{count} connection{'' if count == 1 else 's'}" + (f", {resumed} resumed" if resumed else ""),
        f"told “{_short(talk.told[0])}”" if talk.told else "told nothing",
        "gave up" if talk.ended else "",
    ]
    return "; ".join(filter(None, parts))


def _short(text: str) -> str:
    text = " ".join(text.split()).replace("|", "/")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
