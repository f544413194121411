"""Each claim of the threat model points at a test that exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")


def test_each_proof_is_the_name_of_a_test() -> None:
    sources = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"^ *def (test_\w+)", sources, re.MULTILINE))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named
    assert sorted(named - known) == []


def test_each_defence_has_a_proof() -> None:
    tables = re.findall(r"^\| defence \| proof \|\n\| --- \| --- \|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    proofs = [row.split("|")[2].strip() for table in tables for row in table.splitlines()]
    assert proofs
    assert [proof for proof in proofs if not re.match(r"`test_|as above$", proof)] == []


def test_the_table_of_the_modified_app_has_what_its_tests_found_for_each_of_them() -> None:
    table = PAGE.partition("<!-- modified app -->")[2].partition("\n\n")[0]
    rows = re.findall(r"^\|[^|]+\| (\d+) \| (\d+) \| `(test_\w+)` \|$", table, re.MULTILINE)
    source = (ROOT / "tests" / "stand_ins" / "test_modified_client.py").read_text(encoding="utf-8")
    tests = re.findall(r"^def (test_\w+).+?talked_and_charged == \((\d+), (\d+)\)$", source, re.MULTILINE | re.DOTALL)
    assert tests
    assert rows == [(talked, charged, name) for name, talked, charged in tests]
    assert len(rows) == source.count("\ndef test_")
