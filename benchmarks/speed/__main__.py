"""`make bench`: measure all functions side by side, and print the tables of `docs/performance.md`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from speed.measuring import (
    AT_ONCE,
    CALLERS,
    Figures,
    Google,
    Plan,
    local_google,
    measure_callers,
    measure_cold,
    measure_growth,
    measure_idle,
    measure_long,
    measure_warm,
)
from speed.packages import require_locked_packages
from speed.report import callers_table, long_table, medians, tables
from speed.running import BenchmarkError
from speed.staging import LARGEST_QUOTA, measured_copy
from speed.steps import measure_steps, step_table
from speed.subjects import (
    DEPLOYED,
    NAIVE,
    ROOT,
    Subject,
    baselines,
    environment,
    this_function,
)

_PACKAGES = ("google-genai", "firebase-admin", "google-cloud-secret-manager", "functions-framework", "gunicorn")


def main() -> int:
    """Run the program."""
    options = _options()
    cores = sorted(os.sched_getaffinity(0))
    with (
        tempfile.TemporaryDirectory(prefix="speed-") as place,
        local_google(
            max(*CALLERS, options.long // 2, *options.callers), options.delays, set(cores[1:] or cores)
        ) as google,
    ):
        os.sched_setaffinity(0, set(cores[1:] or cores))
        folder = Path(place)
        plan = Plan(
            starts=options.starts,
            rounds=options.rounds,
            calls=options.calls,
            environment=environment(google.address, google.bundle, folder),
            cores=set(cores[:1]),
            folder=folder,
        )
        try:
            result = _measure(google, plan, options)
        except BenchmarkError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1), encoding="utf-8")
    return 0


def _measure(google: Google, plan: Plan, options: argparse.Namespace) -> dict[str, object]:
    measured = [
        subject
        for subject in _subjects(google, plan.folder, options.against)
        if not options.only or any(part in subject.name for part in options.only)
    ]
    conditions = _conditions(plan, options, require_locked_packages(measured, plan.environment))
    result: dict[str, object] = {"conditions": conditions}
    _print(conditions)
    if plan.starts:
        cold, warm = measure_cold(measured, google, plan), measure_warm(measured, google, plan)
        _print(tables(cold, warm))
        steps = measure_steps(measured_copy(ROOT / "functions", plan.folder / "steps"), google, plan)
        _print(step_table(steps))
        result |= {"cold": cold, "warm": warm, "steps": steps}
    if options.idle:
        both = [subject for subject in measured if subject.name in (DEPLOYED, NAIVE)]
        result["idle"] = found = measure_idle(both, google, plan, options.idle)
        _print(f"handshakes of a call after {options.idle:g} s of idleness: {found}")
    if options.callers or options.long:
        both = _either_store(google, plan)
    if options.callers:
        result["callers"] = sizes = measure_callers(both, google, plan, options.callers)
        _print(callers_table(sizes))
    if options.long:
        result["long"] = long = measure_long(both, google, plan, options.long)
        _print(f"{options.long:,} calls by {options.long // 2:,} callers:\n\n{long_table(long)}")
    if options.growth:
        result["growth"] = growth = _growth(google, plan, options.growth)
        ratio = medians({"": growth})[""]
        _print(f"CPU of a start with {options.growth} profiles / with 1: {ratio['many'] / ratio['few']:.2f}")
    return result


def _subjects(google: Google, folder: Path, against: str | None) -> list[Subject]:
    this = measured_copy(ROOT / "functions", folder / "this")
    found = this_function(this, google.firestore)
    if against:
        found += this_function(measured_copy(Path(against), folder / "other"), google.firestore, "other")
    return found + baselines()


def _either_store(google: Google, plan: Plan) -> list[Subject]:
    """Return both forms of this function, the one in memory with a quota so small that it forgets no user meanwhile."""
    per_day = min(LARGEST_QUOTA, plan.calls // AT_ONCE * (plan.rounds + 2) + AT_ONCE)
    held = measured_copy(ROOT / "functions", plan.folder / "held", per_day=per_day)
    in_memory, _ = this_function(held, google.firestore)
    _, in_firestore = this_function(plan.folder / "this/functions", google.firestore)
    return [in_memory, in_firestore]


def _growth(google: Google, plan: Plan, profiles: int) -> list[Figures]:
    few, many = (
        this_function(measured_copy(ROOT / "functions", plan.folder / f"{many}", many), google.firestore)[1]
        for many in (1, profiles)
    )
    return measure_growth(few, many, plan)


def _conditions(plan: Plan, options: argparse.Namespace, versions: Mapping[str, str]) -> str:
    packages = ", ".join(f"{name} {versions[name]}" for name in _PACKAGES)
    return (
        f"{datetime.now(UTC).date()}, {platform.python_implementation()} {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {packages}; "
        f"{plan.starts} starts, {plan.rounds} rounds of {plan.calls} calls, delays × {options.delays:g}"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--starts", type=int, default=10, help="how often each function is started; 0: no tables")
    parser.add_argument("--rounds", type=int, default=4, help="how often each function is called")
    parser.add_argument("--calls", type=int, default=400, help="calls of a round, by 10 and by 80 callers")
    parser.add_argument("--delays", type=float, default=1.0, help="factor of the delays of the stand-ins")
    parser.add_argument("--idle", type=float, default=0, metavar="SECONDS", help="count handshakes after idleness")
    parser.add_argument(
        "--callers", type=int, nargs="+", default=[], metavar="N", help="CPU of a call while so many callers are known"
    )
    parser.add_argument("--long", type=int, default=0, metavar="CALLS", help="look for leaks over so many calls")
    parser.add_argument("--growth", type=int, default=0, metavar="PROFILES", help="start with so many profiles, too")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="only functions whose names contain one of these")
    parser.add_argument("--against", metavar="FOLDER", help="the functions/ of another checkout, to measure as well")
    parser.add_argument("--json", metavar="FILE", help="write every figure of every round")
    parser.add_argument("--short", action="store_true", help="one round of few calls: does all of it still work?")
    options = parser.parse_args()
    if any(size < AT_ONCE for size in options.callers):
        parser.error(f"--callers: at least {AT_ONCE}, who call at once")
    if options.short:
        options.starts, options.rounds, options.calls = 1, 1, 80
    return options


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
