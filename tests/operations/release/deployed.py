"""A project with three revisions of the function, and what its operator did."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from support.google import cloud_functions, cloud_run, log_entries
from support.google.access import ApiAccess
from support.google.cloud_run import RunService

PROJECT, REGION, FUNCTION = "my-app-1a2b", "europe-west1", "mint-live-token"
PLACE = f"projects/{PROJECT}/locations/{REGION}"
TOKEN = "ya29.made-up-access-token"
HOSTS = {cloud_functions.HOST, cloud_run.HOST, log_entries.HOST}


class Typed(io.StringIO):
    """What somebody types at a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(slots=True)
class Deployed:
    """The project.

    Attributes:
        gcloud_was_told: the arguments of each call of gcloud.
    """

    service: RunService
    access: ApiAccess
    log: log_entries.Log = field(default_factory=log_entries.Log)
    folder: Path = Path()

    @property
    def gcloud_was_told(self) -> list[str]:
        noted = self.folder / "arguments"
        return noted.read_text().splitlines() if noted.exists() else []

    def started(self, revision: str, **release: str) -> None:
        """Log the line that an instance of a revision writes at its start."""
        self.log.append(
            {
                "timestamp": "2026-11-27T10:00:00Z",
                "resource": {"type": "cloud_run_revision", "labels": {"revision_name": revision}},
                "jsonPayload": {"event": "live_tokens.started", **release},
            }
        )


Operate = Callable[..., tuple[int, list[str], str]]
"""Takes arguments; `typed` is what the operator answers. Returns the exit code, the lines of stdout, and stderr."""
