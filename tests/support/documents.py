"""The documents of the repository, and their tables."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
# Folders that are not the repository's.
_NOT_HERE = {"node_modules", "build"}
DOCUMENTS = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part in _NOT_HERE for part in path.relative_to(ROOT).parts)
)


def table(page: str, marker: str) -> list[list[str]]:
    """Return the cells of the table that follows the HTML comment `marker`, without its head.

    Args:
        page: path of the document from the root of the repository.
        marker: text of the comment.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    _, comment, after = text.partition(f"<!-- {marker} -->\n")
    assert comment, f"{page} has no table {marker}"
    rows = [line for line in after.split("\n\n", 1)[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]
