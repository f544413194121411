"""Terraform's part of a deployment: the operator sees the plan, and exactly this plan is applied.

`-input=false` is everywhere: this program asks the operator, Terraform does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from live_tokens_operations.defaults import state_prefix
from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.explanations import require, require_answer
from live_tokens_operations.deploy.project_settings import ProjectSettings
from live_tokens_operations.deploy.protection import is_protected
from live_tokens_operations.programs import Finished, Programs, read_json

VERSION = ("terraform", "version", "-json")


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the state.

    Attributes:
        address: such as `google_storage_bucket.source`.
        abandoned: whether Terraform only removes it from the state.
    """

    address: str
    protected: bool
    abandoned: bool


@dataclass(frozen=True, slots=True)
class Terraform:
    """One root module, in one project. Every method raises ProgramError if Terraform fails."""

    programs: Programs
    module: Path
    settings: ProjectSettings
    region: str
    colour: bool

    def initialise(self, bucket: str) -> None:
        """Fetch providers and open the state in the bucket of the project, whichever was used before."""
        backend = f"-backend-config=bucket={bucket}", f"-backend-config=prefix={state_prefix(self.region)}"
        require(self._show("init", "-reconfigure", *backend), "terraform init failed.")

    @property
    def plan_text(self) -> Path:
        """The file with the last plan, as Terraform shows it."""
        return self.module / ".build" / f"{self.settings.project}.plan.txt"

    @contextmanager
    def planned(self, worst_days: Mapping[str, Decimal | None], release: str) -> Iterator[Path]:
        """Plan, write what the plan shows to `plan_text`, and yield the plan. It is gone after the `with` block.

        Args:
            worst_days: profile → US dollars, which the plan shows.
            release: `release.json` of code that this plan uploads. Without an upload, it changes nothing.
        """
        self.plan_text.parent.mkdir(exist_ok=True)
        # In a folder that only this user can read: a plan holds all values of the state.
        with TemporaryDirectory(prefix="live-tokens-plan-") as folder:
            file = Path(folder, "plan")
            of_this_run = (f"-var=worst_usd_per_user_day={_as_value(worst_days)}", f"-var=release={release}")
            arguments = ("-no-color", f"-out={file}", *self._variables, *of_this_run)
            finished = self.programs.show([*self._program, "plan", "-input=false", *arguments], self.plan_text)
            require(finished, "terraform plan failed. Nothing was changed.")
            yield file

    def read(self, plan: Path) -> dict[str, Any]:
        """Return a plan as Terraform's JSON. It holds all values of the state.

        Source: https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
        """
        return self._json("show", str(plan))

    def apply(self, plan: Path) -> None:
        """Apply a plan. After a failure, some changes may be applied."""
        require(self._show("apply", str(plan)), "terraform apply failed. Run this again to continue.")

    def outputs(self) -> Mapping[str, Any]:
        """Return the outputs by name.

        Raises:
            MisuseError: they are those of another project.
        """
        outputs = {name: output["value"] for name, output in self._json("output").items()}
        if outputs.get("project_id") != self.settings.project:
            raise MisuseError(
                f"Terraform has opened the state of {outputs.get('project_id')}, not of {self.settings.project}. "
                "No key was stored, and nothing was tested. Run this again."
            )
        return outputs

    def resources(self) -> list[Resource]:
        """Return all resources of the state."""
        return list(_resources_of(self._json("show").get("values", {}).get("root_module", {})))

    def destroy(self, resources: list[Resource]) -> None:
        """Delete all resources of the state, including protected ones. After a failure, some may be deleted."""
        options = ("-auto-approve", *self._variables, "-var=deletion_protection=false")
        if protected := [f"-target={resource.address}" for resource in resources if resource.protected]:
            finished = self._show("apply", *options, *protected)
            require(finished, "The deletion protection could not be removed. Nothing was deleted.")
        require(self._show("destroy", *options), "terraform destroy failed. Run this again to continue.")

    @property
    def _variables(self) -> tuple[str, ...]:
        return (*self.settings.arguments, f"-var=project_id={self.settings.project}", f"-var=region={self.region}")

    def _show(self, command: str, *arguments: str) -> Finished:
        colour = () if self.colour else ("-no-color",)
        return self.programs.show([*self._program, command, "-input=false", *colour, *arguments])

    def _json(self, command: str, *arguments: str) -> dict[str, Any]:
        finished = self.programs.ask([*self._program, command, "-json", *arguments])
        require_answer(finished, f"terraform {command} failed")
        return read_json("terraform", finished)

    @property
    def _program(self) -> tuple[str, str]:
        return ("terraform", f"-chdir={self.module}")


def _as_value(amounts: Mapping[str, Decimal | None]) -> str:
    """Return a map of numbers as Terraform reads it on a command line."""
    text = json.dumps({name: None if usd is None else float(usd) for name, usd in amounts.items()})
    return text.replace("${", "$${").replace("%{", "%%{")


def _resources_of(module: Mapping[str, Any]) -> Iterator[Resource]:
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            values = resource["values"]
            yield Resource(resource["address"], is_protected(values), values.get("deletion_policy") == "ABANDON")
    for child in module.get("child_modules", []):
        yield from _resources_of(child)
