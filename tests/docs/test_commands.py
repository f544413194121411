"""Commands that documents name exist."""

import re

from support.documents import DOCUMENTS, ROOT


def test_each_make_command_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    named = set(re.findall(r"(?:^|`|… )make ([a-z]+)", text, re.MULTILINE))
    assert "demo" in named
    assert named <= targets


def test_no_document_releases_to_one_region_and_leaves_the_others() -> None:
    texts = [document.read_text(encoding="utf-8") for document in DOCUMENTS]
    assert [line for text in texts for line in re.findall(r"make release PROJECT_ID=\S+ REGION=\S+", text)] == []
