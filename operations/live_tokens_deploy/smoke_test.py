"""The smoke test as the last step: what is new may need minutes to take effect, and only that is waited for.

The test is the module `live_tokens_smoke` of the Python path. It takes the function's URL and `--project`.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from live_tokens_deploy.programs import Programs

PATIENCE_SECONDS = 300.0
PAUSE_SECONDS = 20.0

_PASSED, _FAILED = 0, 1
# A grant takes some minutes: https://cloud.google.com/iam/docs/access-change-propagation
# Of these, each may be an account that has no role yet, a key that is new, or a function nobody may call yet.
_MAY_PASS = re.compile(
    r"\b(IDENTITY_UNAVAILABLE|QUOTA_UNAVAILABLE|API_KEY_UNAVAILABLE|API_KEY_REJECTED)\b"
    r"|Cloud Run itself refuses the call"
)


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

    def passes(self, url: str, project: str, waiting: Callable[[], None]) -> bool:
        """Run it, again as long as the outcome may be one of the first minutes, and return whether it passed.

        Args:
            url: of the function.
            project: whose users sign in.
            waiting: told before each wait.
        """
        line = [sys.executable, "-m", "live_tokens_smoke", url, "--project", project, "--no-findings", *self.options]
        end = self.monotonic() + PATIENCE_SECONDS
        while True:
            finished = self.programs.follow(line)
            may_pass = finished.code == _FAILED and _MAY_PASS.search(finished.out)
            if not may_pass or self.monotonic() >= end:
                return finished.code == _PASSED
            waiting()
            self.pause(PAUSE_SECONDS)
