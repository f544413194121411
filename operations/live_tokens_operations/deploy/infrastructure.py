"""Terraform's part of a deployment: the operator sees the plan, and exactly this plan is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from live_tokens_operations.deploy.explanations import require, require_answer, with_advice
from live_tokens_operations.deploy.terraform_commands import Terraform
from live_tokens_operations.programs import ProgramError, Programs, read_json

_UNCHANGED, _CHANGED = 0, 2
# Attributes that protect a resource from deletion.
_PROTECTIONS = {
    "deletion_protection": True,
    "delete_protection_state": "DELETE_PROTECTION_ENABLED",
    "deletion_policy": "PREVENT",
    "delete_contents_on_destroy": False,  # of a BigQuery dataset, which goes only when it is empty
}


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the state.

    Attributes:
        address: such as `google_storage_bucket.source`.
        protected: whether it is protected from deletion.
        abandoned: whether Terraform only removes it from the state.
    """

    address: str
    protected: bool
    abandoned: bool


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """The root module, in one project."""

    programs: Programs
    terraform: Terraform

    def initialise(self) -> None:
        """Fetch providers and open the state.

        Raises:
            ProgramError: Terraform failed.
        """
        require(self.programs.show(self.terraform.init()), "terraform init failed.")

    @contextmanager
    def planned(self) -> Iterator[Path | None]:
        """Plan, and yield the plan, or None if there is nothing to do. The file is gone after the `with` block.

        Raises:
            ProgramError: Terraform failed.
        """
        # In a folder that only this user can read: a plan holds all values of the state.
        with TemporaryDirectory(prefix="live-tokens-plan-") as folder:
            file = Path(folder, "plan")
            finished = self.programs.show(self.terraform.plan(file))
            if finished.code not in (_UNCHANGED, _CHANGED):
                raise ProgramError(with_advice("terraform plan failed. Nothing was changed.", finished.err))
            yield file if finished.code == _CHANGED else None

    def apply(self, plan: Path) -> None:
        """Do what a plan says.

        Raises:
            ProgramError: Terraform failed; some changes may be applied.
        """
        finished = self.programs.show(self.terraform.apply(plan))
        require(finished, "terraform apply failed. Run this again to continue.")

    def outputs(self) -> Mapping[str, Any]:
        """Return the outputs by name.

        Raises:
            ProgramError: Terraform failed.
        """
        outputs = self._json(self.terraform.outputs(), "terraform output failed")
        return {name: output["value"] for name, output in outputs.items()}

    def resources(self) -> list[Resource]:
        """Return all resources of the state.

        Raises:
            ProgramError: Terraform failed.
        """
        state = self._json(self.terraform.state(), "terraform show failed")
        return list(_resources_of(state.get("values", {}).get("root_module", {})))

    def destroy(self, resources: list[Resource]) -> None:
        """Delete all resources of the state, including protected ones.

        Raises:
            ProgramError: Terraform failed; some resources may be deleted.
        """
        if protected := [resource.address for resource in resources if resource.protected]:
            finished = self.programs.show(self.terraform.unprotect(protected))
            require(finished, "The deletion protection could not be removed. Nothing was deleted.")
        finished = self.programs.show(self.terraform.destroy())
        require(finished, "terraform destroy failed. Run this again to continue.")

    def _json(self, line: list[str], otherwise: str) -> dict[str, Any]:
        finished = self.programs.ask(line)
        require_answer(finished, otherwise)
        return read_json("terraform", finished)


def _resources_of(module: Mapping[str, Any]) -> Iterator[Resource]:
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            values = resource["values"]
            protected = any(values.get(name) == value for name, value in _PROTECTIONS.items())
            yield Resource(resource["address"], protected, values.get("deletion_policy") == "ABANDON")
    for child in module.get("child_modules", []):
        yield from _resources_of(child)
