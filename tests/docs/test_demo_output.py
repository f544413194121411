"""The README shows what the demo prints."""

import re

from support.documents import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_each_step_of_the_demo_that_the_readme_shows_is_a_step_of_the_demo() -> None:
    shown = README.partition("<!-- demo-output -->\n```text\n")[2].partition("\n```")[0]
    told = re.findall(r"^ ?\d+  (.+)$", shown, re.MULTILINE)
    sources = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "local" / "demo").glob("*.py"))
    steps = [re.split(r"\{[^}]*\}", step) for step in re.findall(r'\.step\(\s*f?"([^"]+)"', sources)]
    patterns = [".+".join(map(re.escape, step)) for step in steps]
    assert len(told) > 3
    assert [title for title in told if not any(re.fullmatch(pattern, title) for pattern in patterns)] == []
