"""Who serves. A release that failed, or a way back to an older revision, has pinned traffic: what is new serves nobody.

Source: https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services#ServiceStatus
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from live_tokens_operations.deploy.errors import HeldBackError
from live_tokens_operations.deploy.explanations import require_answer
from live_tokens_operations.deploy.programs import Programs, json_of
from live_tokens_operations.google import gcloud_commands


@dataclass(frozen=True, slots=True)
class Service:
    """The Cloud Run service under the function.

    Attributes:
        programs: runs gcloud.
        name: that of the function.
        project: id of the project.
        region: where it is.
    """

    programs: Programs
    name: str
    project: str
    region: str

    def require_newest_to_serve(self) -> None:
        """Make sure that all traffic goes to the newest revision that is ready.

        Raises:
            HeldBackError: some goes to another one.
            ProgramError: gcloud failed.
        """
        finished = self.programs.ask(gcloud_commands.describe_service(self.name, self.project, self.region))
        require_answer(finished, f"Which revision of {self.name} serves could not be looked at")
        status = json_of("gcloud", finished).get("status", {})
        newest, shares = status.get("latestReadyRevisionName"), _shares(status)
        if shares != {newest: 100}:
            raise HeldBackError(self._held_back(newest, shares))

    def _held_back(self, newest: str, shares: Mapping[str, int]) -> str:
        held = ", ".join(f"{revision} ({percent} %)" for revision, percent in sorted(shares.items())) or "nothing"
        move = " ".join(gcloud_commands.move_traffic_to_latest(self.project, self.region, self.name))
        return (
            f"The settings are applied, but they are in {newest}, and traffic is held on {held}: a release has failed, "
            "or somebody went back to an older revision. The smoke test was not made.\n"
            f"To try the code of this checkout with these settings, and move traffic if it passes: "
            f"make release PROJECT_ID={self.project} REGION={self.region}\n"
            f"If you only went back, and the newest revision is good: {move}"
        )


def _shares(status: Mapping[str, Any]) -> Counter[str]:
    """Return revision → its share of the traffic, in percent."""
    shares: Counter[str] = Counter()
    for target in status.get("traffic", []):
        if percent := target.get("percent"):
            shares[target["revisionName"]] += percent
    return shares
