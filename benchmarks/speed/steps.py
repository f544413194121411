"""Measures the CPU of a call of this function as deployed, step by step."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from speed.calls import many_calls
from speed.measuring import Google, Plan
from speed.running import Running, running
from speed.stopwatch import STEPS_PATH
from speed.subjects import deployed_in_steps

_CALLERS = 10
_REST = "gunicorn, Flask and the threads of gRPC"


def measure_steps(functions: Path, google: Google, plan: Plan) -> dict[str, float]:
    """Return step → CPU milliseconds of a warm call, by 10 callers; the last is what no step accounts for.

    Args:
        functions: a packaged copy that no quota ends early, see `staging`.
    """
    with running(deployed_in_steps(functions, google.firestore), plan.environment, plan.folder, plan.cores) as function:
        many_calls(function, google.id_tokens, _CALLERS, 4 * _CALLERS)
        calls = max(1, plan.rounds * plan.calls // _CALLERS) * _CALLERS
        steps, total = _steps_so_far(function), function.cpu_seconds()
        many_calls(function, google.id_tokens, _CALLERS, calls)
        total = 1e3 * (function.cpu_seconds() - total)
        steps = _steps_so_far(function) - steps
    found = {step: spent / calls for step, spent in steps.most_common()}
    return {**found, _REST: total / calls - sum(found.values())}


def step_table(steps: Mapping[str, float]) -> str:
    """Return the steps in Markdown."""
    total = sum(steps.values())
    rows = (f"| {step} | {spent:.2f} | {100 * spent / total:.0f} % |" for step, spent in steps.items())
    return "\n".join(("| step | CPU, ms | share |", "| --- | --- | --- |", *rows, f"| all | {total:.2f} | |"))


def _steps_so_far(function: Running) -> Counter[str]:
    connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=10)
    try:
        connection.request("GET", STEPS_PATH)
        return Counter(json.loads(connection.getresponse().read()))
    finally:
        connection.close()
