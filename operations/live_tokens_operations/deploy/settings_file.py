"""The operator's own settings, `infra/terraform.tfvars`, as far as they concern this program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from live_tokens_operations.deploy.errors import MisuseError

_STRING = re.compile(r'^[ \t]*(project_id|region)[ \t]*=[ \t]*"([^"\n]*)"', re.MULTILINE)
_IDENTITY_PLATFORM_IS_SET = re.compile(r"^[ \t]*identity_platform[ \t]*=[ \t]*(?!null\b)\S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What the file says.

    Attributes:
        name: of the file.
        project: `project_id`, or None if it is not set.
        region: `region`, or None if it is not set.
        sets_sign_in_up: whether Terraform is going to initialise Firebase Authentication.
    """

    name: str
    project: str | None
    region: str | None
    sets_sign_in_up: bool

    @classmethod
    def read(cls, file: Path) -> SettingsFile:
        """Read a file, be it there or not."""
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        strings = dict(_STRING.findall(text))
        return cls(
            name=file.name,
            project=strings.get("project_id"),
            region=strings.get("region"),
            sets_sign_in_up=_IDENTITY_PLATFORM_IS_SET.search(text) is not None,
        )

    def require_project(self, project: str) -> None:
        """Make sure that the file is not about another project.

        Raises:
            MisuseError: it is.
        """
        if self.project not in (None, project):
            raise MisuseError(f"{self.name} is about the project {self.project}, not {project}. Nothing was done.")

    def region_for(self, asked: str | None) -> str | None:
        """Return the region that was asked for, or else the file's.

        Raises:
            MisuseError: the two differ.
        """
        if asked and self.region and asked != self.region:
            raise MisuseError(f"{self.name} says {self.region}, REGION says {asked}. Nothing was done. Which is it?")
        return asked or self.region
