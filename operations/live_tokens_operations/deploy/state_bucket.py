"""The bucket of Terraform's state, and whether Terraform is going to use it.

A label of the bucket holds the region of the function, for later runs.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from live_tokens_operations.defaults import applied_settings, state_bucket, state_prefix
from live_tokens_operations.deploy.applied_settings import AppliedSettings
from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.explanations import require_answer
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.programs import Programs, read_json

_LABEL = "live-tokens-region"
_BACKEND = 'backend "gcs" '
_ABSENT = re.compile(r"not found: 404")  # gcloud's words


@dataclass(frozen=True, slots=True)
class ExistingBucket:
    """An existing state bucket.

    Attributes:
        region: where the function is, or None if nothing is deployed.
        complete: whether it keeps old versions and is closed to the public.
    """

    region: str | None
    complete: bool


@dataclass(frozen=True, slots=True)
class StateBucket:
    """The bucket of one project."""

    programs: Programs
    project: str
    number: int

    @property
    def name(self) -> str:
        """The bucket's name."""
        return state_bucket(self.project)

    def applied_settings(self, region: str) -> AppliedSettings:
        """Return the record of the settings that were applied last, beside the state."""
        return AppliedSettings(self.programs, self.project, self.name, applied_settings(region))

    def find(self) -> ExistingBucket | None:
        """Return the bucket, or None.

        Raises:
            MisuseError: the bucket belongs to another project, whose owner would read the state.
            ProgramError: gcloud failed.
        """
        finished = self.programs.ask(gcloud_commands.describe_bucket(self.name, self.project))
        if finished.code != 0 and _ABSENT.search(finished.err):
            return None
        require_answer(finished, f"The state bucket {self.name} could not be read")
        described = read_json("gcloud", finished)
        if int(described["projectNumber"]) != self.number:
            raise MisuseError(
                f"The bucket {self.name} belongs to another project. No state is stored there. Find out who created it."
            )
        access = described.get("iamConfiguration", {})
        return ExistingBucket(
            region=described.get("labels", {}).get(_LABEL),
            complete=bool(
                described.get("versioning", {}).get("enabled")
                and access.get("uniformBucketLevelAccess", {}).get("enabled")
                and access.get("publicAccessPrevention") == "enforced"
            ),
        )

    def make(self, region: str) -> None:
        """Make the bucket.

        Raises:
            ProgramError: gcloud failed.
        """
        line = gcloud_commands.create_bucket(self.name, self.project, region)
        require_answer(self.programs.ask(line), f"The state bucket {self.name} could not be created")

    def complete(self, found: ExistingBucket | None, region: str) -> None:
        """Configure the bucket, and store the region in its label, unless that is done already.

        Args:
            found: the bucket before this run, or None.
            region: of the function.

        Raises:
            ProgramError: gcloud failed.
        """
        if found is None or not found.complete or found.region != region:
            line = gcloud_commands.update_bucket(self.name, self.project, f"{_LABEL}={region}")
            require_answer(self.programs.ask(line), f"The state bucket {self.name} could not be configured")

    def forget_region(self) -> None:
        """Remove the label, because nothing is deployed.

        Raises:
            ProgramError: gcloud failed.
        """
        line = gcloud_commands.remove_label(self.name, self.project, _LABEL)
        require_answer(self.programs.ask(line), f"The label {_LABEL} of {self.name} could not be removed")


def require_state_in_bucket(module: Path, bucket: str, region: str) -> None:
    """Check that Terraform is going to keep the state in the bucket named at `init`, and that no other is lost.

    Raises:
        MisuseError: Terraform would keep the state elsewhere, or a local one would be lost.
    """
    file = module / "backend.tf"
    if not file.exists() or _BACKEND not in file.read_text(encoding="utf-8"):
        raise MisuseError(f"{file} does not say {_BACKEND}{{}}. Get that file from git, or use Terraform itself.")
    state = module / "terraform.tfstate"
    if state.is_file() and json.loads(state.read_text(encoding="utf-8") or "{}").get("resources"):
        raise MisuseError(
            f"{state} holds resources that Terraform created without a bucket. To migrate them, run\n"
            f"  terraform -chdir={module} init -migrate-state -backend-config=bucket={bucket} "
            f"-backend-config=prefix={state_prefix(region)}\n"
            "Delete the file, and run this again."
        )
