"""The command line: `python -m scorecard`, which `make conformance` runs."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from scorecard.cases import CASES, Case
from scorecard.clients import CLIENTS, ENVIRONMENTS, HERE, ROOT, Installed, here, install
from scorecard.conversation import applies, meet
from scorecard.table import Row, page
from scorecard.verdict import Outcome

PAGE = ROOT / "docs" / "conformance.md"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scorecard", description="Do Live clients survive Live?")
    parser.add_argument("--client", action="append", choices=[client.name for client in CLIENTS], help="repeatable")
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES], help="repeatable")
    parser.add_argument("--parallel", type=int, default=2, metavar="N", help="so many at once; default: %(default)s")
    parser.add_argument(
        "--here", action="store_true", help="only clients that the project's own environments have, in their versions"
    )
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}; needs all of them")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; 1 if a case did not take place."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.write and (options.client or options.case or options.here):
        parser.error("--write needs all clients and cases")
    clients = [client for client in CLIENTS if not options.client or client.name in options.client]
    cases = [case for case in CASES if not options.case or case.name in options.case]
    if options.here:
        installed = [here(client) for client in clients if client.name in HERE]
    else:
        installed = [install(client) for client in clients]
    rows = run(installed, cases, options.parallel)
    if options.write:
        PAGE.write_text(page(rows, CASES, datetime.now(UTC).date()), encoding="utf-8")
    return int(any(row.verdict.outcome is Outcome.NOT_MET for row in rows))


def run(installed: Iterable[Installed], cases: Sequence[Case], parallel: int) -> list[Row]:
    """Let each client meet each case, so many at once, and print each verdict when it is there."""
    pairs = [(client, case) for client in installed for case in cases if applies(client, case)]
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        return list(pool.map(lambda pair: _row(*pair), pairs))


def _row(installed: Installed, case: Case) -> Row:
    verdict = meet(installed, case, ENVIRONMENTS / "logs" / installed.client.name / installed.version)
    row = Row(installed.client.package, installed.version, case, verdict)
    sys.stdout.write(f"{row.client} {row.version} · {case.name} · {verdict.outcome.value} · {verdict.did}\n")
    sys.stdout.flush()
    return row


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
