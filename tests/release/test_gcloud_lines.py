"""gcloud accepts every command line of gcloud in this repository, and programs build theirs where this can see it."""

from collections import Counter
from pathlib import Path

import pytest

from live_tokens_operations.defaults import CHECKOUT
from release.gcloud_lines import GcloudLine, argument_lists_elsewhere, every_line, lines_of_commands_modules
from support.gcloud_parser import refusals

_HELP = "gcloud printed its help or its version."


def _refused(lines: list[GcloudLine]) -> list[str]:
    """Return those that gcloud refuses with every plausible value, with its refusal."""
    # A command that is only named must exist: then gcloud has help for it.
    tried = [[*line.variants(), *([[*line.words, "--help"]] if line.is_mention else [])] for line in lines]
    said = iter(refusals([arguments for of_line in tried for arguments in of_line]))
    refused = []
    for line, arguments in zip(lines, tried, strict=True):
        answers = [next(said) for _ in arguments]
        if None not in answers and answers[-1] != _HELP:
            refused.append(f"{line.place}: {' '.join(line.words)}\n{answers[0]}")
    return refused


def test_gcloud_accepts_every_command_line_in_this_repository() -> None:
    assert "\n".join(_refused(every_line(CHECKOUT))) == ""


def test_gcloud_accepts_every_command_line_that_a_program_builds() -> None:
    assert "\n".join(_refused(lines_of_commands_modules(CHECKOUT))) == ""


def test_the_search_finds_lines_wherever_there_are_some() -> None:
    found = Counter(line.kind for line in every_line(CHECKOUT) + lines_of_commands_modules(CHECKOUT))
    assert found["yaml"] >= 8
    assert found["markdown"] > 0
    assert found["python"] > 0
    assert found["terraform"] > 0
    assert found["gcloud_commands"] > 0


def test_programs_build_their_command_lines_in_modules_that_are_called_gcloud_commands() -> None:
    assert argument_lists_elsewhere(CHECKOUT) == []


_FILES = {
    "guide.md": """
Run it (`gcloud projects list`):
```sh
x=$(gcloud projects describe "$PROJECT" --format=json | jq .) && gcloud run services describe A \\
  --region=REGION >/dev/null
echo gcloud; $ gcloud auth login # once
```
`gcloud functions deploy` takes a while; gcloud says so.
""",
    "build.yaml": """
#   gcloud builds submit --config=build.yaml
steps: [{script: "if ! gcloud projects list; then echo 'gcloud failed'; fi"}]
""",
    "main.tf": """
# gcloud knows nothing of this.
#  gcloud projects list
output "next" {
  value = "printf %s \\"$KEY\\" | gcloud secrets versions add ${var.secret_name} --data-file=-"
}
locals {
  text = <<-EOT
    gcloud projects describe ${var.project_id}
  EOT
}
""",
    "run.sh": "#!/bin/sh\\ngcloud projects list --limit=$N || exit 1\\n",
    "Makefile": "all:\\n\\t@gcloud projects describe $(PROJECT_ID)\\n",
    "program.py": '''
"""gcloud is not run here, but `gcloud projects list` is named."""
HINT = f"Log in (gcloud auth login), then run: gcloud projects describe {project}"
WORD = "gcloud is missing."
''',
}
_EXPECTED = {
    ("guide.md", "gcloud projects list"),
    ("guide.md", "gcloud projects describe $PROJECT --format=json"),
    ("guide.md", "gcloud run services describe A --region=REGION"),
    ("guide.md", "gcloud auth login"),
    ("guide.md", "gcloud functions deploy"),
    ("build.yaml", "gcloud builds submit --config=build.yaml"),
    ("build.yaml", "gcloud projects list"),
    ("main.tf", "gcloud projects list"),
    ("main.tf", "gcloud secrets versions add ${var.secret_name} --data-file=-"),
    ("main.tf", "gcloud projects describe ${var.project_id}"),
    ("run.sh", "gcloud projects list --limit=$N"),
    ("Makefile", "gcloud projects describe $(PROJECT_ID)"),
    ("program.py", "gcloud projects list"),
    ("program.py", "gcloud auth login"),
    ("program.py", "gcloud projects describe $project"),
}


@pytest.fixture(name="repository")
def _repository(tmp_path: Path) -> Path:
    for name, text in _FILES.items():
        (tmp_path / name).write_text(text.replace("\\n", "\n").replace("\\t", "\t"))
    return tmp_path


def test_the_search_tells_command_lines_from_sentences(repository: Path) -> None:
    assert {(line.place, " ".join(line.words)) for line in every_line(repository)} == _EXPECTED


def test_a_wrong_line_anywhere_is_found(repository: Path) -> None:
    assert _refused(every_line(repository)) == []
    for name in _FILES:
        file = repository / name
        right = file.read_text()
        file.write_text(right.replace("gcloud projects", "gcloud projetcs"))
        assert [place.split(":")[0] for place in _refused(every_line(repository))].count(name) > 0, name
        file.write_text(right)


def test_an_argument_list_that_is_built_elsewhere_is_found(repository: Path) -> None:
    (repository / "other.py").write_text('run(["gcloud", "projects", "list"])\nhas("gcloud")\n')
    assert argument_lists_elsewhere(repository) == ["other.py:1"]
