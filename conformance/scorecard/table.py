"""The page with the results."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from scorecard.cases import Case
from scorecard.user import PATIENCE_SECONDS
from scorecard.verdict import MOST_CONNECTIONS, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """How one client came through one case."""

    client: str
    version: str
    case: Case
    verdict: Verdict


def page(rows: Sequence[Row], cases: Sequence[Case], day: date) -> str:
    """Return the page: what each client did in each case."""
    return "\n".join([*_introduction(day), *_overview(rows, cases), *_details(rows), *_cases(cases)]) + "\n"


def _introduction(day: date) -> Iterator[str]:
    yield from f"""\
# Do Live clients survive Live?

Published clients of the Gemini Live API against what happens to them in production: connections that end, refusals,
silence, tools. `make conformance` wrote this page on {day.isoformat()}; do not edit it.

Each client runs in a small app of ours (`conformance/clients/*/app.*`), which does what the client's own documentation
tells a user to do, and no more. The app talks with the [stand-in for Gemini](../local/stand_ins/gemini/README.md), not
with Google. A user speaks into it, listens, asks again, and loses patience. `gemini-live-tokens` is the client of this
project, [client/](../client/README.md), as it is beside this page.

- **{Outcome.SURVIVED.value}**: what the case expects has happened; the last table says what that is.
- **{Outcome.HUNG.value}**: nothing at all has happened for {PATIENCE_SECONDS:g} seconds, and the app was told nothing.
  A client that notices a dead connection later than that has hung.
- **{Outcome.WRONG.value}**: anything else: the conversation ended although it could go on, it began anew without
  a word, the app was not told why, or the client kept trying what cannot work ({MOST_CONNECTIONS} connections at most).
- **{Outcome.NOT_MET.value}**: the journal of the stand-in does not show what the case is about; the run failed.

A failure counts only where Google documents what happens, where it was measured at Google's servers, or where any
network does it. In *italics*: what rests on users' reports, which does not count. `—`: it does not apply to the client.

A case where a small client hangs is a fact about what its user has to write: a time limit, for example.""".splitlines()


def _overview(rows: Sequence[Row], cases: Sequence[Case]) -> Iterator[str]:
    clients = list(dict.fromkeys((row.client, row.version) for row in rows))
    found = {(row.client, row.version, row.case.name): row for row in rows}
    yield from ("", "## Overview", "")
    yield f"| case | {' | '.join(f'{client} {version}' for client, version in clients)} |"
    yield f"| --- |{' --- |' * len(clients)}"
    for case in cases:
        cells = [_cell(found.get((*client, case.name))) for client in clients]
        yield f"| {case.name} | {' | '.join(cells)} |"
    counted = [
        [row for row in rows if (row.client, row.version) == client and row.case.basis.counts] for client in clients
    ]
    survived = [
        f"{sum(row.verdict.outcome is Outcome.SURVIVED for row in of_client)} of {len(of_client)}"
        for of_client in counted
    ]
    yield f"| **survived, of those that count** | {' | '.join(survived)} |"


def _cell(row: Row | None) -> str:
    if row is None:
        return "—"
    outcome = row.verdict.outcome
    word = f"**{outcome.value}**" if outcome is Outcome.SURVIVED else outcome.value
    return word if row.case.basis.counts else f"*{outcome.value}*"


def _details(rows: Sequence[Row]) -> Iterator[str]:
    yield from ("", "## What they did", "")
    yield "| client | version | case | outcome | what it did |"
    yield "| --- | --- | --- | --- | --- |"
    for row in rows:
        yield f"| {row.client} | {row.version} | {row.case.name} | {_cell(row)} | {row.verdict.did} |"


def _cases(cases: Sequence[Case]) -> Iterator[str]:
    yield from ("", "## The cases", "")
    yield "| case | what happens | what counts as survived | it rests on |"
    yield "| --- | --- | --- | --- |"
    for case in cases:
        basis = f"{case.basis.value}: {case.source}" + ("" if case.basis.counts else "; does not count")
        yield f"| {case.name} | {case.about} | {case.expected.value} | {basis} |"
