"""`make stack`: keep the local stack running, and print what an app needs to use it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from stack import PROJECT_ID, LocalStack, Ports, StackError, StackOptions

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
        _print_usage(console, stack, options)
        return _keep_running(console, stack)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="stack", description=__doc__)
    defaults = Ports()
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; for a phone, your LAN address")
    parser.add_argument("--function-port", type=int, default=defaults.function)
    parser.add_argument("--auth-port", type=int, default=defaults.auth)
    parser.add_argument("--gemini-port", type=int, default=defaults.gemini)
    parser.add_argument("--secret-manager-port", type=int, default=defaults.secret_manager)
    return parser.parse_args()


def _print_usage(console: Console, stack: LocalStack, options: StackOptions) -> None:
    variables = {
        "MINT_URL": (stack.function_url, "httpsCallableFromURL(getFunctions(app), MINT_URL)"),
        "AUTH_EMULATOR_URL": (f"http://{stack.auth_host}", "connectAuthEmulator(getAuth(app), AUTH_EMULATOR_URL)"),
        "FIREBASE_PROJECT_ID": (PROJECT_ID, 'initializeApp({ projectId: FIREBASE_PROJECT_ID, apiKey: "any" })'),
    }
    console.print("[bold]The stack is running.[/] Ctrl-C stops it. Your app needs:\n")
    for name, (value, use) in variables.items():
        console.print(f"{name}={value:<30} [dim]# {escape(use)}[/]", soft_wrap=True, highlight=False)
    gemini = "Google's" if options.google_api_key else f"the stand-in at ws://{stack.gemini_host}"
    console.print(f"\nGemini is {gemini}; `websocketUrl` points to it.", highlight=False)
    console.print("Android emulator: run `adb reverse tcp:PORT tcp:PORT` for each port, so that 127.0.0.1 works there.")
    console.print(f"Logs: {os.path.relpath(options.run_directory)}", highlight=False)


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
