"""`make stack`: keep the local stack running, and say what an app needs to use it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local_stack import PROJECT_ID, LocalStack, Ports, StackError, StackOptions

_RUN = Path(__file__).parents[2] / ".run" / "stack"


def _main() -> int:
    arguments = _arguments()
    console = Console()
    options = StackOptions(
        run_directory=_RUN,
        host=arguments.host,
        ports=Ports(arguments.function_port, arguments.auth_port, arguments.gemini_port, arguments.secret_manager_port),
        google_api_key=os.environ.get("GEMINI_API_KEY") or None,
    )
    with ExitStack() as cleanup:
        try:
            with console.status("Starting") as status:
                starting = LocalStack(options, progress=lambda name: status.update(f"Waiting for the {name}"))
                stack = cleanup.enter_context(starting)
        except StackError as error:
            console.print(str(error), style="red", markup=False, highlight=False)
            return 1
        except KeyboardInterrupt:
            return 130
        _say_what_to_use(console, stack, options)
        return _keep_running(console, stack)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local_stack", description=__doc__)
    defaults = Ports()
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; your LAN address, for a phone")
    parser.add_argument("--function-port", type=int, default=defaults.function)
    parser.add_argument("--auth-port", type=int, default=defaults.auth)
    parser.add_argument("--gemini-port", type=int, default=defaults.gemini)
    parser.add_argument("--secret-manager-port", type=int, default=defaults.secret_manager)
    return parser.parse_args()


def _say_what_to_use(console: Console, stack: LocalStack, options: StackOptions) -> None:
    table = Table("what", "value", title="The stack is running. Ctrl-C stops it.", title_justify="left")
    table.add_row("mint URL: httpsCallableFromURL(functions, …)", stack.function_url)
    table.add_row("Auth emulator: connectAuthEmulator(auth, …)", f"http://{stack.auth_host}")
    table.add_row("Firebase project: initializeApp({projectId, apiKey})", f"{PROJECT_ID}, and any apiKey")
    if options.google_api_key is None:
        table.add_row("Gemini stand-in (its address is in websocketUrl)", f"ws://{stack.gemini_host}")
    else:
        table.add_row("Gemini", "Google's, with the key in GEMINI_API_KEY")
    table.add_row("logs", os.path.relpath(options.run_directory))
    console.print(table)
    console.print("Android emulator: `adb reverse tcp:PORT tcp:PORT` for each port lets 127.0.0.1 work as it is.")


def _keep_running(console: Console, stack: LocalStack) -> int:
    try:
        while True:
            for process in stack.processes:
                if process.ended:
                    console.print(f"[red]The {process.name} stopped. Its log: {process.log}[/red]")
                    return 1
            time.sleep(0.5)
    except KeyboardInterrupt:
        console.print("Stopping")
        return 0


if __name__ == "__main__":
    sys.exit(_main())
