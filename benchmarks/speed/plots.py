"""Draws what runs of `make bench` and `make wait` have written with `--json`: `python -m speed.plots FILE… FOLDER`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median
from typing import Any

from speed.measuring import Figures
from speed.report import Medians, medians

_WIDTH, _NUMBERS, _ROW, _BAR, _HEAD = 720, 60, 28, 16, 56
# The file follows the scheme of whoever looks at it.
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 }
.part0 { fill: #0969da } .part1 { fill: #bf8700 } .part2 { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .part0 { fill: #58a6ff } .part1 { fill: #d29922 } .part2 { fill: #3fb950 }
}
"""


@dataclass(frozen=True, slots=True)
class Plot:
    """Horizontal bars, each of parts.

    Attributes:
        parts: what the parts of a bar are, from the left.
        rows: name → the length of each part.
        names: width of the column of names.
    """

    title: str
    parts: Sequence[str]
    rows: Mapping[str, Sequence[float]]
    names: int = 170

    def svg(self) -> str:
        """Return it as SVG, for light and dark schemes."""
        longest = max(sum(lengths) for lengths in self.rows.values())
        scale = (_WIDTH - self.names - _NUMBERS) / longest
        height = _HEAD + _ROW * len(self.rows)
        drawn = "\n".join((*self._head(), *self._bars(scale)))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
            f'aria-label="{escape(self.title)}">\n<style>{_STYLE}</style>\n{drawn}\n</svg>\n'
        )

    def _head(self) -> Iterator[str]:
        yield f'<text class="title" x="0" y="16">{escape(self.title)}</text>'
        for number, part in enumerate(self.parts):
            x = self.names + number * (_WIDTH - self.names) // len(self.parts)
            yield f'<rect class="part{number}" x="{x}" y="28" width="12" height="12"/>'
            yield f'<text x="{x + 18}" y="39">{escape(part)}</text>'

    def _bars(self, scale: float) -> Iterator[str]:
        for row, (name, lengths) in enumerate(self.rows.items()):
            y, x = _HEAD + _ROW * row, float(self.names)
            yield f'<text x="0" y="{y + 13}">{escape(name)}</text>'
            for number, length in enumerate(lengths):
                yield f'<rect class="part{number}" x="{x:.1f}" y="{y}" width="{length * scale:.1f}" height="{_BAR}"/>'
                x += length * scale
            yield f'<text x="{x + 6:.1f}" y="{y + 13}">{_number(sum(lengths))}</text>'


def plots_of(result: Mapping[str, Any]) -> dict[str, Plot]:
    """Return file name → plot, of all that a file of `--json` holds."""
    found: dict[str, Plot] = {}
    if "cold" in result:
        found |= plots(medians(result["cold"]), medians(result["warm"]))
    if "callers" in result:
        found["callers.svg"] = callers_plot(result["callers"])
    for app in dict.fromkeys(tap["app"] for tap in result.get("waits", ())):
        found[f"wait-{app.lower()}.svg"] = wait_plot(app, result["waits"])
    return found


def callers_plot(found: Mapping[str, Mapping[str, Sequence[Figures]]]) -> Plot:
    """Return the CPU of a call while so many callers are known. A function's bars follow each other."""
    rows = {
        f"{name}, {int(size):,} callers": [median(each["cpu per call"] for each in rounds)]
        for name, by_size in found.items()
        for size, rounds in by_size.items()
    }
    return Plot("CPU of a call while so many callers are known, ms: median", ("CPU of all processes",), rows, names=250)


def wait_plot(app: str, waits: Sequence[Mapping[str, Any]]) -> Plot:
    """Return how long users of warm functions wait, by round trip, who tap in one app."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for tap in waits:
        if tap["app"] == app and not tap["cold"]:
            rows.setdefault(f"{tap['round trip']} ms: {tap['flow'].replace('`', '')}", []).append(tap)
    ends = {name: [median(tap[end] for tap in taps) for end in ("setup", "sound")] for name, taps in rows.items()}
    return Plot(
        f"From a tap in {app}, by round trip, ms: median",
        ("to setupComplete", "to the first sound"),
        {name: [setup, sound - setup] for name, (setup, sound) in ends.items()},
        names=290,
    )


def plots(cold: Medians, warm: Medians) -> Mapping[str, Plot]:
    """Return file name → plot of the tables."""
    return {
        "start.svg": Plot(
            "A start, ms: median",
            ("until it listens", "until the first refusal", "until the first 200"),
            {name: _phases(figures) for name, figures in cold.items()},
        ),
        "calls.svg": Plot(
            "CPU of a call by 10 callers, ms: median",
            ("CPU of all processes",),
            {name: [figures["cpu per call at 10"]] for name, figures in warm.items()},
        ),
        "memory.svg": Plot(
            "Memory (PSS), MB: median",
            ("after the first answer", "more under load"),
            {
                name: [figures["pss"], max(0.0, warm[name]["pss under load"] - figures["pss"])]
                for name, figures in cold.items()
            },
        ),
    }


def _phases(figures: Mapping[str, float]) -> list[float]:
    ends = [figures[end] for end in ("listening", "first refusal", "first answer")]
    return [end - begin for begin, end in zip([0.0, *ends], ends, strict=False)]


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}"


def main() -> None:
    """Run the program."""
    *sources, folder = map(Path, sys.argv[1:])
    folder.mkdir(exist_ok=True)
    for source in sources:
        for file, plot in plots_of(json.loads(source.read_text(encoding="utf-8"))).items():
            (folder / file).write_text(plot.svg(), encoding="utf-8")


if __name__ == "__main__":
    main()
