"""`live-tokens admin`: its arguments and its subcommands."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from live_tokens_operations.admin import values
from live_tokens_operations.admin.account import account_of
from live_tokens_operations.admin.database import FIRESTORE_ERRORS, Database, DatabaseError, Place, explanation
from live_tokens_operations.admin.quotas import forget, today
from live_tokens_operations.admin.report import (
    console_on,
    plain,
    show_account,
    show_bounds,
    show_heaviest,
    show_switches,
    when,
)
from live_tokens_operations.admin.switches import EndHasPassedError, Ending, Target, every_switch, let_go_on, stop
from live_tokens_operations.arguments import Parser, UsageError, project_id, timeout, variable
from live_tokens_operations.bounds import bounds
from live_tokens_operations.checks.profiles import PROFILES
from live_tokens_operations.defaults import DATABASE
from live_tokens_operations.process import ExitCode, Process


@dataclass(frozen=True, slots=True)
class AdminContext:
    """The database, the output and the arguments of a subcommand.

    Attributes:
        database: connected to the place that was named.
    """

    database: Database
    out: Console
    typed: Namespace

    def say(self, text: str) -> None:
        self.out.print(plain(text))


def run(typed: Namespace, process: Process) -> ExitCode:
    """Run one command.

    Raises:
        UsageError: the database is not known, or a stop would end in the past.
        DatabaseError: Firestore failed.
    """
    place = _place(typed, process.environment)
    process.stderr.write(f"Talking to {place}\n")
    try:
        with Database(place, typed.timeout) as database:
            typed.run(AdminContext(database, console_on(process.stdout), typed))
    except EndHasPassedError as error:
        words = f"{when(error.until)} has passed: at Firestore it is {when(error.now)}. Nothing was changed."
        raise UsageError(words) from error
    except FIRESTORE_ERRORS as error:
        raise DatabaseError(explanation(error, place)) from error
    return ExitCode.DONE


def _status(context: AdminContext) -> None:
    uid = context.typed.uid
    switches = every_switch(context.database)
    if uid is None:
        show_switches(context.out, switches)
        return
    show_switches(context.out, (switch for switch in switches if switch.target and switch.target.concerns(uid)))
    show_account(context.out, account_of(context.database, uid))


def _stop(context: AdminContext) -> None:
    target: Target = context.typed.target(context.typed)
    ending = Ending(context.typed.until, context.typed.lasting)
    until, was_on = stop(context.database, target, context.typed.message, ending)
    end = f"until {when(until)}" if until else f"until you clear it with `{context.typed.opposite}`"
    instead = ", in place of what stopped it before" if was_on else ""
    context.say(f"Stopped {target.words} {end}{instead}. In effect from the next call on.")
    show_bounds(context.out, bounds(context.typed.profiles, context.typed.profile))


def _go_on(context: AdminContext) -> None:
    target: Target = context.typed.target(context.typed)
    if let_go_on(context.database, target):
        context.say(f"Cleared the stop of {target.words}. In effect from the next call on.")
    else:
        context.say(f"Nothing stopped {target.words}. Nothing changes for the next call.")


def _heaviest(context: AdminContext) -> None:
    show_heaviest(context.out, today(context.database, context.typed.limit))


def _reset(context: AdminContext) -> None:
    if forget(context.database, context.typed.uid):
        context.say(f"Forgot what user {context.typed.uid} has taken: the full quota, from the next call on.")
        context.say("Open sessions are forgotten too: none is renewed, and each ends with its lease.")
    else:
        context.say(f"Nothing is stored of user {context.typed.uid}, who has the full quota already.")


def _place(typed: Namespace, environment: Mapping[str, str]) -> Place:
    project = typed.project or variable(environment, "FIREBASE_PROJECT_ID", project_id)
    if project is None:
        raise UsageError("Which project? Name it with --project, or in FIREBASE_PROJECT_ID.")
    # The library takes even an empty variable for an emulator's address.
    if environment.get("FIRESTORE_EMULATOR_HOST") == "":
        raise UsageError("FIRESTORE_EMULATOR_HOST is set, and empty. Unset it to talk to Google.")
    return Place(
        project=project,
        database=typed.database or variable(environment, "FIRESTORE_DATABASE", values.database) or DATABASE,
        emulator=variable(environment, "FIRESTORE_EMULATOR_HOST", values.emulator),
    )


def add_arguments(parser: Parser) -> None:
    _add_common(parser)
    parser.set_defaults(project=None, database=None, timeout=10.0)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[AdminContext], None], description: str) -> ArgumentParser:
        # The options that every command has may stand before its name, or after.
        command = commands.add_parser(name, help=description, description=description, parents=[_common()])
        command.set_defaults(run=run)
        return command

    command = add("status", _status, "show every switch that is set; of one user, also sessions, minutes and tokens")
    command.add_argument("uid", type=values.uid, metavar="UID", nargs="?", help="this user")
    for name, run, description in (
        ("pause", _stop, "refuse all calls, or those for one profile"),
        ("resume", _go_on, "end a pause"),
    ):
        command = add(name, run, description)
        command.add_argument("--profile", type=values.profile, metavar="NAME", help="this profile only")
        command.set_defaults(target=_service_or_profile, opposite="resume")
        _add_stop_options(command, run)
    for name, run, description in (
        ("block", _stop, "refuse all calls of one user"),
        ("unblock", _go_on, "end a block"),
    ):
        command = add(name, run, description)
        command.add_argument("uid", type=values.uid, metavar="UID", help="put `--` before one that begins with a dash")
        command.set_defaults(target=lambda typed: Target.user(typed.uid), opposite="unblock", profile=None)
        _add_stop_options(command, run)
    command = add("heaviest", _heaviest, "list the callers who were granted the most minutes today")
    command.add_argument("--limit", type=values.limit, default=20, help="how many of them (default: 20)")
    command = add("reset", _reset, "forget what one user has taken, and so give the full quota back")
    command.add_argument("uid", type=values.uid, metavar="UID", help="put `--` before one that begins with a dash")


def _common() -> Parser:
    common = Parser(add_help=False, argument_default=SUPPRESS)
    _add_common(common)
    return common


def _add_common(common: ArgumentParser) -> None:
    common.add_argument("--project", type=project_id, help="id of the project (default: FIREBASE_PROJECT_ID)")
    common.add_argument(
        "--database", type=values.database, help=f"name of the database (default: FIRESTORE_DATABASE, or {DATABASE})"
    )
    common.add_argument(
        "--timeout",
        type=timeout,
        metavar="SECONDS",
        help="how long one call of Firestore may take (default: 10)",
    )


def _add_stop_options(command: ArgumentParser, run: Callable[[AdminContext], None]) -> None:
    if run is not _stop:
        return
    command.add_argument(
        "--profiles",
        type=Path,
        default=PROFILES,
        metavar="FOLDER",
        help="as they are deployed, to tell when talk ends (default: functions/profiles)",
    )
    command.add_argument("--message", type=values.message, metavar="TEXT", help="words for callers")
    end = command.add_mutually_exclusive_group()
    end.add_argument("--until", type=values.moment, metavar="TIME", help="end by itself then: 2026-11-30T18:00:00Z")
    end.add_argument(
        "--for", type=values.duration, dest="lasting", metavar="LENGTH", help="end by itself after 90s, 30m, 2h, 7d"
    )


def _service_or_profile(typed: Namespace) -> Target:
    return Target.service() if typed.profile is None else Target.profile(typed.profile)
