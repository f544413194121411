"""Reads scenarios from TOML files, or from the same structure as JSON. Everything that is wrong is told at once."""

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, replace
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from gemini_live_stand_in.scenario import Checked, Fault, Scenario, ScenarioError, fault, rule_faults, step_name

_FOLDER = Path(__file__).parent / "scenarios"
Part = TypeVar("Part", bound=Checked)

_TYPE_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", Path: "a path"}


def load_scenario(where: str | Path) -> Scenario:
    """Read a file, or the ready-made scenario of that name.

    Raises:
        ScenarioError: with every fault; also if there is no such file.
    """
    if str(where) in _ready_made_names():
        return ready_made()[str(where)]
    path = Path(where)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        expected = f"a file that can be read, nor one of {', '.join(_ready_made_names())}"
        raise ScenarioError(Fault(str(where), "(file)", str(where), expected)) from None
    return scenario_of(text, source=str(path), folder=path.parent)


def scenario_of(text: str, source: str, folder: Path) -> Scenario:
    """Read the text of a scenario file.

    Args:
        text: TOML.
        source: its name in faults; its stem is the name of the scenario.
        folder: where WAV files with relative paths are.

    Raises:
        ScenarioError: with every fault.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(Fault(source, "(file)", "the text", f"TOML: {error}")) from None
    return parse_scenario(table, source, folder)


def parse_scenario(table: object, source: str = "scenario", folder: Path = Path()) -> Scenario:
    """Build a scenario from the structure of a file, also when it came as JSON.

    Raises:
        ScenarioError: with every fault.
    """
    reader = _Reader(folder)
    scenario = reader.build(Scenario, table, "")
    if scenario is None or reader.faults:
        raise ScenarioError(*(replace(found, source=source) for found in reader.faults))
    return scenario if scenario.name else replace(scenario, name=Path(source).stem)


@cache
def ready_made() -> Mapping[str, Scenario]:
    """Return the scenarios that come with the stand-in, by name."""
    return {name: scenario_of(path.read_text("utf-8"), str(path), _FOLDER) for name, path in _ready_made_files()}


def _ready_made_files() -> Iterator[tuple[str, Path]]:
    return ((path.stem, path) for path in sorted(_FOLDER.glob("*.toml")))


def _ready_made_names() -> list[str]:
    return [name for name, _ in _ready_made_files()]


class _Reader:
    """Turns tables into the dataclasses of a scenario, by their type hints, and collects faults."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.faults: list[Fault] = []

    def build(self, kind: type[Part], table: object, path: str) -> Part | None:
        """Return the part, or None if there were faults, which are then in `faults`."""
        if not isinstance(table, dict):
            self._refuse(path or "(file)", table, "a table")
            return None
        before = len(self.faults)
        known = {_name_in_files(field): field for field in fields(cast("Any", kind))}
        prefix = f"{path}." if path else ""
        for name in sorted(table.keys() - known.keys()):
            self._refuse(f"{prefix}{name}", table[name], f"one of the names here: {', '.join(known)}")
        hints = get_type_hints(kind, include_extras=True)
        values: dict[str, Any] = {}
        for name, field in known.items():
            if table.get(name) is not None:
                values[field.name] = self._value(hints[field.name], table[name], prefix + name)
            elif field.default is MISSING and field.default_factory is MISSING:
                self.faults.append(Fault("scenario", f"{prefix}{name}", "(left out)", "possible: it is needed"))
        good = {name: value for name, value in values.items() if value is not None}
        self._add(prefix, rule_faults(kind, good))
        if len(self.faults) > before:
            return None
        try:
            return kind(**good)
        except ScenarioError as error:
            self._add(prefix, iter(error.faults))
            return None

    def _value(self, hint: Any, value: object, path: str) -> object:
        origin = get_origin(hint)
        if origin is Annotated:
            return self._value(get_args(hint)[0], value, path)
        if origin in (Union, UnionType):
            return self._choice([part for part in get_args(hint) if part is not NoneType], value, path)
        if origin is tuple:
            return self._list(get_args(hint)[0], value, path)
        if isinstance(hint, type) and issubclass(hint, Checked):
            return self.build(hint, value, path)
        return self._plain(hint, value, path)

    def _choice(self, hints: list[Any], value: object, path: str) -> object:
        if len(hints) == 1:
            return self._value(hints[0], value, path)
        if not isinstance(value, dict):
            return self._refuse(path, value, "a table")
        kinds = {step_name(kind): kind for kind in hints}
        kind = kinds.get(str(value.get("do")))
        if kind is None:
            return self._refuse(f"{path}.do", value.get("do"), f"one of {', '.join(kinds)}")
        return self.build(kind, {name: content for name, content in value.items() if name != "do"}, path)

    def _list(self, hint: Any, value: object, path: str) -> object:
        if not isinstance(value, list):
            return self._refuse(path, value, "a list")
        return tuple(self._value(hint, item, f"{path}[{index}]") for index, item in enumerate(value))

    def _plain(self, hint: Any, value: object, path: str) -> object:
        if get_origin(hint) is not None:  # Mapping[str, str] or Mapping[str, Any]
            texts_only = get_args(hint)[1] is str
            if isinstance(value, dict) and not (
                texts_only and any(not isinstance(text, str) for text in value.values())
            ):
                return value
            return self._refuse(path, value, "a table of texts" if texts_only else "a table")
        if hint is Path and isinstance(value, str):
            return self._folder / value
        if hint is float and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        if hint in (str, int, bool) and type(value) is hint:
            return value
        return self._refuse(path, value, _TYPE_NAMES[hint])

    def _refuse(self, path: str, value: object, expected: str) -> object:
        """Note a fault, and return what stands for a value that is wrong."""
        self.faults.append(fault(path, value, expected))
        return None

    def _add(self, prefix: str, faults: Iterator[Fault]) -> None:
        self.faults += [replace(found, path=prefix + found.path) for found in faults]


def _name_in_files(field: Field[Any]) -> str:
    name: str = field.metadata.get("in_files", field.name)
    return name
