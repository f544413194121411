"""The tables of a run: medians of each function, and the ratios that have goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from speed.measuring import Figures
from speed.stand_ins import DELAYS, FIRESTORE, GEMINI, LOOK_UP
from speed.subjects import DEPLOYED, FORUM, LIKE_FOR_LIKE, LOWER_BOUND, NAIVE

Medians = Mapping[str, Figures]
"""Name of a function → its figures."""

Rounds = Mapping[str, Sequence[Figures]]
"""Name of a function → its figures of each round."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio that should be reached.

    Attributes:
        mine: the figure of this function.
        its: the figure that it is divided by.
        of: whose that is; None for this function's own.
        goals: at most, or at least, for `like for like` and `as deployed`; None without a goal.
    """

    title: str
    mine: str
    its: str
    of: str | None
    goals: tuple[float | None, float | None]
    at_least: bool = False
    less_upstream: bool = False

    def ratio(self, found: Medians, name: str) -> float:
        """Return the ratio of one of the two forms of this function."""
        waits = UPSTREAM_MILLISECONDS if self.less_upstream else {}
        own = found[name][self.mine] - waits.get(name, 0)
        return own / (found[self.of or name][self.its] - waits.get(self.of or name, 0))


UPSTREAM_MILLISECONDS = {
    LIKE_FOR_LIKE: 1e3 * DELAYS[GEMINI],
    LOWER_BOUND: 1e3 * DELAYS[GEMINI],
    DEPLOYED: 1e3 * (DELAYS[GEMINI] + DELAYS[LOOK_UP] + 2 * DELAYS[FIRESTORE]),
}
"""How long a warm call waits for others at least."""

GOALS = (
    Goal("cold start to first 200 / naive", "first answer", "first answer", NAIVE, (0.80, 0.90)),
    Goal("cold start to first refusal / naive's first answer", "first refusal", "first answer", NAIVE, (0.60, 0.60)),
    Goal("CPU to first 200 / naive", "cpu", "cpu", NAIVE, (None, None)),
    Goal("first request of an instance / second", "first request", "second request", None, (None, 2)),
    Goal("PSS after the first answer / naive", "pss", "pss", NAIVE, (0.80, 0.90)),
    Goal("CPU per call at 10 / naive", "cpu per call at 10", "cpu per call at 10", NAIVE, (0.80, 1.4)),
    Goal("calls/s at 80 on one core / naive", "calls/s at 80", "calls/s at 80", NAIVE, (3, 1.8), at_least=True),
    Goal("calls/s at 80 on one core / forum", "calls/s at 80", "calls/s at 80", FORUM, (10, 6), at_least=True),
    Goal("p50 at 1 less upstream / lower bound", "p50 at 1", "p50 at 1", LOWER_BOUND, (0.9, 1.5), less_upstream=True),
)

COLUMNS = (
    ("listening", "listening, ms"),
    ("first refusal", "first refusal, ms"),
    ("first answer", "first 200, ms"),
    ("cpu", "CPU until then, ms"),
    ("pss", "PSS, MB"),
    ("upstream requests", "upstream requests"),
    ("handshakes", "handshakes"),
    ("second request", "second call, ms"),
)
WARM_COLUMNS = (
    ("p50 at 1", "p50 at 1, ms"),
    ("p50 at 10", "p50 at 10, ms"),
    ("p50 at 80", "p50 at 80, ms"),
    ("p95 at 80", "p95 at 80, ms"),
    ("p99 at 80", "p99 at 80, ms"),
    ("calls/s at 80", "calls/s at 80"),
    ("unavailable at 80", "503 at 80"),
    ("cpu per call at 10", "CPU per call at 10, ms"),
    ("upstream requests per call at 10", "upstream requests"),
    ("pss under load", "PSS, MB"),
)
LONG_COLUMNS = (
    ("cpu per call before", "CPU per call before, ms"),
    ("cpu per call after", "after, ms"),
    ("pss before", "PSS before, MB"),
    ("pss after", "after, MB"),
)


def medians(rounds: Rounds) -> dict[str, Figures]:
    """Return the median of each figure of each function."""
    return {
        name: {figure: median(each[figure] for each in of_function) for figure in of_function[0]}
        for name, of_function in rounds.items()
    }


def tables(cold: Rounds, warm: Rounds) -> str:
    """Return the tables in Markdown: goals, start, calls."""
    return "\n\n".join((_goals(cold, warm), _table(medians(cold), COLUMNS), _table(medians(warm), WARM_COLUMNS)))


def callers_table(found: Mapping[str, Mapping[int, Sequence[Figures]]]) -> str:
    """Return in Markdown what a call costs while so many callers are known: a column for each size."""
    sizes = [f"{size:,}" for size in next(iter(found.values()))]
    rows = [["CPU per call, ms / PSS, MB", *sizes], ["---"] * (len(sizes) + 1)]
    for name, by_size in found.items():
        figures = medians({str(size): rounds for size, rounds in by_size.items()}).values()
        rows.append([name, *(f"{_number(each['cpu per call'])} / {_number(each['pss'])}" for each in figures)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def long_table(found: Rounds) -> str:
    """Return in Markdown what a call costs before and after many."""
    return _table(medians(found), LONG_COLUMNS)


def median_ratio(goal: Goal, rounds: Rounds, name: str) -> float:
    """Return the median of the ratios of all rounds: load that lasts for one of them is in both of its figures."""
    each = (dict(zip(rounds, figures, strict=True)) for figures in zip(*rounds.values(), strict=True))
    return median(goal.ratio(figures, name) for figures in each)


def _goals(cold: Rounds, warm: Rounds) -> str:
    if not cold.keys() >= {LIKE_FOR_LIKE, DEPLOYED, NAIVE, FORUM, LOWER_BOUND}:
        return "no ratios: not all of the functions were measured"
    rows = ["| median of the ratios | like for like | goal | as deployed | goal |", "| --- | --- | --- | --- | --- |"]
    for goal in GOALS:
        sign = "≥" if goal.at_least else "≤"
        rounds = cold if goal.mine in cold[NAIVE][0] else warm
        cells = [
            f"{median_ratio(goal, rounds, name):.2f} | {'' if limit is None else f'{sign} {limit:g}'}"
            for name, limit in zip((LIKE_FOR_LIKE, DEPLOYED), goal.goals, strict=True)
        ]
        rows.append(f"| {goal.title} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _table(found: Medians, columns: Sequence[tuple[str, str]]) -> str:
    head = f"| | {' | '.join(title for _, title in columns)} |"
    rows = [
        f"| {name} | {' | '.join(_number(figures[figure]) for figure, _ in columns)} |"
        for name, figures in found.items()
    ]
    return "\n".join((head, "| --- " * (len(columns) + 1) + "|", *rows))


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}"
