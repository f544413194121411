"""Start the stack, run all steps, stop the stack. The exit code is 1 if a step does not behave as described."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from rich.panel import Panel

from demo.leases import SHORT_LEASES_PROFILE, SHORT_LEASES_TOML, Leases
from demo.narrator import Narrator, UnexpectedBehaviourError
from demo.refusals_and_quotas import TWO_PER_HOUR_PROFILE, TWO_PER_HOUR_TOML, RefusalsAndQuotas
from demo.tokens_and_sessions import SHORT_START_PROFILE, SHORT_START_TOML, Services, TokensAndSessions
from live_tokens_operations.client.conversation import ConversationRefusedError
from live_tokens_operations.client.live_session import SessionError
from live_tokens_operations.client.mint_client import FunctionUnreachableError, MintClient, UnexpectedAnswerError
from stack import LocalStack, StackError, StackOptions

_ROOT = Path(__file__).parents[2]
_GOOGLE = "wss://generativelanguage.googleapis.com"


def _main() -> int:
    narrator = Narrator()
    google_api_key = os.environ.get("GEMINI_API_KEY") or None
    run = _ROOT / ".run" / "demo"
    shutil.rmtree(run, ignore_errors=True)
    gemini = "Google, with the key in GEMINI_API_KEY" if google_api_key else "a local stand-in that enforces its rules"
    narrator.console.print(Panel.fit(f"A Gemini Live token for a signed-in user, end to end\nGemini is {gemini}"))
    options = StackOptions(
        run_directory=run,
        google_api_key=google_api_key,
        extra_profiles={
            SHORT_START_PROFILE: SHORT_START_TOML,
            TWO_PER_HOUR_PROFILE: TWO_PER_HOUR_TOML,
            SHORT_LEASES_PROFILE: SHORT_LEASES_TOML,
        },
    )
    with ExitStack() as cleanup:
        try:
            stack = _start(narrator, options, cleanup)
            services = Services(
                auth_host=stack.auth_host,
                gemini_url=_GOOGLE if google_api_key else f"ws://{stack.gemini_host}",
                real_gemini=google_api_key is not None,
                wav=_ROOT / "reply.wav",
            )
            mint = MintClient(stack.function_url)
            leases = Leases(stack.auth_host, narrator, mint, stack.switches_file, services.real_gemini)
            with leases.two_users_talk():
                TokensAndSessions(services, narrator, mint).run()
                RefusalsAndQuotas(stack.auth_host, narrator, mint, stack.switches_file).run()
        except StackError as error:
            narrator.bad(str(error))
            return 1
        except (
            UnexpectedBehaviourError,
            UnexpectedAnswerError,
            FunctionUnreachableError,
            ConversationRefusedError,
            SessionError,
        ) as error:
            narrator.bad(f"{error}\n      The logs are in {os.path.relpath(run)}")
            return 1
        except KeyboardInterrupt:
            return 130
    narrator.console.print(
        "\n[bold green]All steps behaved as described.[/] Next: `make stack` keeps the stack running for your app.",
        soft_wrap=True,
    )
    return 0


def _start(narrator: Narrator, options: StackOptions, cleanup: ExitStack) -> LocalStack:
    narrator.step("The local stack starts")
    started = time.monotonic()
    with narrator.console.status("Starting") as status:
        starting = LocalStack(options, progress=lambda name: status.update(f"Waiting for the {name}"))
        stack = cleanup.enter_context(starting)
    names = ", ".join(process.name for process in stack.processes)
    narrator.good(f"{names}: ready after {time.monotonic() - started:.0f} s")
    return stack


if __name__ == "__main__":
    sys.exit(_main())
