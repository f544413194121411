"""infra/README.md says what the module does: its table of variables is complete, and its commands are real."""

import re
from pathlib import Path

from support.terraform_runner import REPOSITORY, Terraform

INFRA = REPOSITORY / "infra"
README = (INFRA / "README.md").read_text()


def declared() -> dict[str, str]:
    """Every variable and its default as it is written; `{…}` stands for objects and lists of several lines."""
    variables: dict[str, str] = {}
    for file in INFRA.glob("variables*.tf"):
        for name, body in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', file.read_text(), re.MULTILINE | re.DOTALL):
            default = re.search(r"^  default\s*= (.+)$", body, re.MULTILINE)
            variables[name] = default[1] if default else "required"
    return variables


def test_the_table_has_every_variable_with_its_default() -> None:
    table = README.partition("<!-- variables -->")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| `?(.*?)`? \|", table, re.MULTILINE)
    assert len(rows) > 30
    assert dict(rows) == declared()
    assert f": {len(declared())} settings, of which two are required." in README


def test_terraform_takes_the_settings_that_it_shows(with_defaults: Terraform, tmp_path: Path) -> None:
    blocks = re.findall(r"^```hcl\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 3
    (tmp_path / "shown.tfvars").write_text("".join(blocks))
    with_defaults.run("plan", f"-var-file={tmp_path / 'shown.tfvars'}")


def test_every_variable_and_output_is_described() -> None:
    blocks = [
        (file.name, name, body)
        for file in INFRA.glob("*.tf")
        for name, body in re.findall(
            r'^(?:variable|output) "(\w+)" \{\n(.*?)^\}', file.read_text(), re.MULTILINE | re.DOTALL
        )
    ]
    assert len(blocks) > 30
    assert [(file, name) for file, name, body in blocks if not re.search(r"^  description\s*= \S", body, re.M)] == []
