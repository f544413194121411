"""`live-tokens deploy` and `live-tokens destroy`: their arguments, and how they run."""

from __future__ import annotations

import shlex
import signal
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from live_tokens_operations.arguments import Parser, project_id, variable
from live_tokens_operations.defaults import CHECKOUT, REGION
from live_tokens_operations.deploy.accidents import Accident
from live_tokens_operations.deploy.deployment import Deploy, DeployOptions
from live_tokens_operations.deploy.destruction import Destroy
from live_tokens_operations.deploy.smoke_test import ReadSmokeTest, SmokeStep
from live_tokens_operations.deploy.terminal import Terminal
from live_tokens_operations.process import ExitCode, Process, StoppedError, Terminated
from live_tokens_operations.programs import KEY_VARIABLES, LocalPrograms

MODULE = CHECKOUT / "infra"

_SMOKE_OPTIONS = "SMOKE_OPTIONS"


def deploy(typed: Namespace, process: Process, read_smoke_test: ReadSmokeTest) -> ExitCode:
    """Create or update a deployment.

    Args:
        read_smoke_test: reads the arguments of the smoke test.

    Raises:
        DeployError, ProgramError: it stopped before the end.
    """
    with _interruptions():
        programs, operator, colour = _parts(process, typed.project)
        options = _options(typed, process.environment)
        # The smoke test does not need the key.
        environment = {name: value for name, value in process.environment.items() if name not in KEY_VARIABLES}
        smoke_test = SmokeStep(
            read_smoke_test, replace(process, environment=environment), typed.project, options.smoke_options
        )
        Deploy(programs, operator, process.environment, MODULE, colour).run(options, smoke_test)
    return ExitCode.DONE


def destroy(typed: Namespace, process: Process) -> ExitCode:
    """Delete a deployment.

    Raises:
        DeployError, ProgramError: it stopped before the end.
    """
    with _interruptions():
        programs, operator, colour = _parts(process, typed.project)
        Destroy(programs, operator, process.environment, MODULE, colour).run(typed.project, typed.confirm)
    return ExitCode.DONE


def _parts(process: Process, project: str) -> tuple[LocalPrograms, Terminal, bool]:
    operator = Terminal(process.stdin, process.stdout)
    colour = operator.interactive and "NO_COLOR" not in process.environment
    # Two runs for two projects in one checkout would otherwise follow the state that either opened last.
    data = {"TF_DATA_DIR": str(MODULE / ".terraform" / project)}
    return LocalPrograms({**process.environment, **data}), operator, colour


@contextmanager
def _interruptions() -> Iterator[None]:
    """Report an interruption: Ctrl-C, or the SIGTERM of a cancelled build.

    Raises:
        StoppedError: it was interrupted.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except (KeyboardInterrupt, Terminated) as interruption:
        raise StoppedError("\nInterrupted. Run the same command to continue.") from interruption
    finally:
        signal.signal(signal.SIGTERM, before)


def _options(typed: Namespace, environment: Mapping[str, str]) -> DeployOptions:
    smoke_options = typed.smoke_options
    if smoke_options is None:
        # make passes the options this way: on a command line, their quotes would be lost.
        smoke_options = variable(environment, _SMOKE_OPTIONS, _words)
    accepted = frozenset(Accident(word) for word in typed.accept)
    return DeployOptions(typed.project, typed.region, typed.yes, accepted, typed.new_key, smoke_options or ())


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not valid shell syntax: {error}") from error


def add_deploy_arguments(parser: Parser) -> None:
    _add_project(parser)
    parser.add_argument("--region", metavar="REGION", help=f"region of a new function, such as {REGION}; it is final")
    parser.add_argument(
        "--yes", action="store_true", help="apply the plan without asking, unless it needs an --accept, too"
    )
    parser.add_argument(
        "--accept",
        action="append",
        choices=[accident.value for accident in Accident],
        default=[],
        help="apply a plan that undoes applied settings, destroys, opens the ingress, lowers App Check, makes the "
        "function public or closes a URL that apps call; repeat it for several",
    )
    parser.add_argument("--new-key", action="store_true", help="replace the stored Gemini API key")
    parser.add_argument(
        "--smoke-options",
        type=_words,
        metavar="OPTIONS",
        help=f"more arguments of the smoke test: --smoke-options='--app-id=1:2:web:3' (or {_SMOKE_OPTIONS})",
    )


def add_destroy_arguments(parser: Parser) -> None:
    _add_project(parser)
    parser.add_argument("--confirm", metavar="PROJECT", help="the project's id again, to skip the question")


def _add_project(parser: Parser) -> None:
    parser.add_argument("--project", required=True, type=project_id, metavar="PROJECT", help="id of the project")
