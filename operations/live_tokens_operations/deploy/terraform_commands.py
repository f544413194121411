"""Every command line of Terraform that this program runs.

`-input=false` is everywhere: Terraform asks nothing, the operator is asked here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


def version() -> list[str]:
    """Print the version as JSON."""
    return ["terraform", "version", "-json"]


@dataclass(frozen=True, slots=True)
class Terraform:
    """Command lines for one root module."""

    module: Path
    project: str
    region: str
    colour: bool

    def init(self) -> list[str]:
        """Use the backend that is written down, whichever was used before."""
        return self._line("init", "-input=false", "-reconfigure", *self._plain)

    def plan(self, file: Path) -> list[str]:
        """Write a plan. Exit code 0: nothing to do, 2: there is."""
        options = ("-input=false", "-detailed-exitcode", f"-out={file}")
        return self._line("plan", *options, *self._variables, *self._plain)

    def apply(self, file: Path) -> list[str]:
        """Do what a plan says, and nothing else."""
        return self._line("apply", "-input=false", *self._plain, str(file))

    def outputs(self) -> list[str]:
        """Print the outputs as JSON."""
        return self._line("output", "-json")

    def state(self) -> list[str]:
        """Print the state as JSON."""
        return self._line("show", "-json")

    def unprotect(self, addresses: Iterable[str]) -> list[str]:
        """Take deletion protection off resources, and touch no other."""
        targets = (f"-target={address}" for address in addresses)
        return self._line("apply", *self._without_asking, *targets, *self._unprotected, *self._plain)

    def destroy(self) -> list[str]:
        """Delete everything in the state."""
        return self._line("destroy", *self._without_asking, *self._unprotected, *self._plain)

    @property
    def _variables(self) -> tuple[str, ...]:
        return (f"-var=project_id={self.project}", f"-var=region={self.region}")

    @property
    def _unprotected(self) -> tuple[str, ...]:
        return (*self._variables, "-var=deletion_protection=false")

    @property
    def _without_asking(self) -> tuple[str, ...]:
        return ("-input=false", "-auto-approve")

    @property
    def _plain(self) -> tuple[str, ...]:
        return () if self.colour else ("-no-color",)

    def _line(self, *arguments: str) -> list[str]:
        return ["terraform", f"-chdir={self.module}", *arguments]
