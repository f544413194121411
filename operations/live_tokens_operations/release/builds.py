"""One build of Cloud Build: it is submitted, shows its log while it runs, and says which step failed and why."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.google import gcloud, gcloud_commands
from live_tokens_operations.process import OperationError
from live_tokens_operations.programs import Programs, read_json
from live_tokens_operations.remedies import command

# gcloud 528 says this as soon as the build exists: `Created [https://cloudbuild.googleapis.com/v1/…/builds/ID].`
_CREATED = re.compile(r"/builds/([0-9a-f-]{36})\]")
_NOT_FAILED = ("SUCCESS", "QUEUED", "PENDING", "STATUS_UNKNOWN", "")


class BuildError(OperationError):
    """A build failed, or did not start. The text says which step, why, and what is left."""


@dataclass(frozen=True, slots=True)
class Builds:
    """Builds of this checkout, in one project.

    Attributes:
        sources: bucket with the uploads.
    """

    programs: Programs
    project: str
    region: str
    sources: str

    def run(self, config: Path, logs: str, substitutions: Mapping[str, str], left: Mapping[str, str]) -> str:
        """Run a build to its end.

        Args:
            logs: bucket for its log. gcloud shows a log while it grows from a bucket only.
            left: id of a step → what is left if it fails.

        Returns:
            What the steps wrote to `$BUILDER_OUTPUT/output`.

        Raises:
            BuildError: the build failed, or did not start.
            GcloudError: gcloud is missing.
        """
        staging = f"gs://{self.sources}/source"
        line = gcloud_commands.submit_build(
            self.project, self.region, str(CHECKOUT), str(config), staging, f"gs://{logs}", dict(substitutions)
        )
        submitted = gcloud.run(self.programs, line)
        created = _CREATED.search(submitted.err)
        if created is None:
            raise BuildError(f"{config.name} was not started. Nothing was changed.")
        identifier = created[1]
        described = self.programs.ask(gcloud_commands.describe_build(self.project, self.region, identifier))
        build = read_json("gcloud", described) if described.code == 0 else {}
        if submitted.code:
            raise BuildError(self._why(config, identifier, build, left))
        return _outputs(build)

    def _why(self, config: Path, identifier: str, build: Mapping[str, Any], left: Mapping[str, str]) -> str:
        failed = [step for step in build.get("steps", []) if step.get("status", "") not in _NOT_FAILED]
        step = str(failed[0].get("id", "")) if failed else ""
        cause = build.get("failureInfo", {}).get("detail") or build.get("statusDetail") or "it does not say why"
        log = command(gcloud_commands.read_build_log(self.project, self.region, identifier))
        where = f"step {step} of {config.name}" if step else config.name
        return "\n".join(
            filter(None, (f"The release failed in {where}: {cause}", left.get(step, ""), f"The log again: {log}"))
        )


def _outputs(build: Mapping[str, Any]) -> str:
    """Source: https://cloud.google.com/build/docs/api/reference/rest/v1/projects.builds#Results."""
    try:
        written = [base64.b64decode(each or "") for each in build.get("results", {}).get("buildStepOutputs", [])]
        return b"".join(written).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
