"""The table of refusals, and that the README tells the same story."""

import ast
from pathlib import Path

import pytest

import gemini_live_stand_in
from gemini_live_stand_in import refusals
from gemini_live_stand_in.model_rules import RULES, ModelRule
from gemini_live_stand_in.refusals import CloseRefusal, HttpRefusal, Provenance, Silence, cut
from stand_ins.test_faults import CLOSES, MINTS

PACKAGE = Path(gemini_live_stand_in.__file__).parent

TABLE = {
    name: entry for name, entry in vars(refusals).items() if isinstance(entry, CloseRefusal | HttpRefusal | Silence)
}


@pytest.mark.parametrize("name", TABLE)
def test_the_readme_has_a_row_for_every_refusal_with_its_answer_and_provenance(name: str) -> None:
    entry = TABLE[name]
    rows = [row for row in (PACKAGE.parent / "README.md").read_text().splitlines() if row.startswith(f"| `{name}` |")]
    assert len(rows) == 1
    assert f"| {entry.code}" in rows[0]
    assert rows[0].endswith(f"| {entry.provenance.value} |")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.broken_by.__name__)
def test_the_readme_names_the_model_of_every_rule(rule: ModelRule) -> None:
    name = next(name for name, entry in TABLE.items() if entry is rule.refusal)
    assert f"| `{name}` | {rule.model}: " in (PACKAGE.parent / "README.md").read_text()


def test_the_readme_names_no_refusal_that_is_gone() -> None:
    rows = [row for row in (PACKAGE.parent / "README.md").read_text().splitlines() if row.startswith("| `")]
    assert {row.split("`")[1] for row in rows if row.split("`")[1].isupper()} == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_every_refusal_is_used(name: str) -> None:
    users = [path for path in PACKAGE.glob("*.py") if path.name != "refusals.py" and name in path.read_text()]
    played = {refusal for *_, refusal in CLOSES} | {refusal for refusal, _ in MINTS}
    assert users or name in played


def test_refusal_texts_live_in_one_module_only() -> None:
    texts = {entry.text for entry in TABLE.values() if not isinstance(entry, Silence)} - {"{fault}"}
    for path in PACKAGE.glob("*.py"):
        if path.name != "refusals.py":
            constants = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
            assert not constants & texts, path.name


def test_every_provenance_is_in_use() -> None:
    assert {entry.provenance for entry in TABLE.values()} == set(Provenance)


@pytest.mark.parametrize(("reason", "kept"), [("a" * 200, "a" * 123), ("a" + "é" * 100, "a" + "é" * 61), ("ok", "ok")])
def test_reasons_are_cut_to_what_a_close_frame_holds(reason: str, kept: str) -> None:
    assert cut(reason) == kept


def test_the_package_imports_neither_googles_sdk_nor_anything_of_ours() -> None:
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] not in {"google", "live_tokens", "stack", "main"}, path.name
