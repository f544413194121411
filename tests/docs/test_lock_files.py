"""What is deployed is what was tested."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "conformance" / "clients"
CLIENT_LOCKS = [*CLIENTS.glob("*/requirements.txt"), *CLIENTS.glob("*/package-lock.json")]


def requirements(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]


def test_every_deployed_package_is_pinned_by_hash() -> None:
    deployed = requirements("requirements.txt")
    assert deployed
    assert [line for line in deployed if not re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:", line)] == []


def test_the_build_finds_the_framework_at_the_beginning_of_a_line() -> None:
    assert any(line.startswith("functions-framework==") for line in requirements("requirements.txt"))


def test_the_tests_run_on_what_is_deployed() -> None:
    tested = {line.split()[0] for line in requirements("requirements-dev.txt")}
    assert {line.split()[0] for line in requirements("requirements.txt")} <= tested


def test_no_lock_file_names_a_registry() -> None:
    npm = [ROOT / folder / "package-lock.json" for folder in ("client", "example", "local", "tests/support/sdks/node")]
    locks = [*ROOT.glob("requirements*.txt"), ROOT / "benchmarks/requirements.txt", *npm, *CLIENT_LOCKS]
    assert len(locks) == 7 + len(CLIENT_LOCKS)
    assert [
        lock.name for lock in locks if re.search(r'"resolved": "https?:|--(extra-)?index-url', lock.read_text())
    ] == []


def test_every_client_of_the_scorecard_is_installed_from_a_lock_file() -> None:
    python = [lock for lock in CLIENT_LOCKS if lock.suffix == ".txt"]
    assert python
    locked = {lock.parent.name for lock in CLIENT_LOCKS}
    assert {app.parent.name for app in CLIENTS.glob("*/app.*")} - locked == {"gemini-live-tokens"}, "it is in client/"
    names = [lock.relative_to(ROOT).as_posix() for lock in python]
    loose = [line for name in names for line in requirements(name) if "--hash=sha256:" not in line]
    assert loose == []
