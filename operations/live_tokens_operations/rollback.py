"""`live-tokens rollback`: sends all calls to an earlier revision with other code, after a question."""

from __future__ import annotations

from argparse import Namespace

from live_tokens_operations.arguments import Parser, UsageError
from live_tokens_operations.google import gcloud, gcloud_commands
from live_tokens_operations.process import ExitCode, OperationError, Process
from live_tokens_operations.programs import LocalPrograms
from live_tokens_operations.remedies import command, release
from live_tokens_operations.serving import LABEL_DIGEST_LENGTH, Revision, Serving, read, release_in_words
from live_tokens_operations.serving import add_arguments as add_place


class RollbackError(OperationError):
    """There is nothing to roll back to, or the operator did not agree. Traffic is unchanged."""


def add_arguments(parser: Parser) -> None:
    add_place(parser)
    parser.add_argument(
        "--to", metavar="REVISION", help="the revision (default: the newest before those that serve, with other code)"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(typed: Namespace, process: Process) -> ExitCode:
    """Move all traffic to an earlier revision. Running sessions continue: they do not pass through the function.

    Raises:
        UnseenServiceError: Google did not tell what serves.
        RollbackError: traffic is unchanged.
        GcloudError: gcloud failed.
    """
    serving = read(typed, process)
    target = _named(serving, typed.to) if typed.to else _before(serving, process)
    if serving.traffic.shares == {target.name: 100}:
        process.stdout.write(f"{target.name} has all traffic already. Nothing was changed.\n")
        return ExitCode.DONE
    for revision in serving.serving():
        process.stdout.write(f"Serves now: {_words(serving, revision)}\n")
    process.stdout.write(f"Roll back to: {_words(serving, target)}\n")
    if not typed.yes:
        _ask(process)
    place = serving.place
    line = gcloud_commands.move_traffic_to(place.project, place.region, place.function, target.name)
    gcloud.show(LocalPrograms(process.environment), line)
    latest = command(gcloud_commands.move_traffic_to_latest(place.project, place.region, place.function))
    process.stdout.write(
        f"All calls go to {target.name}. Traffic stays there until the next release: "
        f"{release(place.project, place.region)}\n"
        f"Changes by `make deploy` serve nobody until then. Back to the newest revision without a release: {latest}\n"
    )
    return ExitCode.DONE


def _named(serving: Serving, name: str) -> Revision:
    found = {revision.name: revision for revision in serving.revisions}
    if name not in found:
        known = ", ".join(revision.name for revision in serving.revisions if revision.ready) or "none"
        raise UsageError(f"There is no revision {name}. Ready are, the newest first: {known}")
    if not found[name].ready:
        raise RollbackError(f"{name} did not start, so it cannot serve. Traffic is unchanged.")
    return found[name]


def _before(serving: Serving, process: Process) -> Revision:
    """Return the newest ready revision that is older than all that serve, and does not run the code of one of them.

    A change of settings makes a revision with the same code.
    """
    names = [revision.name for revision in serving.revisions]
    shares = serving.traffic.shares
    oldest = max((names.index(name) for name in shares if name in names), default=len(names))
    codes = {_code(serving, revision) for revision in serving.serving()} - {None}
    passed = []
    for revision in serving.revisions[oldest + 1 :]:
        if not revision.ready:
            continue
        if _code(serving, revision) not in codes:
            return revision
        passed.append(revision.name)
        process.stdout.write(f"Passed over, because it runs the same code: {revision.name}\n")
    before = f"There is no revision before {', '.join(sorted(shares)) or 'the newest'} that is ready"
    if passed:
        raise RollbackError(f"{before} and runs other code. For the settings of {passed[0]}: --to {passed[0]}")
    raise RollbackError(f"{before}.")


def _code(serving: Serving, revision: Revision) -> str | None:
    release = serving.release_of(revision)
    return release.digest[:LABEL_DIGEST_LENGTH] if release else None


def _words(serving: Serving, revision: Revision) -> str:
    return f"{revision.name}, of {revision.created}: {release_in_words(serving.release_of(revision))}"


def _ask(process: Process) -> None:
    if not process.stdin.isatty():
        raise RollbackError("There is no terminal for the question. Add --yes. Traffic is unchanged.")
    process.stdout.write("Send all calls there? [y/N] ")
    process.stdout.flush()
    if process.stdin.readline().strip().lower() not in ("y", "yes"):
        raise RollbackError("Traffic is unchanged.")
