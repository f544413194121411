"""Every link between documents leads to a file, and to a heading in it."""

from pathlib import Path

import pytest

from support.documents import DOCUMENTS, ROOT
from support.markdown_links import broken_links, relative_links


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_to_a_file_and_a_heading(document: Path) -> None:
    assert list(broken_links(document)) == []


def test_there_are_many_links() -> None:
    assert sum(len(relative_links(document)) for document in DOCUMENTS) > 50


@pytest.mark.parametrize(
    ("link", "broken"),
    [
        ("other.md", False),
        ("other.md#a-heading-in-code", False),
        ("other.md#twice-1", False),
        ("other.md#ROW", False),
        ("#here", False),
        ("https://example.com/#nothing", False),
        ("missing.md", True),
        ("other.md#missing", True),
        ("other.md#not-a-heading", True),
        ("#missing", True),
    ],
)
def test_a_broken_link_is_found(tmp_path: Path, link: str, *, broken: bool) -> None:
    other = '# A heading, in `code`\n## Twice\n## Twice\n| <a id="ROW"></a> |\n```sh\n# Not a heading\n```\n'
    (tmp_path / "other.md").write_text(other)
    page = tmp_path / "page.md"
    page.write_text(f"# Here\nSee [this]({link}), and not `[that](missing.md)`.\n")
    assert list(broken_links(page)) == ([link] if broken else [])
