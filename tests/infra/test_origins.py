"""`cors_allowed_origins` takes what the function's setting takes, and nothing else: one list of cases for both."""

import json
import re
from pathlib import Path

from support.terraform_runner import REPOSITORY, terraform_in
from support.web_origins import RIGHT, WRONG

VARIABLE = re.compile(r'^variable "cors_allowed_origins" \{.*?^\}\n', re.MULTILINE | re.DOTALL)


def test_terraform_takes_and_refuses_the_same_origins_as_the_function(tmp_path: Path) -> None:
    """The variable alone, in a module of its own, so that each case costs no plan of everything else."""
    declared = VARIABLE.search((REPOSITORY / "infra" / "variables.tf").read_text(encoding="utf-8"))
    assert declared is not None
    (tmp_path / "main.tf").write_text(declared[0], encoding="utf-8")
    runs = [_run(number, [origin], "") for number, origin in enumerate([*RIGHT, "*"])]
    runs += [
        _run(number, origins, "  expect_failures = [var.cors_allowed_origins]\n")
        for number, origins in enumerate([[origin] for origin in WRONG] + [["*", RIGHT[0]]], len(runs))
    ]
    (tmp_path / "origins.tftest.hcl").write_text("\n".join(runs), encoding="utf-8")

    with terraform_in(tmp_path) as terraform:
        done = terraform.run("test", accepted=(0, 1))

    assert f"Success! {len(runs)} passed, 0 failed." in done.stdout, done.stdout


def _run(number: int, origins: list[str], expected: str) -> str:
    value = json.dumps(origins, ensure_ascii=False)
    variables = f"  variables {{\n    cors_allowed_origins = {value}\n  }}\n"
    return f'run "case_{number}" {{\n  command = plan\n{variables}{expected}}}\n'
