"""How the deployment runs other programs."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from live_tokens_operations.programs import LocalPrograms

_OPERATIONS = Path(__file__).parents[2] / "operations"
_LAST_WORDS = 5000
_TALKATIVE = f"""
trap 'for word in $(seq {_LAST_WORDS}); do echo "word $word" >&2; done; exit 1' INT
echo ready
while :; do sleep 0.05; done
"""
_RUNS_IT = """
import os, sys
from live_tokens_operations.programs import LocalPrograms
try:
    LocalPrograms(os.environ).show(["sh", "-c", sys.argv[1]])
except KeyboardInterrupt:
    print("interrupted")
"""


def test_what_an_interrupted_program_says_last_is_shown_to_its_end() -> None:
    runner = subprocess.Popen(
        [sys.executable, "-c", _RUNS_IT, _TALKATIVE],
        env={**os.environ, "PYTHONPATH": str(_OPERATIONS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with runner:
        assert runner.stdout is not None
        assert runner.stdout.readline() == "ready\n"  # and the runner may not have begun to wait
        runner.send_signal(signal.SIGINT)
        out, err = runner.communicate()
    assert err.splitlines() == [f"word {number + 1}" for number in range(_LAST_WORDS)]
    assert out == "interrupted\n"


def test_a_program_that_hangs_fails_in_the_end() -> None:
    finished = LocalPrograms(os.environ, answer_seconds=0.1).ask(["sleep", "3600"])
    assert finished.code != 0
    assert finished.err == "sleep did not answer within 0.1 s"
