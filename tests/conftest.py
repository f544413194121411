"""What tests of several folders share."""

from collections.abc import Iterator
from pathlib import Path

import google.auth.compute_engine  # noqa: F401  # it reads NO_GCE_CHECK when it is imported: before a test sets it
import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from stack.firestore_emulator import FirestoreEmulator, FirestoreEmulatorMissingError
from stack.prerequisites import free_ports
from support.missing_program import skip_or_fail, skips_by_reason

# The same examples in every run, whichever folders it takes, and no judgement on how long one takes.
hypothesis.settings.register_profile("tests", deadline=None, derandomize=True, database=None, max_examples=40)
hypothesis.settings.load_profile("tests")

_START_SECONDS = 60
_HOST = "127.0.0.1"
_ROOT = Path(__file__).parents[1]
_TESTS = Path("tests")


# What takes longest comes first, or one process would still be at it when the other has nothing left to do.
_LONGEST_FIRST = (
    "tests/operations/deploy",
    "tests/infra/test_module.py",
    "tests/operations/smoke",
    "tests/integration/production",
    "tests/operations/deploy/test_real_module.py",
    "tests/function",
    "tests/integration/sdks",
    "tests/stand_ins/test_readme_projects.py",
    "tests/release/test_release.py",
    "tests/infra/test_apply.py",
)
# Long enough to be worth starting a second time what the rest of the folder shares.
_FILES_OF_THEIR_OWN = (
    "tests/infra",
    "tests/operations/deploy/test_real_module.py",
    "tests/stand_ins/test_readme_projects.py",
)


def _in_one_process(nodeid: str) -> str:
    """Return what of the tests stays in one process: a folder, or a file.

    Tests with a `conftest.py` of their own stay together: they share what it starts, and look into its logs.
    """
    file = Path(nodeid.partition("::")[0])
    folders = [folder for folder in file.parents if (_ROOT / folder / "conftest.py").exists()]
    alone = folders == [_TESTS] or any(file.is_relative_to(path) for path in _FILES_OF_THEIR_OWN)
    return str(file if alone else folders[0])


class _FolderScheduling(LoadScopeScheduling):  # type: ignore[misc]  # published without types
    """Distributes what `_in_one_process` keeps together.

    Source: https://pytest-xdist.readthedocs.io/en/stable/distribution.html; `--dist loadgroup` of pytest-xdist 3.8
    does not see its groups with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _in_one_process(nodeid)


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Distribute tests as above."""
    return _FolderScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest first where tests are distributed; the scheduler keeps the order."""
    if hasattr(config, "workerinput"):
        order = {scope: place for place, scope in enumerate(_LONGEST_FIRST)}
        items.sort(key=lambda item: order.get(_in_one_process(item.nodeid), len(order)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not tested, one line for each reason. pytest has a line for each file and line number."""
    # The third part of what pytest says of a skip, after the file and the line.
    reasons = [report.longrepr[2] for report in terminalreporter.getreports("skipped")]
    if not reasons:
        return
    terminalreporter.section(f"{len(reasons)} skipped", yellow=True)
    for line in skips_by_reason(reasons):
        terminalreporter.write_line(line)
    terminalreporter.write_line("These tests run where the program is installed: see “Tests” in CONTRIBUTING.md.")


@pytest.fixture(scope="session")
def emulator_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of the Firestore emulator. Where it cannot run, tests are skipped, or fail if they must not be."""
    try:
        emulator = FirestoreEmulator.find()
    except FirestoreEmulatorMissingError as missing:
        skip_or_fail(str(missing), "REQUIRE_FIRESTORE_EMULATOR")
    port = free_ports(_HOST, 1)[0]
    process = emulator.process(tmp_path_factory.mktemp("firestore"), _HOST, port)
    process.start()
    try:
        process.wait_until_ready(_START_SECONDS)
        yield f"{_HOST}:{port}"
    finally:
        process.stop()
