"""Measures each function in turn, round after round, so that a machine that changes its speed changes it for all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from speed.calls import a_call_each, answered, many_calls, refused
from speed.running import BenchmarkError, Running, running
from speed.subjects import Subject

CALLERS = (1, 10, 80)
AT_ONCE = 10
"""Calls of different users, while it is measured what a user more costs."""

Figures = dict[str, float]
"""Name of a figure → value; times in milliseconds."""


@dataclass(frozen=True, slots=True)
class Google:
    """The stand-ins, as a client of theirs knows them. See `stand_ins`."""

    address: str
    bundle: str
    firestore: str
    id_tokens: Sequence[str]

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Return `requests` and `handshakes` by host."""
        with urlopen(f"http://{self.address}/counts") as answer:  # it is ours
            counts: Mapping[str, Mapping[str, int]] = json.load(answer)
        return counts


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure.

    Attributes:
        starts: how often each function is started.
        rounds: how often each function is called.
        calls: in each round, by 10 and by 80 callers; one caller makes a quarter of them.
        environment: all of every function's environment but its own variables.
        cores: what the functions may run on.
        folder: for their output.
    """

    starts: int
    rounds: int
    calls: int
    environment: Mapping[str, str]
    cores: set[int]
    folder: Path


@contextmanager
def local_google(callers: int, delay_factor: float, cores: set[int]) -> Iterator[Google]:
    """Run the stand-ins in a process of their own until the end of the `with` block."""
    command = [sys.executable, "-m", "speed.stand_ins", str(callers), str(delay_factor)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        os.sched_setaffinity(process.pid, cores)
        line = process.stdout.readline() if process.stdout else ""
        facts: dict[str, Any] = json.loads(line)
        yield Google(facts["address"], facts["bundle"], facts["firestore"], facts["idTokens"])
        process.communicate()


def measure_cold(subjects: Sequence[Subject], google: Google, plan: Plan) -> dict[str, list[Figures]]:
    """Start each function, make a call that is refused at once, then two good ones."""
    found: dict[str, list[Figures]] = {subject.name: [] for subject in subjects}
    for _ in range(plan.starts):
        for subject in subjects:
            before = google.counts()
            with running(subject, plan.environment, plan.folder, plan.cores) as function:
                found[subject.name].append(_first_calls(function, google, before))
    return found


def _first_calls(function: Running, google: Google, before: Mapping[str, Mapping[str, int]]) -> Figures:
    refused(function)
    refusal = time.monotonic()
    answered(function, google.id_tokens[0])
    first = time.monotonic()
    cpu, pss, after = function.cpu_seconds(), function.pss_megabytes(), google.counts()
    begun = time.monotonic()
    answered(function, google.id_tokens[0])
    second = time.monotonic()
    return {
        "listening": 1e3 * (function.listening - function.started),
        "first refusal": 1e3 * (refusal - function.started),
        "first answer": 1e3 * (first - function.started),
        "cpu": 1e3 * cpu,
        "pss": pss,
        "first request": 1e3 * (first - refusal),
        "second request": 1e3 * (second - begun),
        "upstream requests": sum(after["requests"].values()) - sum(before["requests"].values()),
        "handshakes": sum(after["handshakes"].values()) - sum(before["handshakes"].values()),
    }


def measure_warm(subjects: Sequence[Subject], google: Google, plan: Plan) -> dict[str, list[Figures]]:
    """Start all functions, then let each in turn be called by one, ten and eighty callers."""
    found: dict[str, list[Figures]] = {subject.name: [] for subject in subjects}
    with ExitStack() as stack:
        functions = [
            stack.enter_context(running(subject, plan.environment, plan.folder, plan.cores)) for subject in subjects
        ]
        for function in functions:
            many_calls(function, google.id_tokens, 10, 40)
        for _ in range(plan.rounds):
            figures: dict[str, Figures] = {function.name: {} for function in functions}
            for callers in CALLERS:
                for function in functions:
                    figures[function.name] |= _burst(function, google, callers, plan.calls)
            for function in functions:
                found[function.name].append(figures[function.name] | {"pss under load": function.pss_megabytes()})
    return found


def _burst(function: Running, google: Google, callers: int, calls: int) -> Figures:
    calls = max(callers, calls // 4 if callers == 1 else calls) // callers * callers
    cpu, before = function.cpu_seconds(), google.counts()
    answers = many_calls(function, google.id_tokens, callers, calls)
    cpu, after = function.cpu_seconds() - cpu, google.counts()
    figures = {
        "calls/s": calls / answers.wall_seconds,
        "unavailable": answers.unavailable,
        "p50": 1e3 * answers.percentile(50),
        "p95": 1e3 * answers.percentile(95),
        "p99": 1e3 * answers.percentile(99),
        "cpu per call": 1e3 * cpu / calls,
        "upstream requests per call": (sum(after["requests"].values()) - sum(before["requests"].values())) / calls,
        "handshakes per call": (sum(after["handshakes"].values()) - sum(before["handshakes"].values())) / calls,
    }
    return {f"{name} at {callers}": value for name, value in figures.items()}


def measure_idle(subjects: Sequence[Subject], google: Google, plan: Plan, seconds: float) -> dict[str, Figures]:
    """Count the handshakes of a call after idleness."""
    found = {}
    with ExitStack() as stack:
        functions = [
            stack.enter_context(running(subject, plan.environment, plan.folder, plan.cores)) for subject in subjects
        ]
        for function in functions:
            answered(function, google.id_tokens[0])
        time.sleep(seconds)
        for function in functions:
            before = google.counts()["handshakes"]
            answered(function, google.id_tokens[0])
            after = google.counts()["handshakes"]
            found[function.name] = {"handshakes after idleness": float(sum(after.values()) - sum(before.values()))}
    return found


def measure_callers(
    subjects: Sequence[Subject], google: Google, plan: Plan, sizes: Sequence[int]
) -> dict[str, dict[int, list[Figures]]]:
    """Start each function once for each size, let so many users call it once, then measure calls of users among them.

    Args:
        sizes: how many users a function knows while it is measured, each at least ten.

    Returns:
        Name of the function → size → figures of each round.
    """
    found: dict[str, dict[int, list[Figures]]] = {subject.name: {size: [] for size in sizes} for subject in subjects}
    with ExitStack() as stack:
        functions = [
            (size, stack.enter_context(running(subject, plan.environment, plan.folder, plan.cores)))
            for size in sizes
            for subject in subjects
        ]
        for size, function in functions:
            many_calls(function, google.id_tokens, AT_ONCE, plan.calls)
            # Never more at once: of its threads and connections, each process is to have as many as the others.
            _all_answered(function, google.id_tokens[:size], AT_ONCE)
        for number in range(plan.rounds):
            for size, function in functions:
                some = [google.id_tokens[user] for user in spread(plan.calls, size, number)]
                found[function.name][size].append(_spread_calls(function, some))
    return found


def spread(calls: int, users: int, number: int) -> list[int]:
    """Return who makes each call of a round: never one user twice among so many as call at once."""
    return [(call * max(users, calls) // calls + number) % users for call in range(calls)]


def _all_answered(function: Running, id_tokens: Sequence[str], at_once: int) -> None:
    if a_call_each(function, id_tokens, at_once).unavailable:
        raise BenchmarkError(f"{function.name} did not answer all users. Is the machine busy?\n{function.last_words()}")


def _spread_calls(function: Running, id_tokens: Sequence[str]) -> Figures:
    cpu = function.cpu_seconds()
    answers = a_call_each(function, id_tokens, AT_ONCE)
    return {
        "cpu per call": 1e3 * (function.cpu_seconds() - cpu) / len(id_tokens),
        "p50": 1e3 * answers.percentile(50),
        "pss": function.pss_megabytes(),
    }


def measure_long(subjects: Sequence[Subject], google: Google, plan: Plan, calls: int) -> dict[str, list[Figures]]:
    """Let half as many users make so many calls, two each, and compare the process with one that had none of them.

    Both are measured in turn, after some calls: a process that has not made all its threads and buffers is no measure.
    """
    found = {}
    for subject in subjects:
        with ExitStack() as stack:
            before, after = (
                stack.enter_context(running(subject, plan.environment, plan.folder, plan.cores)) for _ in range(2)
            )
            for function in (before, after):
                for _ in range(5):
                    many_calls(function, google.id_tokens, max(CALLERS), plan.calls)
            for _ in range(2):
                _all_answered(after, google.id_tokens[: calls // 2], max(CALLERS))
            some = [google.id_tokens[user] for user in spread(plan.calls, AT_ONCE, 0)]
            found[subject.name] = [
                {
                    f"{name} {when}": value
                    for when, function in (("before", before), ("after", after))
                    for name, value in _spread_calls(function, some).items()
                }
                for _ in range(plan.rounds)
            ]
    return found


def measure_growth(few: Subject, many: Subject, plan: Plan) -> list[Figures]:
    """Start a function with few and with many profiles."""
    found = []
    for _ in range(plan.starts):
        figures = {}
        for name, subject in (("few", few), ("many", many)):
            with running(subject, plan.environment, plan.folder, plan.cores) as function:
                refused(function)
                figures[name] = 1e3 * function.cpu_seconds()
        found.append(figures)
    return found
