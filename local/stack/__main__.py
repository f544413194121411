"""`make stack`: keep the local stack running, and print what an app needs to use it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

from rich.console import Console

from demo.leases import SHORT_LEASES_PROFILE, SHORT_LEASES_TOML
from demo.refusals_and_quotas import TWO_PER_HOUR_PROFILE, TWO_PER_HOUR_TOML
from stack import LocalStack, Ports, StackError, StackOptions
from stack.description import described
from stack.prerequisites import require_free
from stack.usage import print_usage
from web import PAGE_HOST, PageServer, PageStack

_ROOT = Path(__file__).parents[2]
_RUN = _ROOT / ".run" / "stack"
# The app of example/: its profile has the tool that the scenario calls.
_APP_PROFILE = "colours"
_APP_TOML = _ROOT / "example" / "colours.toml"
_APP_SCENARIO = _ROOT / "local" / "web" / "colours-scenario.toml"
_DESCRIPTION = "stack.json"
_POLL_SECONDS = 0.2


class _Stopped(Exception):
    """A signal asked the stack to stop."""


class _Signals:
    """Notes that the stack shall stop. A signal raises nothing: it cannot interrupt what starts or stops a program."""

    def __init__(self) -> None:
        self.received = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: object) -> None:
        self.received = True

    def raise_if_received(self) -> None:
        if self.received:
            raise _Stopped


def _main() -> int:
    signals = _Signals()
    console = Console()
    arguments = _arguments()
    run = arguments.run_directory
    with ExitStack() as cleanup:
        try:
            options = _options(arguments)
            (run / _DESCRIPTION).unlink(missing_ok=True)  # of a stack that was killed
            with console.status("Starting") as status:

                def progress(name: str) -> None:
                    signals.raise_if_received()
                    status.update(f"Waiting for the {name}")

                stack = cleanup.enter_context(LocalStack(options, progress))
            cleanup.enter_context(described(stack, run / _DESCRIPTION))
            print_usage(console, stack, run / _DESCRIPTION)
            if arguments.web_port is not None:
                server = PageServer(PageStack.of(stack), arguments.web_port, arguments.app)
                page = cleanup.enter_context(server)
                query = "" if arguments.app is None else _query_of_app(stack)
                console.print(f"\n[bold]Talk at {page.url}{query}[/]", highlight=False, soft_wrap=True)
            return _keep_running(console, stack, signals)
        except StackError as error:
            console.print(str(error), style="red", markup=False, highlight=False)
            return 1
        except _Stopped:
            console.print("Stopping")
            return 0


def _query_of_app(stack: LocalStack) -> str:
    """Return the settings of the app of example/, as it reads them."""
    settings = {"mint": stack.function_url, "auth": f"http://{stack.auth_host}", "profile": _APP_PROFILE}
    return f"?{urlencode(settings, safe=':/')}"


def _keep_running(console: Console, stack: LocalStack, signals: _Signals) -> int:
    while True:
        signals.raise_if_received()
        for process in stack.processes:
            if process.ended:
                console.print(f"[red]The {process.name} stopped. Its log: {process.log}[/red]")
                return 1
        time.sleep(_POLL_SECONDS)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="stack", description=__doc__)
    defaults = Ports()
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; for a phone, your LAN address")
    parser.add_argument("--function-port", type=int, default=defaults.function)
    parser.add_argument("--auth-port", type=int, default=defaults.auth)
    parser.add_argument("--gemini-port", type=int, default=defaults.gemini)
    parser.add_argument("--secret-manager-port", type=int, default=defaults.secret_manager)
    parser.add_argument("--connection-seconds", help="age limit of a connection to the Gemini stand-in")
    parser.add_argument("--go-away-seconds", help="goAway so long before the limit")
    parser.add_argument("--scenario", help="what the next conversations do: a file, or the name of a ready-made one")
    parser.add_argument("--control", action="store_true", help="the Gemini stand-in takes scenarios over HTTP")
    parser.add_argument("--tls", action="store_true", help="the Gemini stand-in speaks https and wss only")
    parser.add_argument("--web-port", type=int, help="serve a page that talks, on this port of 127.0.0.1")
    parser.add_argument("--app", type=Path, help="serve this web build of example/ in place of the page")
    parser.add_argument("--run-directory", type=Path, default=_RUN, help="for logs, stack.json and stop switches")
    return parser.parse_args()


def _options(arguments: argparse.Namespace) -> StackOptions:
    google_api_key = os.environ.get("GEMINI_API_KEY") or None
    if arguments.web_port is not None:
        require_free(PAGE_HOST, arguments.web_port, "the page", "WEB_PORT")
        arguments.control |= google_api_key is None
    if arguments.app is not None and google_api_key is None:
        arguments.scenario = arguments.scenario or str(_APP_SCENARIO)
    stand_in_arguments = _stand_in_arguments(arguments)
    if google_api_key and (stand_in_arguments or arguments.tls):
        raise StackError(
            "GEMINI_API_KEY is set, so Gemini is Google's. CONNECTION_SECONDS, GO_AWAY_SECONDS, SCENARIO, CONTROL "
            "and TLS are for the stand-in. Unset them or the key."
        )
    return StackOptions(
        run_directory=arguments.run_directory,
        host=arguments.host,
        ports=Ports(arguments.function_port, arguments.auth_port, arguments.gemini_port, arguments.secret_manager_port),
        google_api_key=google_api_key,
        stand_in_arguments=stand_in_arguments,
        tls=arguments.tls,
        extra_profiles={
            TWO_PER_HOUR_PROFILE: TWO_PER_HOUR_TOML,
            SHORT_LEASES_PROFILE: SHORT_LEASES_TOML,
            _APP_PROFILE: _APP_TOML.read_text(encoding="utf-8"),
        },
    )


def _stand_in_arguments(arguments: argparse.Namespace) -> list[str]:
    given = {
        "--connection-seconds": arguments.connection_seconds,
        "--go-away-seconds": arguments.go_away_seconds,
        "--scenario": _path_or_name(arguments.scenario) if arguments.scenario else None,
    }
    options = [part for option, value in given.items() if value is not None for part in (option, value)]
    return [*options, "--control"] if arguments.control else options


def _path_or_name(scenario: str) -> str:
    """The stand-in runs in another folder."""
    return str(Path(scenario).absolute()) if Path(scenario).exists() else scenario


if __name__ == "__main__":
    sys.exit(_main())
