"""The settings of one project: `infra/projects/<project-id>.tfvars`, which is in git."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from live_tokens_operations.deploy.errors import MisuseError

_STRING = r'"(?:\\.|[^"\\\n])*"'
_STRING_OR_COMMENT = re.compile(rf"({_STRING})|#[^\n]*|//[^\n]*|/\*.*?\*/", re.DOTALL)
_ASSIGNMENT = re.compile(r"\s*(\w+)\s*=\s*(\S.*?)\s*")
# Terraform reads these for every project.
# https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
_READ_ALWAYS = ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json")


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """The settings of one project.

    Attributes:
        file: where they are. It may not exist.
        text: of the file, or None if it does not exist.
    """

    project: str
    file: Path
    text: str | None
    _values: Mapping[str, object] = field(repr=False)

    @classmethod
    def read(cls, module: Path, project: str) -> ProjectSettings:
        """Read the file of a project.

        Raises:
            MisuseError: the file is of another project, or Terraform would read other settings too.
        """
        _require_nothing_for_every_project(module, project)
        file = module / "projects" / f"{project}.tfvars"
        text = file.read_text(encoding="utf-8") if file.is_file() else None
        settings = cls(project, file, text, dict(_values_in(text or "")))
        named = settings._text_of("project_id")
        if named not in (None, project):
            raise MisuseError(f"{settings.name} sets project_id to {named}, not {project}. Nothing was done.")
        return settings

    @property
    def name(self) -> str:
        """The file, as the operator's messages name it."""
        return f"infra/projects/{self.project}.tfvars"

    @property
    def names(self) -> frozenset[str]:
        """The names of all settings in the file."""
        return frozenset(self._values)

    @property
    def region(self) -> str | None:
        """`region`, or None if it is not set."""
        return self._text_of("region")

    @property
    def sets_sign_in_up(self) -> bool:
        """Whether Terraform is going to initialise Firebase Authentication."""
        return self._values.get("identity_platform") is not None

    @property
    def arguments(self) -> tuple[str, ...]:
        """What Terraform needs to read the file."""
        return () if self.text is None else (f"-var-file={self.file}",)

    def region_for(self, asked: str | None) -> str | None:
        """Return the region that was asked for, or the one of the file.

        Raises:
            MisuseError: the two differ.
        """
        if asked and self.region and asked != self.region:
            raise MisuseError(
                f"{self.name} sets the region to {self.region}, but REGION is {asked}. Nothing was done. "
                "Change one of them."
            )
        return asked or self.region

    def write(self, region: str) -> ProjectSettings:
        """Write a new file with the two settings that are required, and return its settings."""
        text = (
            "# The settings of this project, for `make deploy` and for Terraform by hand. None is secret: commit this "
            f'file.\nproject_id = "{self.project}"\nregion     = "{region}" # final\n'
        )
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(text, encoding="utf-8")
        return ProjectSettings(self.project, self.file, text, dict(_values_in(text)))

    def _text_of(self, variable: str) -> str | None:
        value = self._values.get(variable)
        return value if isinstance(value, str) else None


def _require_nothing_for_every_project(module: Path, project: str) -> None:
    found = sorted(file.name for pattern in _READ_ALWAYS for file in module.glob(pattern))
    if not found:
        return
    raise MisuseError(
        f"Terraform reads {', '.join(f'infra/{name}' for name in found)} for every project. Nothing was done.\n"
        f"Settings are kept in git, in one file for each project. If these are the settings of {project}:\n"
        f"  mkdir -p infra/projects && mv infra/{found[0]} infra/projects/{project}.tfvars\n"
        f"  git add infra/projects/{project}.tfvars && git commit\n"
        "Add the settings of further files to it by hand, and remove those files."
    )


def _values_in(text: str) -> Iterator[tuple[str, object]]:
    """Yield each variable with its value: a string, None, or the source text of other values."""
    depth = 0
    for line in _STRING_OR_COMMENT.sub(lambda found: found[1] or " ", text).splitlines():
        # What stands inside of braces is part of a value.
        if depth == 0 and (found := _ASSIGNMENT.fullmatch(line)):
            value = found[2]
            is_text = re.fullmatch(_STRING, value)
            yield found[1], json.loads(value) if is_text else None if value == "null" else value
        outside = re.sub(_STRING, "", line)
        depth += sum(outside.count(bracket) for bracket in "{[(") - sum(outside.count(bracket) for bracket in "}])")
