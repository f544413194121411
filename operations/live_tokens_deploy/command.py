"""The command line: what may be typed, and how it ends.

Exit codes: 0 done, 1 stopped before the end, 2 it was typed wrong, 130 interrupted.
"""

from __future__ import annotations

import re
import shlex
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping, Sequence
from pathlib import Path

from live_tokens_deploy.down import Down
from live_tokens_deploy.errors import DeployError, MisuseError
from live_tokens_deploy.programs import Programs
from live_tokens_deploy.terminal import Operator
from live_tokens_deploy.up import Up, Wishes

DONE, STOPPED, MISUSED, INTERRUPTED = 0, 1, 2, 130

MODULE = Path(__file__).resolve().parents[2] / "infra"


def main(arguments: Sequence[str], environment: Mapping[str, str], programs: Programs, operator: Operator) -> int:
    """Deploy, or take a deployment away.

    Args:
        arguments: what was typed after the name of the program.
        environment: may hold the key, and credentials for Terraform.
        programs: runs gcloud, Terraform and the smoke test.
        operator: is told and asked.

    Returns:
        The exit code.
    """
    typed = _parser().parse_args(arguments)
    colour = operator.present and "NO_COLOR" not in environment
    try:
        if typed.way == "up":
            wishes = Wishes(typed.project, typed.region, typed.yes, typed.new_key, tuple(typed.smoke_options))
            Up(programs, operator, environment, MODULE, colour).run(wishes)
        else:
            Down(programs, operator, environment, MODULE, colour).run(typed.project, typed.confirm)
    except MisuseError as error:
        sys.stderr.write(f"{error}\n")
        return MISUSED
    except DeployError as error:
        sys.stderr.write(f"{error}\n")
        return STOPPED
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. The same command goes on from what is there.\n")
        return INTERRUPTED
    return DONE


def _project(text: str) -> str:
    # An argument that begins with a dash would be an option of gcloud.
    if not re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", text):
        raise ArgumentTypeError(f"{text!r} is not the id of a project, such as my-app-1a2b (not its name or number)")
    return text


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="live_tokens_deploy", description=__doc__.split("\n")[0])
    ways = parser.add_subparsers(dest="way", required=True)
    up = ways.add_parser("up", help="deploy, or go on with it")
    up.add_argument("--region", metavar="REGION", help="where; by default where it is, or europe-west1")
    up.add_argument("--yes", action="store_true", help="apply the plan without a question")
    up.add_argument("--new-key", action="store_true", help="store a new Gemini API key in place of the one there is")
    up.add_argument(
        "--smoke-options",
        type=shlex.split,
        default=[],
        metavar="OPTIONS",
        help="more arguments of the smoke test, as one: --smoke-options='--app-id=1:2:web:3'",
    )
    down = ways.add_parser("down", help="take away what was deployed")
    down.add_argument("--confirm", metavar="PROJECT", help="the project's id once more, in place of the question")
    for way in (up, down):
        way.add_argument("--project", required=True, type=_project, metavar="PROJECT", help="id of the project")
    return parser
