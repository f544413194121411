"""`make test` says in a few lines what it skipped, and how to get it."""

import os
import re
import subprocess
import sys

from support.documents import ROOT
from support.missing_program import skips_by_reason


def test_skips_are_told_in_one_line_for_each_reason_with_the_largest_number_first() -> None:
    gcloud, terraform = "gcloud is missing: https://a.example", "terraform is missing: https://b.example"
    assert skips_by_reason([f"Skipped: {gcloud}", *[f"Skipped: {terraform}"] * 12]) == [
        f"12  {terraform}",
        f" 1  {gcloud}",
    ]


def test_without_a_skip_there_is_no_line() -> None:
    assert skips_by_reason([]) == []


def test_the_last_lines_say_what_is_missing_and_where_to_get_it() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("REQUIRE_", "PYTEST_"))}
    files = ["tests/infra/test_checkov.py", "tests/infra/test_module.py"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider", *files],
        cwd=ROOT,
        env=environment | {"PATH": "/nowhere", "CHECKOV": "/nowhere/checkov"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    *_, heading, first, second, where, end = ended.stdout.splitlines()
    (skipped,) = re.findall(r" (\d+) skipped in ", end)
    assert f" {skipped} skipped " in heading
    told = [re.fullmatch(r" *(\d+)  (.+)", line) for line in (first, second)]
    assert [line and line[2] for line in told] == [
        "terraform is missing: https://developer.hashicorp.com/terraform/install",
        "checkov is missing: `make setup` installs it.",
    ]
    assert sum(int(line[1]) for line in told if line) == int(skipped)
    assert "CONTRIBUTING.md" in where
    assert "SKIPPED" not in ended.stdout
