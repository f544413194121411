"""An instance of the service as far as quotas go: spends in parallel whenever it is told to, on standard input.

Each line in is a JSON object, the fields of `Order`; each line out is the JSON list of what the calls came to.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import IO

from integration.firestore.people import CALLER, PROFILE, outcome
from live_tokens.firestore_quota import FirestoreQuotaStore
from live_tokens.issuing import NO_QUOTA, Quota, SessionCall

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Order:
    """What an instance is to do.

    Attributes:
        uid: who spends.
        calls: how many calls, all at once.
        quota: fields of their quota.
        lease_seconds: of their profile, or None.
        session: the session that all calls go on with, each with a handle, or None for new ones.
    """

    uid: str
    calls: int
    quota: Mapping[str, int]
    lease_seconds: int | None = None
    session: str | None = None


class SpendingProcess:
    """An instance that runs.

    Args:
        process: reads orders and writes what came of them.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders: IO[str] = process.stdin
        self._results: IO[str] = process.stdout

    def begin(self, order: Order) -> None:
        """Give an order, without waiting."""
        self._orders.write(json.dumps(asdict(order)) + "\n")
        self._orders.flush()

    def outcomes(self) -> list[str]:
        """Wait for what the oldest order came to."""
        line = self._results.readline()
        assert line, "The process ended."
        results: list[str] = json.loads(line)
        return results


def spend_at_once(instances: list[SpendingProcess], order: Order) -> list[str]:
    """Give all instances the same order, and return what all calls came to."""
    for instance in instances:
        instance.begin(order)
    return [result for instance in instances for result in instance.outcomes()]


@contextmanager
def spending_processes(project: str, clock_errors: Sequence[float]) -> Iterator[list[SpendingProcess]]:
    """Run an instance for each error of a system clock, in seconds; yield them once all are connected."""
    with ExitStack() as running:
        processes = [SpendingProcess(running.enter_context(_started(project, error))) for error in clock_errors]
        for process in processes:
            assert process.outcomes() == ["issued"]
        yield processes


@contextmanager
def _started(project: str, clock_error: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "integration.firestore.wrong_clock", str(clock_error), __name__]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(_ROOT / folder) for folder in ("functions", "tests")),
        "FIRESTORE_EMULATOR_HOST": os.environ["FIRESTORE_EMULATOR_HOST"],
        "PROJECT": project,
    }
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _obey(store: FirestoreQuotaStore, order: Order) -> list[str]:
    caller = replace(CALLER, uid=order.uid)
    lease = None if order.lease_seconds is None else timedelta(seconds=order.lease_seconds)
    profile = replace(PROFILE, quota=Quota(**order.quota), lease=lease)
    asked = SessionCall(order.session, resumes=order.session is not None)
    together = threading.Barrier(order.calls)

    def call(_: int) -> str:
        together.wait()
        return outcome(store, caller, profile, asked)

    with ThreadPoolExecutor(order.calls) as threads:
        return list(threads.map(call, range(order.calls)))


def _main() -> None:
    store = FirestoreQuotaStore(
        os.environ["PROJECT"], "live-tokens", emulator_host=os.environ["FIRESTORE_EMULATOR_HOST"]
    )
    connected = [outcome(store, profile=replace(PROFILE, quota=NO_QUOTA))]
    print(json.dumps(connected), flush=True)  # noqa: T201  # what it is for
    for line in sys.stdin:
        print(json.dumps(_obey(store, Order(**json.loads(line)))), flush=True)  # noqa: T201


if __name__ == "__main__":
    _main()
