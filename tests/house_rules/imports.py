"""What a file imports, which most of the house rules are about."""

import ast
from collections.abc import Iterator


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted name of everything imported, `a.b` for `from a import b` too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            yield from (f"{source}.{alias.name}" for alias in node.names)


def under(name: str, *packages: str) -> bool:
    """Return whether a dotted name is one of the packages, or in one of them."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)
