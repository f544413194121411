"""Those settings in `infra/terraform.tfvars` and `infra/*.auto.tfvars` that `deploy` needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from live_tokens_operations.deploy.errors import MisuseError

_MAIN = "terraform.tfvars"
_STRING = r'"(?:\\.|[^"\\\n])*"'
_STRING_OR_COMMENT = re.compile(rf"({_STRING})|#[^\n]*|//[^\n]*|/\*.*?\*/", re.DOTALL)
_ASSIGNMENT = re.compile(r"\s*(\w+)\s*=\s*(\S.*?)\s*")


@dataclass(frozen=True, slots=True)
class SettingsFiles:
    """The settings of all files.

    Attributes:
        project: `project_id`, or None if it is not set.
        region: `region`, or None if it is not set.
        sets_sign_in_up: whether Terraform is going to initialise Firebase Authentication.
        files: variable → name of the file that sets it.
    """

    project: str | None
    region: str | None
    sets_sign_in_up: bool
    files: Mapping[str, str]

    @classmethod
    def read(cls, module: Path) -> SettingsFiles:
        """Read the files of a root module, in Terraform's order. The last value of a variable counts.

        Source: https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence

        Raises:
            MisuseError: a JSON file is not valid.
        """
        values: dict[str, object] = {}
        files: dict[str, str] = {}
        automatic = sorted([*module.glob("*.auto.tfvars"), *module.glob("*.auto.tfvars.json")])
        for file in (module / _MAIN, module / f"{_MAIN}.json", *automatic):
            if file.is_file():
                of_file = dict(_values_in(file))
                values |= of_file
                files |= dict.fromkeys(of_file, file.name)
        project, region = values.get("project_id"), values.get("region")
        return cls(
            project=project if isinstance(project, str) else None,
            region=region if isinstance(region, str) else None,
            sets_sign_in_up=values.get("identity_platform") is not None,
            files=files,
        )

    def file_of(self, variable: str) -> str:
        """Return the file that sets a variable, or the one that should."""
        return self.files.get(variable, _MAIN)

    def require_project(self, project: str) -> None:
        """Check that the files are not for another project.

        Raises:
            MisuseError: they are for another project.
        """
        if self.project not in (None, project):
            file = self.file_of("project_id")
            raise MisuseError(f"{file} sets project_id to {self.project}, not {project}. Nothing was done.")

    def region_for(self, asked: str | None) -> str | None:
        """Return the region that was asked for, or the one of the files.

        Raises:
            MisuseError: the two differ.
        """
        if asked and self.region and asked != self.region:
            file = self.file_of("region")
            raise MisuseError(
                f"{file} sets the region to {self.region}, but REGION is {asked}. Nothing was done. Change one of them."
            )
        return asked or self.region


def _values_in(file: Path) -> Iterator[tuple[str, object]]:
    """Yield each variable with its value: a string, None, or the source text of other values."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        try:
            yield from dict(json.loads(text)).items()
        except (TypeError, ValueError) as error:
            raise MisuseError(f"{file.name} is not a JSON object. Nothing was done.") from error
        return
    depth = 0
    for line in _STRING_OR_COMMENT.sub(lambda found: found[1] or " ", text).splitlines():
        # What stands inside of braces is part of a value.
        if depth == 0 and (found := _ASSIGNMENT.fullmatch(line)):
            value = found[2]
            is_text = re.fullmatch(_STRING, value)
            yield found[1], json.loads(value) if is_text else None if value == "null" else value
        outside = re.sub(_STRING, "", line)
        depth += sum(outside.count(bracket) for bracket in "{[(") - sum(outside.count(bracket) for bracket in "}])")
