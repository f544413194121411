"""What a failure of gcloud means, and the calls of gcloud that more than one part of the program makes.

`gcloud_commands` has the command lines and `programs` starts them. `deploy.explanations` explains the failures of those
that only a deployment runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.programs import Finished, ProgramError, Programs, read_json

_WHERE_TO_GET_IT = "https://cloud.google.com/sdk/docs/install"

UNREACHABLE = "Google cannot be reached."
CHECK_NETWORK = "Check the network, and HTTPS_PROXY if it is set. Then run this again"

# Messages of gcloud 528, and of `Programs`.
_LOGGED_OUT = re.compile(r"gcloud auth login")
_EXPIRED = re.compile(r"There was a problem re(?:freshing|authenticating)|UNAUTHENTICATED|\b401\b|invalid_grant")
_UNREACHABLE = re.compile(
    r"Max retries exceeded|Connection aborted|Connection reset|Read timed out|did not answer within"
)


class GcloudError(ProgramError):
    """gcloud is missing, or failed.

    Attributes:
        remedy: empty if gcloud's own message has one.
        output: what gcloud wrote; empty if the operator has seen it.
    """

    def __init__(self, text: str, remedy: str = "", output: str = "") -> None:
        super().__init__(f"{text} {remedy}".rstrip())
        self.text, self.remedy, self.output = text, remedy, output


def show(programs: Programs, line: Sequence[str]) -> None:
    """Run a command line whose output is for the operator.

    Raises:
        GcloudError: gcloud is missing, or failed and has said why.
    """
    if run(programs, line).code != 0:
        raise GcloudError("gcloud failed.")


def run(programs: Programs, line: Sequence[str]) -> Finished:
    """Run a command line whose output is for the operator, and return how it ended.

    Raises:
        GcloudError: gcloud is missing.
    """
    require_gcloud(programs)
    return programs.show(line)


def project_number(programs: Programs, project: str) -> int:
    """Return the number of an active project.

    Raises:
        GcloudError: there is none that this account can see.
        ProgramError: the answer is not JSON.
    """
    require_gcloud(programs)
    finished = programs.ask(gcloud_commands.describe_project(project))
    if finished.code == 0:
        described = read_json("gcloud", finished)
        if described.get("lifecycleState") == "ACTIVE":
            return int(described["projectNumber"])
        raise GcloudError(f"Project {project} is scheduled for deletion.", f"Run: gcloud projects undelete {project}")
    if _UNREACHABLE.search(finished.err):
        raise GcloudError(UNREACHABLE, CHECK_NETWORK, finished.err)
    if _EXPIRED.search(finished.err):
        raise GcloudError("The login of gcloud has expired.", "Run: gcloud auth login", finished.err)
    if _LOGGED_OUT.search(finished.err):
        raise GcloudError("gcloud is not logged in.", "Run: gcloud auth login", finished.err)
    raise GcloudError(
        f"Project {project} does not exist, or this account cannot see it.",
        "Check the id (gcloud projects list) and the account (gcloud auth list), or create the project: "
        f"gcloud projects create {project}",
        finished.err,
    )


def require_gcloud(programs: Programs) -> None:
    """Raise GcloudError if gcloud is missing."""
    if not programs.has("gcloud"):
        raise GcloudError("gcloud is missing.", f"Install it: {_WHERE_TO_GET_IT}")
