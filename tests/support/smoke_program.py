"""The smoke test as an operator runs it: a program of its own, with nothing of it changed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PATHS = ("functions", "operations")
_LONGEST_SECONDS = 120
_LIVE_TOKEN = re.compile(r"auth_tokens/\w|[0-9a-f]{64}")


@dataclass(frozen=True)
class Outcome:
    """What it printed, and how it ended."""

    code: int
    out: str
    err: str

    def marked(self, mark: str) -> list[str]:
        """Return the lines with this mark, without it."""
        return [line.removeprefix(f"{mark} ") for line in self.out.splitlines() if line.startswith(f"{mark} ")]

    @property
    def good(self) -> list[str]:
        return self.marked("✓")

    @property
    def bad(self) -> list[str]:
        return self.marked("✗")

    @property
    def observations(self) -> dict[str, str]:
        """What was found, by what was asked."""
        return dict(line.split(": ", 1) for line in self.marked("?"))


def smoke(*arguments: str, environment: Mapping[str, str] | None = None) -> Outcome:
    """Run it to its end. It must never end in a traceback, nor show a live token."""
    with running_smoke(*arguments, environment=environment) as process:
        out, err = process.communicate(timeout=_LONGEST_SECONDS)
    assert "Traceback" not in err, err
    assert not _LIVE_TOKEN.search(out + err), "a live token was shown"
    return Outcome(process.returncode, out, err)


@contextmanager
def running_smoke(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Start it, and make sure that it has ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "live_tokens_operations", "smoke", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "NO_PROXY": "127.0.0.1,localhost",
            "PYTHONPATH": os.pathsep.join(str(_ROOT / path) for path in _PATHS),
            **(environment or {}),
        },
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
