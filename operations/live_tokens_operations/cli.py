"""The command line `live-tokens`: one parser, one table of exit codes, one place that turns errors into words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from live_tokens_operations.arguments import Parser, UsageError
from live_tokens_operations.process import ExitCode, OperationError, Process, StoppedError, Subcommand, Terminated

_EXIT_CODES: Mapping[type[BaseException], ExitCode] = {
    UsageError: ExitCode.MISUSED,
    StoppedError: ExitCode.INTERRUPTED,
    OperationError: ExitCode.FAILED,
    KeyboardInterrupt: ExitCode.INTERRUPTED,
    Terminated: ExitCode.TERMINATED,
}
"""Kind of error → how the program ends. The first that fits counts."""


def main(arguments: Sequence[str], process: Process) -> int:
    """Run one subcommand.

    Args:
        arguments: what was typed after `live-tokens`.

    Returns:
        The exit code.
    """
    try:
        typed, surplus = _parser(arguments[0] if arguments else "").parse_known_args(arguments)
        if surplus:
            typed.parser.error(f"unrecognized arguments: {' '.join(surplus)}")
        subcommand: Subcommand = typed.subcommand
        return subcommand.run(typed, process)
    except tuple(_EXIT_CODES) as error:
        if words := str(error):
            process.stderr.write(f"{words}\n")
        return next(code for kind, code in _EXIT_CODES.items() if isinstance(error, kind))


def _parser(chosen: str) -> Parser:
    """Return the parser. Only the chosen subcommand is imported: Google's libraries take seconds to load."""
    parser = Parser(prog="live-tokens", description="Deploys, checks and operates mint_live_token.")
    parts = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (words, load) in SUBCOMMANDS.items():
        part = parts.add_parser(name, help=words, description=f"{words[:1].upper()}{words[1:]}.")
        if name == chosen:
            subcommand = load()
            subcommand.add_arguments(part)
            part.set_defaults(subcommand=subcommand, parser=part)
    return parser


def _deploy() -> Subcommand:
    from live_tokens_operations.deploy import command
    from live_tokens_operations.smoke.command import SmokeTest

    return Subcommand(
        command.add_deploy_arguments, lambda typed, process: command.deploy(typed, process, SmokeTest.read)
    )


def _destroy() -> Subcommand:
    from live_tokens_operations.deploy import command

    return Subcommand(command.add_destroy_arguments, command.destroy)


def _doctor() -> Subcommand:
    from live_tokens_operations import doctor

    return Subcommand(doctor.add_arguments, doctor.run)


def _smoke() -> Subcommand:
    from live_tokens_operations.smoke import command

    return Subcommand(command.add_arguments, command.run)


def _admin() -> Subcommand:
    from live_tokens_operations.admin import command

    return Subcommand(command.add_arguments, command.run)


def _profiles() -> Subcommand:
    from live_tokens_operations import profiles

    return Subcommand(profiles.add_arguments, profiles.run)


def _bill() -> Subcommand:
    from live_tokens_operations import bill

    return Subcommand(bill.add_arguments, bill.run)


def _release() -> Subcommand:
    from live_tokens_operations.release import command

    return Subcommand(command.add_arguments, command.run)


def _status() -> Subcommand:
    from live_tokens_operations import status

    return Subcommand(status.add_arguments, status.run)


def _rollback() -> Subcommand:
    from live_tokens_operations import rollback

    return Subcommand(rollback.add_arguments, rollback.run)


def _package() -> Subcommand:
    from live_tokens_operations import package

    return Subcommand(package.add_arguments, package.run)


SUBCOMMANDS: dict[str, tuple[str, Callable[[], Subcommand]]] = {
    "deploy": ("deploy the function and test it", _deploy),
    "destroy": ("delete what `deploy` created", _destroy),
    "doctor": ("find what is wrong with a deployment, and the remedies", _doctor),
    "smoke": ("test a deployed function with a real session", _smoke),
    "admin": ("stop the service, a profile or a user, and show who takes the most and what a user has left", _admin),
    "profiles": ("check the profiles of this checkout, and show what each locks", _profiles),
    "bill": ("print what one caller can cost at most", _bill),
    "release": ("test, deploy and release the code of this checkout, in Cloud Build", _release),
    "status": ("show which version, commit and package serve", _status),
    "rollback": ("send all calls to an earlier revision, after a question", _rollback),
    "package": ("copy the source of the function to a folder, as it is deployed", _package),
}
"""Name → what it does, and how its part of the program is loaded."""
