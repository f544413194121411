"""CONTRIBUTING sends to commands that `make help` lists, and defines the words of this project."""

import re

from support.documents import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_each_command_is_one_that_make_help_lists() -> None:
    listed = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE))
    assert {"check", "demo", "lint", "test"} <= set(re.findall(r"\bmake ([a-z]+)", PAGE)) <= listed


def test_ci_runs_the_command_that_contributors_run() -> None:
    assert "make check" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (needed,) = re.findall(r"^check: ([a-z ]+) ##", MAKEFILE, re.MULTILINE)
    assert needed.split() == ["lint", "demo", "test", "example", "client"]


def test_each_word_of_the_project_has_one_line() -> None:
    table = PAGE.partition("| word | meaning |\n| --- | --- |\n")[2].partition("\n\n")[0]
    assert re.findall(r"^\| ([a-z -]+) \| \S", table, re.MULTILINE) == [
        *("caller", "profile", "live token", "refusal", "failure"),
        *("finding", "remedy", "stand-in", "operator", "candidate"),
    ]


def test_each_variable_that_ci_sets_is_explained() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert set(re.findall(r"REQUIRE_\w+=1", ci)) == set(re.findall(r"REQUIRE_\w+=1", PAGE))
