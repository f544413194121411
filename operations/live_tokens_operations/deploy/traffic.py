"""Whether the new revision gets the traffic."""

from __future__ import annotations

from dataclasses import dataclass

from live_tokens_operations.checks.deployment import look_at_service
from live_tokens_operations.checks.traffic import Traffic
from live_tokens_operations.deploy.errors import HeldBackError, UnansweredError
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Looks, Unseen
from live_tokens_operations.remedies import command, release


@dataclass(frozen=True, slots=True)
class Service:
    """The Cloud Run service under the function."""

    api: Looks
    name: str
    project: str
    region: str

    def require_newest_to_serve(self) -> None:
        """Check that all traffic goes to the newest revision that is ready.

        Raises:
            HeldBackError: some traffic goes to another revision.
            UnansweredError: the traffic could not be read.
        """
        look = look_at_service(self.api, self.project, self.region, self.name)
        if not isinstance(look, Found):
            why = f"{look.why}\n{look.remedy}".rstrip() if isinstance(look, Unseen) else "there is no such service"
            raise UnansweredError(f"The traffic of {self.name} could not be read: {why}")
        traffic = Traffic.of(look.body)
        if traffic.shares != {traffic.ready: 100}:
            raise HeldBackError(self._held_back(traffic))

    def _held_back(self, traffic: Traffic) -> str:
        held = ", ".join(f"{revision} ({percent} %)" for revision, percent in sorted(traffic.shares.items()))
        return (
            f"The settings are applied to {traffic.ready}, but traffic is pinned to {held or 'nothing'}. "
            "Either a release failed, or an operator rolled back. The smoke test did not run.\n"
            f"To test the code of this checkout with these settings, and move traffic if it passes: "
            f"{release(self.project, self.region)}\n"
            "If this was a rollback, and the newest revision works: "
            f"{command(gcloud_commands.move_traffic_to_latest(self.project, self.region, self.name))}"
        )
