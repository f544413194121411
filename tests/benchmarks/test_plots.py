"""`speed.plots`: each function is a bar, as long as its figure, in a file for light and dark."""

from typing import Any
from xml.etree import ElementTree as Xml

from speed.plots import Plot, plots, plots_of

FIGURES = {
    "listening": 100.0,
    "first refusal": 150.0,
    "first answer": 400.0,
    "pss": 90.0,
    "pss under load": 120.0,
    "cpu per call at 10": 3.0,
}


def bars(svg: str, part: int) -> list[float]:
    """Return the lengths of a part in all bars; the first of its kind is the legend's."""
    shapes = Xml.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")  # noqa: S314  # it is ours
    _, *lengths = (float(shape.attrib["width"]) for shape in shapes if shape.attrib["class"] == f"part{part}")
    return lengths


def test_a_bar_is_as_long_as_its_figure() -> None:
    svg = Plot("t", ("a", "b"), {"one & only": [1.0, 2.0], "other": [3.0, 4.0]}).svg()
    (one, other), (more, most) = bars(svg, 0), bars(svg, 1)
    assert [round(length / one) for length in (one, more, other, most)] == [1, 2, 3, 4]
    assert "one &amp; only" in svg
    assert "prefers-color-scheme: dark" in svg


def test_a_start_is_drawn_by_phase_and_memory_by_load() -> None:
    drawn = plots({"f": FIGURES}, {"f": FIGURES})
    assert drawn["start.svg"].rows == {"f": [100.0, 50.0, 250.0]}
    assert drawn["memory.svg"].rows == {"f": [90.0, 30.0]}
    assert drawn["calls.svg"].rows == {"f": [3.0]}


def test_growth_is_a_bar_for_each_number_of_callers() -> None:
    rounds = [{"cpu per call": cpu} for cpu in (2.0, 9.0, 3.0)]
    drawn = plots_of({"conditions": "", "callers": {"f": {"10": rounds, "10000": rounds[:1]}}})
    assert {file: plot.rows for file, plot in drawn.items()} == {
        "callers.svg": {"f, 10 callers": [3.0], "f, 10,000 callers": [2.0]}
    }


def test_the_wait_is_drawn_for_each_app_on_warm_functions() -> None:
    def tap(app: str, setup: float, cold: bool = False) -> dict[str, Any]:
        return {"app": app, "flow": "this, `f()`", "round trip": 60, "cold": cold, "setup": setup, "sound": setup + 5}

    waits = [tap("Node", 10), tap("Node", 30), tap("Node", 20), tap("Node", 900, cold=True), tap("Chromium", 40)]
    drawn = plots_of({"conditions": "", "waits": waits})
    assert {file: plot.rows for file, plot in drawn.items()} == {
        "wait-node.svg": {"60 ms: this, f()": [20, 5]},
        "wait-chromium.svg": {"60 ms: this, f()": [40, 5]},
    }
