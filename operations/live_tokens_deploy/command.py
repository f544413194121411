"""The command line: what may be typed, and how it ends.

Exit codes: 0 done, 1 stopped before the end, 2 it was typed wrong, 130 interrupted.
"""

from __future__ import annotations

import shlex
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from command_line import Parser, UsageError, project_id, variable
from live_tokens_deploy.down import Down
from live_tokens_deploy.errors import DeployError, MisuseError
from live_tokens_deploy.programs import Programs
from live_tokens_deploy.terminal import Operator
from live_tokens_deploy.up import Up, Wishes

DONE, STOPPED, MISUSED, INTERRUPTED = 0, 1, 2, 130

MODULE = Path(__file__).resolve().parents[2] / "infra"

_SMOKE_OPTIONS = "SMOKE_OPTIONS"


def main(arguments: Sequence[str], environment: Mapping[str, str], programs: Programs, operator: Operator) -> int:
    """Deploy, or take a deployment away.

    Args:
        arguments: what was typed after the name of the program.
        environment: may hold the key, options of the smoke test, and credentials for Terraform.
        programs: runs gcloud, Terraform and the smoke test.
        operator: is told and asked.

    Returns:
        The exit code.
    """
    colour = operator.present and "NO_COLOR" not in environment
    try:
        typed = _parser().parse_args(arguments)
        if typed.way == "up":
            Up(programs, operator, environment, MODULE, colour).run(_wishes(typed, environment))
        else:
            Down(programs, operator, environment, MODULE, colour).run(typed.project, typed.confirm)
    except (UsageError, MisuseError) as error:
        sys.stderr.write(f"{error}\n")
        return MISUSED
    except DeployError as error:
        sys.stderr.write(f"{error}\n")
        return STOPPED
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. The same command goes on from what is there.\n")
        return INTERRUPTED
    return DONE


def _wishes(typed: Namespace, environment: Mapping[str, str]) -> Wishes:
    options = typed.smoke_options
    if options is None:
        # Make hands it on this way: on a command line the quotes in it would end those around it.
        options = variable(environment, _SMOKE_OPTIONS, _words)
    return Wishes(typed.project, typed.region, typed.yes, typed.new_key, options or ())


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is nothing that a shell could read: {error}") from error


def _parser() -> Parser:
    parser = Parser(prog="live_tokens_deploy", description=__doc__.split("\n")[0])
    ways = parser.add_subparsers(dest="way", required=True)
    up = ways.add_parser("up", help="deploy, or go on with it")
    up.add_argument("--region", metavar="REGION", help="where; by default where it is, or europe-west1")
    up.add_argument("--yes", action="store_true", help="apply the plan without a question")
    up.add_argument("--new-key", action="store_true", help="store a new Gemini API key in place of the one there is")
    up.add_argument(
        "--smoke-options",
        type=_words,
        metavar="OPTIONS",
        help=f"more arguments of the smoke test, as one: --smoke-options='--app-id=1:2:web:3' (or {_SMOKE_OPTIONS})",
    )
    down = ways.add_parser("down", help="take away what was deployed")
    down.add_argument("--confirm", metavar="PROJECT", help="the project's id once more, in place of the question")
    for way in (up, down):
        way.add_argument("--project", required=True, type=project_id, metavar="PROJECT", help="id of the project")
    return parser
