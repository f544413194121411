"""How tests/conftest.py distributes tests: it names files and folders, and those can move."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def named_paths() -> list[str]:
    tree = ast.parse((ROOT / "tests/conftest.py").read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text for text in texts if text.startswith("tests/")]


def test_every_path_that_the_distribution_names_exists() -> None:
    paths = named_paths()

    assert paths, "nothing was found, so nothing was checked"
    assert [path for path in paths if not (ROOT / path).exists()] == []
