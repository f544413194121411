"""The smoke test as the last step: what is new may need minutes to take effect, and only that is waited for.

It is the subcommand `smoke`, which takes the function's URL and `--project`.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from live_tokens_operations.arguments import UsageError
from live_tokens_operations.deploy.errors import MisuseError, ProgramError
from live_tokens_operations.deploy.programs import Finished, Programs
from live_tokens_operations.smoke.command import parser

PATIENCE_SECONDS = 300.0
PAUSE_SECONDS = 20.0

_PASSED, _FAILED, _MISUSED = 0, 1, 2
# A grant takes some minutes: https://cloud.google.com/iam/docs/access-change-propagation
# Of these, each may be an account that has no role yet, a key that is new, or a function nobody may call yet.
_MAY_PASS = re.compile(
    r"\b(IDENTITY_UNAVAILABLE|QUOTA_UNAVAILABLE|API_KEY_UNAVAILABLE|API_KEY_REJECTED)\b"
    r"|Cloud Run itself refuses the call"
)
_REJECTED = re.compile(r"\bAPI_KEY_REJECTED\b")


@dataclass(frozen=True, slots=True)
class SmokeTest:
    """The smoke test of one function.

    Attributes:
        programs: runs it.
        options: more arguments for it.
        monotonic: seconds of a clock that never goes back.
        pause: waits for some seconds.
    """

    programs: Programs
    options: tuple[str, ...] = ()
    monotonic: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def require(self, url: str, project: str, waiting: Callable[[], None]) -> None:
        """Run it, again as long as the outcome may be one of the first minutes.

        Args:
            url: of the function.
            project: whose users sign in.
            waiting: told before each wait.

        Raises:
            MisuseError: it does not take its options, or the credentials in the environment.
            ProgramError: it failed.
        """
        line = [sys.executable, "-m", "live_tokens_operations", "smoke", *_arguments(url, project, self.options)]
        end = self.monotonic() + PATIENCE_SECONDS
        while True:
            finished = self.programs.follow(line)
            may_pass = finished.code == _FAILED and _MAY_PASS.search(finished.out)
            if not may_pass or self.monotonic() >= end:
                break
            waiting()
            self.pause(PAUSE_SECONDS)
        _require_passed(finished, project)


def require_options(options: Sequence[str], project: str) -> None:
    """Make sure that the smoke test is going to take its options.

    Raises:
        MisuseError: it is not.
    """
    try:
        parser().parse_args(_arguments("https://function.example", project, options))
    except UsageError as error:
        raise MisuseError(f"SMOKE_OPTIONS (--smoke-options): {error}\nNothing was done.") from error


def names_signer(options: Sequence[str], project: str) -> bool:
    """Return whether the smoke test's options, which it takes, name a service account that signs."""
    return parser().parse_args(_arguments("https://function.example", project, options)).service_account is not None


def _arguments(url: str, project: str, options: Sequence[str]) -> list[str]:
    return [url, "--project", project, "--no-findings", *options]


def _require_passed(finished: Finished, project: str) -> None:
    if finished.code == _PASSED:
        return
    if finished.code == _MISUSED:
        raise MisuseError(
            "All is deployed, but the smoke test does not take what it was given, and tried nothing. "
            "Mend what it names and run this again."
        )
    text = "All is deployed, but the smoke test failed."
    if _REJECTED.search(finished.out):
        another = f"make deploy PROJECT_ID={project} NEW_KEY=1"
        text = f"{text} Gemini refuses the key that is in Secret Manager. To store another: {another}\nOr else:"
    raise ProgramError(f"{text} What is wrong says: make doctor PROJECT_ID={project}")
