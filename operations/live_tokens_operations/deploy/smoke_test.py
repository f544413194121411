"""The smoke test as the last step. Changes may need minutes to take effect; it is repeated only for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from live_tokens_operations.arguments import UsageError
from live_tokens_operations.deploy.errors import MisuseError, SmokeTestError
from live_tokens_operations.outcome import Outcome
from live_tokens_operations.process import Process

PATIENCE_SECONDS = 300.0
PAUSE_SECONDS = 20.0

_SOME_URL = "https://function.example"


class SmokeTest(Protocol):
    """A smoke test with valid arguments."""

    @property
    def has_signer(self) -> bool:
        """Whether --service-account names a signer."""
        ...

    def run(self, process: Process) -> Outcome:
        """Run it, and print a line for each check.

        Raises:
            UsageError: the arguments and the environment do not fit together. Nothing was tried.
            Terminated: somebody asked the program to end.
        """
        ...


ReadSmokeTest = Callable[[Sequence[str]], SmokeTest]
"""Reads the arguments of the smoke test. It raises UsageError for wrong ones."""


@dataclass(frozen=True, slots=True)
class SmokeStep:
    """The last step of a deployment.

    Attributes:
        monotonic: seconds of a clock that never goes back.
    """

    read: ReadSmokeTest
    process: Process
    project: str
    options: tuple[str, ...] = ()
    monotonic: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def require_options(self) -> SmokeTest:
        """Check the options of the smoke test, and return it with a placeholder URL.

        Raises:
            MisuseError: the options are wrong.
        """
        try:
            return self._of(_SOME_URL)
        except UsageError as error:
            raise MisuseError(f"SMOKE_OPTIONS (--smoke-options): {error}\nNothing was done.") from error

    def require(self, url: str, waiting: Callable[[], None]) -> None:
        """Run the smoke test, and repeat it while the failure may be temporary.

        Raises:
            MisuseError: the credentials in the environment do not fit.
            SmokeTestError: it failed.
        """
        smoke_test = self._of(url)
        end = self.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                outcome = smoke_test.run(self.process)
            except UsageError as error:
                raise MisuseError(
                    f"{error}\nEverything is deployed, but the smoke test did not start because of its arguments. "
                    "Correct them and run this again."
                ) from error
            if outcome.passed:
                return
            if not outcome.may_pass_later or self.monotonic() >= end:
                raise SmokeTestError(self._failure(url, outcome))
            waiting()
            self.pause(PAUSE_SECONDS)

    def _of(self, url: str) -> SmokeTest:
        return self.read([url, "--project", self.project, "--no-observations", *self.options])

    def _failure(self, url: str, outcome: Outcome) -> str:
        text = f"Everything is deployed, but the smoke test of {url} failed."
        if "API_KEY_REJECTED" in outcome.reasons:
            another = f"make deploy PROJECT_ID={self.project} NEW_KEY=1"
            text = f"{text} Gemini refuses the key in Secret Manager. To store another key: {another}\nOtherwise:"
        return f"{text} Run make doctor PROJECT_ID={self.project} to find out why."
