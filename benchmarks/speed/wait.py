"""`make wait`: how long a user waits, from the tap to `setupComplete` and to the first sound, beside other backends."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from speed.apps import CHROMIUM, NODE, Tap, Wait, chromium, tap_in_node
from speed.calls import many_calls
from speed.distance import Reach, far_away
from speed.live_stand_in import live_stand_in
from speed.measuring import Google, local_google
from speed.packages import require_locked_packages
from speed.running import BenchmarkError, Running, running
from speed.staging import measured_copy
from speed.subjects import (
    DEPLOYED,
    FORUM,
    NAIVE,
    ROOT,
    Subject,
    baselines,
    environment,
    this_function,
)

ROUND_TRIPS = (0, 60, 150)
"""Milliseconds."""
AHEAD_SECONDS = 5.0
"""How long a page with `prefetch()` is open before the tap."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A way from the tap to the first sound.

    Attributes:
        backend: name of the function that is called.
        client: `this` for the package for apps, `google` for Google's SDK.
        ahead: seconds from `prefetch()` to the tap, or None without it.
    """

    name: str
    backend: str
    client: str
    ahead: float | None = None


AHEAD = Flow("this, `prefetch()`", DEPLOYED, "this", AHEAD_SECONDS)
PLAIN = Flow("this", DEPLOYED, "this")
FLOWS = (AHEAD, PLAIN, Flow("Google's example, naive function", NAIVE, "google"), Flow("forum", FORUM, "google"))


@dataclass(frozen=True, slots=True)
class Case:
    """Where and when a user taps.

    Attributes:
        app: what the user taps in.
        round_trip: milliseconds to the function and to Gemini.
        cold: whether the first request starts the function.
    """

    app: str
    flow: Flow
    round_trip: int
    cold: bool


class Taps:
    """Lets users tap.

    Args:
        subjects: name → backend.
        variables: all of every backend's environment but its own variables.
    """

    def __init__(self, google: Google, subjects: Mapping[str, Subject], variables: Mapping[str, str], folder: Path):
        self._google = google
        self._subjects = subjects
        self._variables = variables
        self._folder = folder
        self._cores = set(sorted(os.sched_getaffinity(0))[:1])

    async def measure(self, cases: Sequence[Case], apps: Mapping[str, Tap], taps: int) -> dict[Case, list[Wait]]:
        """Return the waits of so many taps of each case, in turn; of half as many where the function is cold."""
        found: dict[Case, list[Wait]] = {case: [] for case in cases}
        with ExitStack() as stack:
            backends = dict.fromkeys(case.flow.backend for case in cases)
            warm = {name: stack.enter_context(self._running(name)) for name in backends}
            for function in warm.values():
                await asyncio.to_thread(many_calls, function, self._google.id_tokens, 2, 8)
            async with live_stand_in() as gemini:
                for number in range(taps):
                    for case in cases:
                        if case.cold and number % 2:
                            continue
                        async with self._backend(case, warm) as reach:
                            found[case].append(await self._tap(case, apps[case.app], reach, gemini))
        return found

    def _running(self, name: str) -> AbstractContextManager[Running]:
        return running(self._subjects[name], self._variables, self._folder, self._cores)

    @asynccontextmanager
    async def _backend(self, case: Case, warm: Mapping[str, Running]) -> AsyncIterator[Reach]:
        """Yield the way to a function; to a cold one that is started when it is first needed."""
        with ExitStack() as stack:
            starting = asyncio.Lock()
            started: list[Running] = [] if case.cold else [warm[case.flow.backend]]

            async def reach() -> int:
                async with starting:
                    if not started:
                        started.append(await asyncio.to_thread(stack.enter_context, self._running(case.flow.backend)))
                return started[0].port

            yield reach

    async def _tap(self, case: Case, tap: Tap, reach: Reach, gemini: int) -> Wait:
        async def reach_gemini() -> int:
            return gemini

        seconds = case.round_trip / 1e3
        async with far_away(seconds, reach) as function, far_away(seconds, reach_gemini) as live:
            return await tap(
                {
                    "flow": case.flow.client,
                    "functionUrl": f"http://127.0.0.1:{function}/",
                    "geminiUrl": f"http://127.0.0.1:{live}",
                    "idToken": self._google.id_tokens[0],
                    "aheadMilliseconds": None if case.flow.ahead is None else 1e3 * case.flow.ahead,
                }
            )


def table(found: Mapping[Case, list[Wait]]) -> str:
    """Return the medians in Markdown: a row for each flow, and then the ratio that has a goal, by app."""
    columns = list(dict.fromkeys((case.cold, case.round_trip) for case in found))
    head = [f"{'cold' if cold else 'warm'}, {trip} ms" for cold, trip in columns]
    rows = [["setupComplete / first sound, ms", *head], ["---"] * (len(columns) + 1)]
    for app in dict.fromkeys(case.app for case in found):
        flows = dict.fromkeys(case.flow for case in found if case.app == app)
        waits = {flow: [found[Case(app, flow, trip, cold)] for cold, trip in columns] for flow in flows}
        rows += [[f"{app}: {flow.name}", *map(_medians, of_flow)] for flow, of_flow in waits.items()]
        if waits.keys() >= {AHEAD, PLAIN}:
            ratios = (_setup(ahead) / _setup(plain) for ahead, plain in zip(waits[AHEAD], waits[PLAIN], strict=True))
            rows.append([f"{app}: `prefetch()` / without, to setupComplete", *(f"{ratio:.2f}" for ratio in ratios)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _medians(waits: list[Wait]) -> str:
    return f"{_setup(waits):.0f} / {median(wait.sound for wait in waits):.0f}"


def _setup(waits: list[Wait]) -> float:
    return median(wait.setup for wait in waits)


def main() -> int:
    """Run the program."""
    options = _options()
    cores = sorted(os.sched_getaffinity(0))
    with (
        tempfile.TemporaryDirectory(prefix="wait-") as place,
        local_google(2, 1.0, set(cores[1:] or cores)) as google,
    ):
        folder = Path(place)
        try:
            found = asyncio.run(_measure(google, folder, options))
        except BenchmarkError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    conditions = (
        f"{datetime.now(UTC).date()}, CPython {platform.python_version()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}; {options.taps} taps each, half as many cold"
    )
    sys.stdout.write(f"{conditions}\n\n{table(found)}\n")
    if options.json:
        every = [
            {
                "app": case.app,
                "flow": case.flow.name,
                "round trip": case.round_trip,
                "cold": case.cold,
                "setup": wait.setup,
                "sound": wait.sound,
            }
            for case, waits in found.items()
            for wait in waits
        ]
        result = {"conditions": conditions, "waits": every}
        Path(options.json).write_text(json.dumps(result, indent=1), encoding="utf-8")
    return 0


async def _measure(google: Google, folder: Path, options: argparse.Namespace) -> dict[Case, list[Wait]]:
    this = measured_copy(ROOT / "functions", folder / "this")
    subjects = {subject.name: subject for subject in [*this_function(this, google.firestore), *baselines()]}
    variables = {**environment(google.address, google.bundle, folder), "CORS_ALLOWED_ORIGINS": "*"}
    require_locked_packages(subjects.values(), variables)
    taps = Taps(google, subjects, variables, folder)
    async with AsyncExitStack() as stack:
        apps: dict[str, Tap] = {NODE: tap_in_node}
        if options.browser:
            apps[CHROMIUM] = await stack.enter_async_context(chromium())
        cases = [
            Case(app, flow, trip, cold)
            for cold in ((False,) if options.short else (False, True))
            for trip in (ROUND_TRIPS[1:2] if options.short else ROUND_TRIPS)
            for app in apps
            for flow in FLOWS
        ]
        return await taps.measure(cases, apps, options.taps)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make wait", description=__doc__)
    parser.add_argument("--taps", type=int, default=6, help="of each case; half as many on a cold function")
    parser.add_argument("--browser", action="store_true", help="tap in a page in Chromium as well, beside Node")
    parser.add_argument("--short", action="store_true", help="one tap of some cases: does all of it still work?")
    parser.add_argument("--json", metavar="FILE", help="write every wait")
    options = parser.parse_args()
    if options.short:
        options.taps = 1
    return options


if __name__ == "__main__":
    sys.exit(main())
