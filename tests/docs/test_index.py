"""The index lists every document, and the operations page every playbook."""

from support.documents import DOCUMENTS, ROOT
from support.markdown_links import relative_links

DOCS = ROOT / "docs"


def test_the_index_lists_every_document_and_nothing_twice() -> None:
    links = [target.partition("#")[0] for target in relative_links(DOCS / "README.md")]
    listed = [(DOCS / target).resolve() for target in links]
    emergencies = DOCS / "playbooks" / "emergencies"
    of_other_lists = {
        DOCS / "README.md",
        *(DOCS / "playbooks").iterdir(),
        *({*emergencies.iterdir()} - {emergencies / "README.md"}),
        *(DOCS / "decisions").glob("0*.md"),
    }
    assert sorted(set(listed)) == sorted({*DOCUMENTS} - of_other_lists)
    assert len([target for target in links if target != "operations.md"]) == len(set(links) - {"operations.md"})
