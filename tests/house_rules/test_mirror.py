"""Where a reader looks for the tests of a module: its file in `tests/function`, or its folder with a file a subject."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ELSEWHERE = {
    "__init__": "it holds nothing",
    "profile_schema": "it is a table, which test_config_shape.py reads",
    "firestore_documents": "Firestore's emulator runs it, in tests/integration/firestore",
    "firestore_quota": "Firestore's emulator runs it, in tests/integration/firestore",
}
"""Module without a file of tests of its own → why."""


def differences(modules: set[str], tests: set[str]) -> list[str]:
    """Return what the two lack of each other: names of modules, and of test files without `test_`."""
    return [
        *(f"{module} has no test_{module}.py" for module in sorted(modules - tests - ELSEWHERE.keys())),
        *(f"test_{test}.py tests no module" for test in sorted(tests - modules)),
        *(f"{module} has a test_{module}.py, and no need of a reason" for module in sorted(tests & ELSEWHERE.keys())),
        *(f"{module} is excepted, and no module" for module in sorted(ELSEWHERE.keys() - modules)),
    ]


def test_the_tests_mirror_the_function() -> None:
    functions = ROOT / "functions"
    modules = {file.stem for file in (functions / "live_tokens").glob("*.py")} | {"main"}
    of_function = ROOT / "tests" / "function"
    files = [file.stem.removeprefix("test_") for file in of_function.glob("test_*.py")]
    folders = {file.parent.name for file in of_function.glob("*/test_*.py")}
    assert differences(modules, {*files, *folders}) == []
    assert folders.isdisjoint(files)


@pytest.mark.parametrize(
    ("modules", "tests", "difference"),
    [
        ({"quota"}, set[str](), "quota has no test_quota.py"),
        (set[str](), {"quota"}, "test_quota.py tests no module"),
        (set[str](), {"firestore_quota"}, "firestore_quota has a test_firestore_quota.py, and no need of a reason"),
    ],
)
def test_a_difference_is_found(modules: set[str], tests: set[str], difference: str) -> None:
    assert differences(modules | ELSEWHERE.keys(), tests) == [difference]


def test_an_exception_for_a_module_that_is_gone_is_found() -> None:
    assert differences({"__init__", "firestore_documents", "profile_schema"}, set()) == [
        "firestore_quota is excepted, and no module"
    ]
