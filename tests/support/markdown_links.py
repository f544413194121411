"""The links of Markdown documents, and the anchors that GitHub gives to headings."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

_FENCE = re.compile(r"^ *(```|~~~).*?^ *\1[^\n]*$", re.MULTILINE | re.DOTALL)
_INLINE_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\[[^]]*\]\(\s*([^)\s]+)[^)]*\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_NAMED = re.compile(r'<a id="([^"]+)"></a>')
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")


def broken_links(document: Path) -> Iterator[str]:
    """Yield the relative links of a document that lead to no file, or to no heading of a document."""
    for target in relative_links(document):
        path, _, anchor = target.partition("#")
        page = (document.parent / path).resolve() if path else document
        if not page.exists() or (anchor and (page.suffix != ".md" or anchor not in anchors(page))):
            yield target


def relative_links(document: Path) -> list[str]:
    """Return the targets of all links of a document but those to other sites."""
    text = _INLINE_CODE.sub("``", _prose(document))
    return [target for target in _LINK.findall(text) if not _ELSEWHERE.match(target)]


def anchors(document: Path) -> set[str]:
    """Return what can stand after `#` in a link to a document."""
    text = _prose(document)
    seen: Counter[str] = Counter()
    found = set(_NAMED.findall(text))
    for heading in _HEADING.findall(text):
        slug = _slug(heading)
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def _prose(document: Path) -> str:
    return _FENCE.sub("", document.read_text(encoding="utf-8"))


def _slug(heading: str) -> str:
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w -]", "", text.strip().lower()).replace(" ", "-")
